# The staff desk.

command-admin = Staff desk
button-desk-open = 🗝 Open the desk

desk-role-owner = owner
desk-role-manager = manager
desk-role-support = support
desk-welcome =
    <b>Welcome, { $role } of the shop!</b>

    What to do next:

    1. Load your products: <code>kiosk import catalogue catalogue.toml</code>, on the machine where the shop runs.
    2. Give them stock: /admin, then 📊 Stock, choose a product and send its keys, one a line.
    3. Buy one thing yourself from another account, and watch the key arrive.

    /admin opens the staff desk at any time. Only staff see it.
desk =
    <b>Staff desk</b>
    You are here as { $role }.
desk-link-used = This link has been used already: it worked once, for one person. If that was not you, tell the shop's operator.
desk-link-ended = This link has ended. A new one is printed when the shop starts.
desk-link-unknown = There is no such link. Copy it once more, whole, as the shop printed it.

news =
    📣 <b>News of the shop</b>

    { $items }
news-sales = { $count ->
    [one] { $count } sale
   *[other] { $count } sales
}
news-sums = <b>{ $sales }: { $sums }</b>
news-free = <b>{ $sales }</b>, for nothing
news-and = { $first } and { $last }
news-sale = 💰 { $number } · { $what } · { $money }
news-sale-free = 🎁 { $number } · { $what } · free
news-sold-out = 📭 { $title } is sold out: <code>{ $slug }</code> needs keys
news-refund = ↩️ { $money } went back, order { $number }
news-refund-plain = ↩️ { $money } went back
news-task = ⚠️ Task { $id }: { $what }
news-money-unknown = Money in an unknown currency
news-more = { $count ->
    [one] and { $count } more
   *[other] and { $count } more
}
news-tasks-where = /admin shows the tasks.

task-payment-unmatched = money came that belongs to no order
task-payment-overpaid = an order was paid with more than it costs
task-order-backorder = an order is paid, and its keys were gone
task-refund-failed = a refund was refused by the provider
task-refund-by-hand = a refund must be made by hand
task-refund-unmatched = money went back that never came
task-inbox-dead = a customer's message could not be handled
task-outbox-dead = a message to a customer could not be delivered
task-other = { $kind }

means-payment-unmatched = Done means: you have looked the charge up at the provider, and sent the money back there or decided about it. Kiosk does nothing with the money by itself; it stays in the books as unmatched.
means-payment-overpaid = Done means: you and the customer have settled the difference. Kiosk does nothing about it by itself.
means-order-backorder = The refund's success resolves this task by itself. Done by hand means: the customer was helped in another way. The order stays a backorder in the books, and kiosk audit names it.
means-refund-failed = Done means: the customer has the money back by another way. Kiosk does not ask the provider again.
means-refund-by-hand = Done means: you have sent the money back at the provider. When the provider tells of it, the task is resolved by itself.
means-refund-unmatched = Done means: you have looked the charge up at the provider and know what it was.
means-inbox-dead = Done means: nobody will handle this message. To have it handled again, run kiosk dead retry in:{ $subject }
means-outbox-dead = Done means: this message will not be sent. To send it again, run kiosk dead retry out:{ $subject }
means-other = Done means: nothing more needs to be done about it. Kiosk changes nothing else.
