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

    { $today }
    { $tasks }
    { $empty }
desk-today-none = Today: no sales yet.
desk-today = { $count ->
    [one] Today: <b>{ $count } sale</b>, { $sums }
   *[other] Today: <b>{ $count } sales</b>, { $sums }
}
desk-tasks = { $count ->
    [0] No task is open.
    [one] ⚠️ { $count } task is open.
   *[other] ⚠️ { $count } tasks are open.
}
desk-empty = { $count ->
    [0] Every product has stock.
    [one] 📭 { $count } product is sold out.
   *[other] 📭 { $count } products are sold out.
}
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
task-outbox-late = what a customer has paid for has not reached them for hours
task-sender-misconfigured = a sender refuses the shop's settings
task-sender-spam = a mailbox's mails are taken for spam
task-download-missing = a file that customers have bought is not in the folder for files
task-other = { $kind }

means-payment-unmatched = Done means: you have looked the charge up at the provider, and sent the money back there or decided about it. Kiosk does nothing with the money by itself; it stays in the books as unmatched.
means-payment-overpaid = Done means: you and the customer have settled the difference. Kiosk does nothing about it by itself.
means-order-backorder = This task is resolved by what helps the customer: import keys, and they are delivered by themselves; or give the money back with kiosk order refund.
means-refund-failed = Done means: the customer has the money back by another way. To ask the provider again, run kiosk attention retry with this task's number.
means-refund-by-hand = Done means: you have sent the money back at the provider. Kiosk books it as gone, tells the customer, and closes the order that it paid; its keys are then no longer good.
means-refund-unmatched = Done means: you have looked the charge up at the provider and know what it was.
means-inbox-dead = Done means: nobody will handle this message. To have it handled again, run kiosk dead retry in:{ $subject }
means-outbox-dead = Done means: this message will not be sent. To send it again, run kiosk dead retry out:{ $subject }
means-outbox-late = This task closes by itself when the message arrives: Kiosk goes on trying. See whether this server reaches Telegram and its mail accounts: kiosk check says so. What was bought is on the order's page and in the cabinet all the time. Done means: you know, and Kiosk still goes on trying.
desk-task-waits = This order still waits: import keys, or give its money back with kiosk order refund.
means-sender-misconfigured = This task closes by itself as soon as { $subject } carries something again: Kiosk tries it once an hour. Run kiosk check, mend the settings that it names, and start kiosk again. Done means: you know, and customers get their codes and mails by the other senders.
means-sender-spam = This task closes by itself as soon as a mail of { $subject } is taken again: Kiosk tries in six hours. Look at the mailbox's own page for what its provider says, and see that SPF and DKIM of its domain are right. Done means: you know, and mails go by the other mailboxes.
means-download-missing = Put { $subject } back into the folder for files from a backup, or run kiosk import file with the same file once more, which closes this task by itself. Until then nobody can download it, and no try is counted. Done means: it is there again.
means-other = Done means: nothing more needs to be done about it. Kiosk changes nothing else.

button-desk-tasks = ⚠️ Tasks
button-desk-stock = 📊 Stock
button-desk-orders = 📦 Newest orders
button-desk-refresh = 🔄 Refresh
button-desk-back = ⬅ Staff desk
button-desk-task = { $id } · { $what }
button-desk-done = ✅ It is done
button-desk-yes = ✅ Yes, done
button-desk-no = ⬅ No
button-desk-keys = 📥 { $title }
button-desk-add = ✅ Add
button-desk-cancel = ✖ Cancel
button-desk-more = 📥 More keys

desk-not-allowed = Your role does not allow that: ask an owner or a manager.
desk-tasks-none =
    <b>Tasks</b>

    No task is open. All is well.
desk-tasks-open =
    <b>Tasks</b>, the oldest first
desk-task =
    <b>Task { $id }</b>: { $what }
    { $date }
    <code>{ $subject }</code>

    { $detail }
desk-task-ask =
    <b>Task { $id }</b>: { $what }

    { $means }

    Is it done?
desk-task-done = Done, thank you.
desk-task-gone = This task is no longer open.
desk-stock-none =
    <b>Stock</b>

    Nothing is for sale yet. Load products with <code>kiosk import catalogue catalogue.toml</code>.
desk-stock =
    <b>Stock</b>, the lowest first

    { $lines }
desk-level = { $left } · { $title }
desk-level-none = 📭 0 · { $title }
desk-level-endless = ∞ · { $title }
desk-level-no-file = 📭 { $title } · no file yet: <code>kiosk import file</code>
desk-keys-wanted =
    <b>{ $title }</b>

    Send the keys, one a line, as a text file or as a message. You see what they are before anything is added.
desk-keys-preview =
    Keys for <code>{ $slug }</code>

    { $counts }

    Add them?
desk-keys-no-new =
    Keys for <code>{ $slug }</code>

    { $counts }

    There is nothing to add. Send other keys, or cancel: your message is then deleted.
desk-keys-new = { $count ->
    [one] <b>{ $count } new key</b>
   *[other] <b>{ $count } new keys</b>
}
desk-keys-done = { $count ->
    [one] <b>{ $count } key added</b>
   *[other] <b>{ $count } keys added</b>
}
desk-keys-twice = { $count ->
    [one] { $count } line repeats another one
   *[other] { $count } lines repeat other ones
}
desk-keys-known = { $count ->
    [one] { $count } key is in the shop already
   *[other] { $count } keys are in the shop already
}
desk-keys-bad = { $count ->
    [one] { $count } line is no key: line { $lines }
   *[other] { $count } lines are no keys: lines { $lines }
}
desk-keys-added =
    Stock of <code>{ $slug }</code>

    { $counts }

    { $message }
desk-keys-dropped =
    Nothing was added.

    { $message }
desk-message-gone = Your message with the keys is deleted from this chat.
desk-message-stays = Telegram did not let me delete your message with the keys: delete it yourself.
desk-keys-too-big = This file is larger than the 20 MB that Telegram gives to bots. On the machine where the shop runs: <code>kiosk import keys { $slug } FILE</code>
desk-keys-nothing = There are no keys in that. Send a text file, or a message with one key a line.
desk-keys-no-product = This product is no longer for sale. Choose another one: 📊 Stock.
desk-keys-not-stock = This product needs no keys from a file.
desk-orders-none =
    <b>Newest orders</b>

    Nobody has ordered anything yet.
desk-orders =
    <b>Newest orders</b>

    { $lines }
desk-order = { $number } · { $date } · { $who } · { $state }
desk-state-open = waiting for payment
desk-state-paid = paid
desk-state-fulfilled = delivered
desk-state-backorder = paid, without keys
desk-state-expired = not paid in time
desk-state-cancelled = cancelled
desk-state-closed = money returned
