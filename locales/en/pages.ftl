# Pages of the sidecar.

page-order = Order { $number }
page-language = Language
page-keys = Your keys
page-keys-hint = A tap on a key selects all of it.
page-show-keys = 🔑 Show the keys
page-private = This page is yours alone. Whoever has its address can see the keys: don't pass it on.
page-copy = Copy
page-copied = Copied
page-file = ⬇ All keys as a file
page-hide = Hide the keys
page-paid = Paid: { $amount }
page-total = Total: { $amount }
page-file-name = order-{ $number }.txt
page-hint-open = It is waiting for payment until { $until }. Pay it in the chat with the bot.
page-hint-backorder = It is paid. What you bought will appear here as soon as it arrives.
page-hint-over = To order again, open the bot.
page-hint-closed = The money was returned, and the keys are no longer good.
page-gone = There is no such page
page-gone-words = The address is incomplete, or it is no longer good. The bot has the newest one: /orders.
page-busy = Something went wrong on our side
page-busy-words = Please try again in a moment. Nothing is lost.
delivery-page = 🌐 <a href="{ $link }">The order's page</a>
