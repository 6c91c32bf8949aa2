# The main menu, help and the rest around it.

button-catalogue = 🛍 Catalogue
button-orders = 📦 Orders
button-keys = 🔑 Keys
button-help = ❓ Help
button-language = 🌐 Language
button-menu = 🏠 Menu
button-back = ⬅ Back
button-newer = ◀ Newer
button-older = Older ▶
button-previous = ◀
button-next = ▶

menu =
    <b>{ $shop }</b>

    { $greeting }
menu-greeting = Digital goods, delivered in this chat seconds after you pay.

help =
    <b>How it works</b>

    1. Open the catalogue and choose a product, or write a word to search for it.
    2. Buy it at once, or put it into the cart with others. Then pay right here, in Telegram.
    3. Your key, or the link to your file, arrives here at once. /keys shows it again at any time.

    /catalog – what is for sale
    /cart – your cart
    /orders – your orders
    /profile – what we know of you
    /language – English or Russian
    /paysupport – questions about a payment
    /terms – terms of sale
    /privacy – what becomes of your data
    /support – talk to us

support =
    <b>Support</b>

    { $contact }
support-nobody = Write to the person who gave you the link to this shop.
paysupport =
    <b>Help with a payment</b>

    { $contact }

    Tell us the order's number: /orders has it. Telegram can't help with purchases made in this bot; we can.
terms =
    <b>Terms of sale</b>

    { $terms }
terms-none = You buy a digital product that is delivered in this chat. If it can't be delivered, your money comes back in full.

language-choice = Which language shall we speak?
language-chosen = From now on in English.

unknown-command = There is no such command. /menu shows what there is.
not-understood = I only understand words, buttons and commands. /menu shows what there is.
trouble = Something went wrong on our side, and we have been told. Please try again in a moment.
cancelled-nothing = There is nothing to cancel.

toast-stale = This button is from an older version. Here is a fresh screen.
toast-forged = This button doesn't work. Here is the menu.
toast-not-yours = There is no such order among yours.
toast-category-gone = Nothing is for sale there any more. Here is the catalogue.
toast-gone = This product is no longer sold.

command-start = Start from the beginning
command-menu = Main menu
command-catalog = Catalogue
command-orders = My orders
command-keys = My keys and files
command-language = Language
command-help = How it works
command-support = Talk to us
command-paysupport = Help with a payment
command-terms = Terms of sale

# The button beside the field for messages, which opens the account as a Mini App. It shows this word of every language.
menu-button = Account
