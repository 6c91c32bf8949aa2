# Pages of downloads.

download-room = Downloads
download-none = You have no files to download yet. They appear here when you have bought some: the catalogue is in the chat with the bot, /catalog.
download-private = A link to a file is yours alone. Whoever has it can use your downloads up: don't pass it on.
download-state-ready = Ready
download-state-used-up = Used up
download-state-over = Expired
download-state-none = Not available
download-left-of = { $most ->
    [one] { $left } of { $most } download left
   *[other] { $left } of { $most } downloads left
}
download-until = until { $until }
download-order-closed = The money was returned, so the files can't be downloaded any more.
download-page-file = File
download-page-size = Size
download-page-left = Downloads left
download-page-left-of = { $left } of { $most }
download-page-until = Available until
download-page-button = ⬇ Download
download-page-counts = Only this button counts, not a look at the page. If the connection breaks off, go on in the same browser within 12 hours: that is not counted again.
download-page-again = Go on with the download that you started here
download-page-again-words = This is not counted again.
download-page-sum = Check the file (SHA-256)
download-page-sum-words = The same sum on your device means that the file has arrived unchanged.
download-page-used-up = { $most ->
    [one] It could be downloaded once, and it was.
   *[other] It could be downloaded { $most } times, and it was.
}
download-page-over = It could be downloaded until { $until }.
download-page-once-more = Do you need it once more? Write to us in the chat with the bot: /support.
download-page-revoked = The money was returned, so the file can't be downloaded any more.
download-page-wrong = Is that wrong? Write to us in the chat with the bot: /support.
download-page-no-file = The shop has no file for it at the moment.
download-page-missing = The file can't be handed out at the moment. The shop knows already, and nothing was counted.
download-page-later = Please try again later. If it stays like this, write to us in the chat with the bot: /support.
download-page-closed = This address of the file is no longer open: a download goes on for 12 hours after its start.
download-page-closed-words = Start it again on its page.
download-page-back = To the page of the download
