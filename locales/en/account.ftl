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
phone-for-order = This shop asks for a confirmed phone number before an order. Share yours with the button below, then go on with your order.
phone-or-type = Or type a mobile number, best with its country code: we send it a code.
phone-not-yours = That is not your own number. Use the button below: it sends the number of this account.
phone-by-button = Please use the button below: only that way can we be sure that the number is yours.
phone-kept = Thank you, your number is confirmed. You can see it, or have us forget it, in /profile.
phone-dismissed = Fine, without the number.
phone-go-on = Your order can go on.

privacy =
    <b>Privacy</b>

    { $privacy }
privacy-none = We keep your Telegram name and id, the phone number that you share, and your orders: so much is needed to deliver and to answer you. Keys are stored encrypted. Nobody else gets any of it. You can have your data erased at any time: by yourself in your account on the web, if /profile opens one, or by writing to /support.

command-cart = My cart
command-profile = My profile
command-privacy = What becomes of my data

# What somebody did on the web, told in the chat.

button-end-session = 🚪 End this login
button-end-sessions = 🚪 Log out everywhere

login-notice =
    🔐 <b>Your account was opened on the web</b>
login-notice-link =
    🔐 <b>Your account was opened by the link from this chat</b>
login-notice-at = When: { $at }
login-notice-way = How: { $way }
login-notice-with = Device: { $value }
login-notice-from = From: { $value }
login-notice-not-you = If this wasn't you, end this login with the button below. If you have a password there, choose a new one.
password-notice =
    🔐 <b>The password of your account on the web was changed</b>

    When: { $at }

    If this wasn't you, log out everywhere with the button below, then choose a new password: your profile opens your account, and the password is under “Security”.
phone-confirmed-notice =
    📱 <b>Your phone number is now { $target }</b>

    It was confirmed in your account on the web, { $at }.

    If this wasn't you, log out everywhere with the button below, and correct the number in your profile.
email-confirmed-notice =
    ✉️ <b>Your e-mail address is now { $target }</b>

    It was confirmed on the web, { $at }.

    If this wasn't you, log out everywhere with the button below, and correct the address in your profile.
phone-forgotten-notice =
    📱 <b>Your phone number was taken out of your profile</b>

    That happened in your account on the web, { $at }.

    If this wasn't you, log out everywhere with the button below, and give the number again in your profile.
email-forgotten-notice =
    ✉️ <b>Your e-mail address was taken out of your profile</b>

    That happened in your account on the web, { $at }.

    If this wasn't you, log out everywhere with the button below, and give the address again in your profile.
confirmed-elsewhere = Thank you, { $target } is confirmed. /profile shows it.
logged-out-there =
    ✅ <b>That login is ended</b>

    If it was somebody else, and you have a password on the web, choose a new one there under “Security”.
logged-out-everywhere =
    ✅ <b>Everybody is logged out of your account on the web</b>

    If somebody else was in there, and you have a password, choose a new one there under “Security”.
