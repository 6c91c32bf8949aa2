# Orders, their payment, their keys and files.

button-pay-stars = ⭐ Pay with Stars
button-pay-card = 💳 Pay by card
button-send-again = 🔁 Send the invoice again
button-cancel-order = ✖ Cancel order
button-show-keys = 🔑 Show the keys
button-show-downloads = 📥 Show the downloads
button-order-open = 📦 The order
button-order = { $number } · { $state }

order-line = { $title } × { $quantity }
order-total = Total: <b>{ $total }</b>

method =
    <b>Order { $number }</b>

    { $lines }

    { $total }
    Held for you until { $until }.

    How would you like to pay?
method-none =
    <b>Order { $number }</b>

    { $lines }

    This order can't be paid in this bot. Please write to /support.
payment =
    <b>Order { $number }</b>

    { $lines }

    { $total }
    Held for you until { $until }.

    The invoice is in this chat: pay it there.

order =
    <b>Order { $number }</b>
    { $date }

    { $lines }

    { $total }
    { $state }
order-state-open = Waiting for payment
order-state-paid = Paid, on its way
order-state-fulfilled = Delivered
order-state-backorder = Paid, waiting for stock
order-state-expired = Not paid in time
order-state-cancelled = Cancelled
order-state-closed = Money returned
orders =
    <b>Your orders</b>
orders-empty =
    <b>Your orders</b>

    You have not ordered anything yet.
order-cancelled = Order { $number } is cancelled. Nothing was charged.
order-expired =
    Order { $number } was not paid in time, so its goods are for sale again. Nothing was charged.
order-paid-cant-cancel = Order { $number } can't be cancelled any more: its payment is here or on its way.

keys =
    <b>Your keys and files</b>

    Choose an order to see what it brought.
keys-empty =
    <b>Your keys and files</b>

    Nothing yet. Keys and files appear here as soon as you have bought something.
delivery =
    ✅ <b>Order { $number }</b> is ready. Thank you!

    { $goods }

    /keys shows them again at any time.
delivery-files =
    ✅ <b>Order { $number }</b> is ready. Thank you!

    { $goods }

    /keys brings the links again at any time.
delivery-all =
    ✅ <b>Order { $number }</b> is ready. Thank you!

    { $goods }

    /keys shows all of it again at any time.
delivery-again =
    <b>Order { $number }</b>

    { $goods }
delivery-key =
    { $title }
    <code>{ $key }</code>
delivery-file =
    { $title }
    📥 <a href="{ $link }">{ $name }</a> · { $size }
    { $terms }
delivery-file-nameless =
    { $title }
    📥 <a href="{ $link }">Download</a>
    { $terms }
delivery-file-unreachable =
    { $title }
    📥 The file is fetched on the shop's pages, and they are closed at the moment. Write to /support.
delivery-file-left = { $left ->
    [one] Can be downloaded 1 time
   *[other] Can be downloaded { $left } times
}
delivery-file-until = { $left }, until { $until }
delivery-file-used-up = It has been downloaded as often as it may be. Do you need it once more? Write to /support.
delivery-file-over = It could be downloaded until { $until }. Do you still need it? Write to /support.

invoice-refused =
    Order { $number } can't be paid this way: Telegram refused the invoice. Nothing was charged, and the order still waits for you. Open it and choose another way, or write to /support.

invoice-title = Order { $number }

notice-backorder =
    We have your payment for order { $number }, but its goods were sold out by then.

    We are looking for a replacement and will write to you here. You can also ask at /paysupport.
notice-backorder-refunded =
    We have your payment for order { $number }, but its goods were sold out by then.

    The whole amount will be returned to you; you don't need to do anything.
notice-refunded = { $amount } for order { $number } has been returned to you. The order is closed.
notice-short = You paid { $amount } for order { $number }, which is less than it costs. The money goes back to you; the order is not paid.
notice-excess = Order { $number } was paid already. The second payment of { $amount } goes back to you.
notice-wrong-currency = Order { $number } was paid in a different currency from the one on the invoice. We will return { $amount } to you; the order is not paid.

refuse-unknown = This invoice is not from this shop.
refuse-not-yours = This invoice is for another customer. Place an order of your own in the bot.
refuse-changed = The amount has changed. Open the order in the bot and ask for a new invoice.
refuse-expired = This order was not paid in time. Place it again in the bot.
refuse-cancelled = This order is cancelled. Place it again in the bot.
refuse-paid = This order is paid already.
refuse-being-paid = This order is being paid right now. Wait a minute before you try again.
refuse-busy = The shop is busy. Please try again in a moment. Nothing was charged.
