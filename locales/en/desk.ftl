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
