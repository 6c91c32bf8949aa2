# The customer's own page, and the question for a phone number.

button-profile = 👤 Profile
button-share-phone = 📱 Share my phone number
button-change-phone = 📱 Another number
button-forget-phone = 🗑 Forget the number
button-add-email = ✉️ Add my e-mail
button-change-email = ✉️ Another address
button-forget-email = 🗑 Forget the e-mail
button-link-vk = 🔗 Link VK
button-vk = 🔗 My VK account
button-cabinet = 🔐 My account on the web
button-dont-share = ✖ Not now
button-go-on = ▶️ Go on with my order

profile =
    <b>Your profile</b>

    Name: { $name }
    Phone: { $phone }
    E-mail: { $email }
    Language: { $language }
profile-vk-linked = VK: linked
profile-vk-none = VK: not linked
profile-terms = Agreed to the terms: { $at } (version { $version })
profile-privacy = Agreed to the privacy policy: { $at } (version { $version })
profile-nameless = –
profile-no-phone = not given
profile-no-email = not given
language-name = English

phone-ask = Share your own number with the button below. It helps us to find you if you lose this account.
phone-for-order = This shop asks for a confirmed phone number before an order. Share your own with the button below; then your order goes on.
phone-or-type = Or type a mobile number, best with its country code: we send it a code.
phone-not-yours = That is not your own number. Use the button below: it sends the number of this account.
phone-by-button = Please use the button below: only so can we know that the number is yours.
phone-kept = Thank you, your number is confirmed. /profile shows it and can forget it.
phone-dismissed = Fine, without the number.
phone-go-on = Your order can go on.

privacy =
    <b>Privacy</b>

    { $privacy }
privacy-none = We keep your Telegram name and id, the phone number that you share, and your orders: so much is needed to deliver and to answer you. Keys are stored encrypted. Nobody else gets any of it. To have your data erased, write to /support.

command-cart = My cart
command-profile = My profile
command-privacy = What becomes of my data
