# The customer's own pages.

time-seconds = { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
web-too-many = That was too often. Please try again in { $time }.
web-busy = Too many people are at it this very moment. Please try again in a few seconds.
page-elsewhere = This form is no longer good
page-elsewhere-words = It is from another page, or has been open for too long. Go back, reload the page and try again; cookies must be allowed.

link-over = This link is over
link-over-words = It was used already, or it is too old. Ask the bot for a new one: /profile.
link-title = Log in
link-words = The link opens the account of { $name }, once. Is that you?
link-button = Open my account

confirm-title = Confirm your e-mail
confirm-words = Is { $address } your address? Confirm it by the button.
confirm-button = Yes, it is mine
confirm-or-code = The code from the mail does the same, typed where you gave the address.
confirm-done = Your e-mail is confirmed
confirm-done-notice = Thank you: our mails go to this address from now on.
confirm-already-notice = This address is confirmed already.
confirm-done-words = You can close this page and go back to where you were.
confirm-over = It is too old, or a newer mail took its place. Ask for a new mail where you gave the address.

login-title = Log in
login-by-link = The shortest way: send /profile to the bot, and press the button that opens your account.
login-by-telegram = Log in with Telegram
login-by-password = With a password
login-name = Phone or e-mail
login-password = Password
login-button = Log in
login-by-phone = With a code to your phone
login-phone = Phone number
login-by-email = With a mail to your address
login-email = E-mail
login-forgotten = Forgotten the password?
login-wrong = This login and this password don't belong together. Check both, or choose a new password below.
code-send = Send the code
email-send = Send the mail

code-title = One more step
code-sent-phone = If { $target } belongs to an account here, a code is on its way to it. It is good for 10 minutes.
code-sent-email = If { $target } belongs to an account here, a mail is on its way to it. Open the link in it in this same browser.
code-sent-to = A code is on its way to { $target }
code-mailed-to = A mail is on its way to { $target }
code-label = Code
code-again = Send it again
code-again-wait = You can ask for another one in { $time }.
code-sent-again = Another one is on its way; the one before is no longer good.
code-other = Another number or address
page-code-wrong = That is not the code. { $left ->
    [one] You have { $left } try left.
   *[other] You have { $left } tries left.
}
page-code-none = A code has six digits. Please type it as you got it.
page-code-locked = There were too many wrong codes. Begin again with the number or the address.
code-over = The code is no longer good. Ask for another one.
code-bad-phone = This is no mobile number. Type it with its country code, such as +7 912 345-67-89.
code-bad-email = This is no e-mail address. Check it for typing errors.
mail-link-words = The link logs this browser in, once.
mail-link-elsewhere = For your safety this link works only in the browser where you asked for it. Open it there, or ask for a new mail here.
mail-link-over = It was used already, it is too old, or it was asked for in another browser. Ask for a new one on the login page.

recover-title = A new password
recover-words = Give the address or the number that you have confirmed here, and choose a new password by what we send there.
recover-by-email = By a mail
recover-by-phone = By a code to the phone
recover-choose = Choose a new password
recover-choose-words = After that you are logged out everywhere, and log in with the new password.
recover-over = It was used already, or it is too old. Ask for a new one.
recover-done = Your password is changed
recover-done-notice = The new password works from now on.
recover-done-words = You are logged out everywhere. Log in with the new password.
password-new = New password
password-hint = At least { $count } characters: several words are easy to remember and hard to guess.
password-save = Save the password
password-short = This password is too short.
password-long = This password is too long: 256 characters at most.
password-common = Everybody tries this password first. Choose one that only you know.
password-shop = The shop's name is no good password. Choose another one.
password-yours = Your own number or address is no good password. Choose another one.

cabinet-title = My account
cabinet-hello = Hello { $name }!
cabinet-room-home = Overview
cabinet-room-orders = Orders
cabinet-room-profile = Profile
cabinet-room-safety = Security
cabinet-room-data = My data
cabinet-log-out = Log out
cabinet-back = Back
cabinet-all-orders = All orders
cabinet-no-orders = You have not ordered anything yet. The catalogue is in the chat with the bot: /catalog.
cabinet-newer = Newer
cabinet-older = Older
cabinet-qr = As a QR code
cabinet-anew = Please log in once more
cabinet-anew-words = Your login is older than 10 minutes. For this step we want to be sure that it is you. Log in again, then come back.

profile-name = Name
profile-name-hint = What we call you. Leave it empty to go by your name in Telegram.
profile-name-bad = A name is one line of at most 64 letters.
profile-language = Language
profile-save = Save
profile-saved = Saved.
profile-none = not given
profile-phone = Change the phone number
profile-email = Change the e-mail
profile-so-far = Now
profile-phone-new = A new number
profile-email-new = A new address
profile-phone-stays = The number so far stays until you have confirmed a new one.
profile-email-stays = The address so far stays until you have confirmed a new one.
confirm-code = Confirm
forget-phone = Forget the phone number
forget-phone-words = We take the number out of your profile. A code to it no longer opens your account, and you no longer log in with it and your password.
forget-phone-button = Forget the number
forget-email = Forget the e-mail
forget-email-words = We take the address out of your profile. A mail to it no longer opens your account or brings a new password, and you no longer log in with it and your password.
forget-email-button = Forget the e-mail
forget-again = You can give it again at any time. If an order needs it, we ask for it then.
forgotten-notice = It is forgotten.

safety-change-password = Change the password
safety-set-password = Choose a password
safety-current = Password so far
safety-ends-others = Log out on all other devices
safety-wrong = That is not the password so far.
safety-session = Since { $since } · last used { $seen } · from { $from }
safety-this = This device
safety-unknown-device = Unknown device
safety-end = End this login
safety-end-this = Log out here
safety-end-others = Log out on all other devices
safety-by-link = By a link from the bot
safety-by-telegram = By Telegram
safety-by-app = In Telegram's app
safety-by-password = By the password
safety-by-phone = By a code to the phone
safety-by-email = By a mail

data-export = Take my data away
data-export-words = Everything that we keep of you, as a JSON file. It needs a login that is not older than 10 minutes.
data-export-keys = With the text of my keys
data-export-button = Download
data-erase = Erase me
data-erase-goes = Your name, phone number, e-mail, Telegram id, password, cart and all logins are deleted at once. This can't be undone.
data-erase-stays = Orders and payments stay without your name: the law wants the books to be kept. To which terms you agreed stays with them.
data-erase-keys = You will no longer see your keys here or in the bot. Save them first.
data-erase-sure = I have saved my keys, and I am sure
data-erase-button = Erase me for good
data-erase-tick = Tick the box first: this can't be undone.
data-erase-order = Order { $number } is not finished. Pay it, cancel it or wait for its keys first.
data-erase-money = Money of yours is on its way. Wait until it has arrived, then try again.
data-erase-letter = A message to you is being sent at this moment. Try again in a minute.
data-erase-staff = You work for this shop. An owner takes your role away first.
data-erased = You are erased
data-erased-notice = Nothing here says any longer who you are.
data-erased-words = You can close this page. Whenever you write to the bot again, we meet anew.

app-words = Opening your account… If nothing happens, open this page from the bot's menu in Telegram.
app-outside = This page opens inside Telegram: open the chat with the bot, and press the button beside the field for messages. In a browser you can log in here:
app-apart = Telegram shows this page inside of itself, where your browser keeps no login. A press opens your account in a tab of its own.
app-old = This opening is too old or incomplete. Close the window and open it from the bot again.
telegram-away = Telegram can't be reached at the moment. Please try again later, or log in another way.
telegram-not = This login is no longer good. Please begin it again.

profile-vk = My VK account
vk-title = Your VK account
vk-account = VK account
vk-linked = linked, id { $user }
vk-not-linked = not linked
vk-codes = Once it is linked, the codes that let you in here can come to you in VK, too.
vk-number = If you share the number that VK has confirmed, it is confirmed here as well. You may leave it out: then the account alone is linked.
vk-allow = Codes that let you in can come to you in VK, as soon as you allow it to pass our messages on: open our community, press “Message” and send it any word. Until then codes take another way.
vk-community = Our community on VK
vk-link = Link VK
vk-again = Log in at VK again
vk-unlink = Unlink VK
vk-going = On to VK
vk-going-words = VK asks who you are, and brings you back here. If nothing happens, press the link.
vk-go-on = Go on to VK
vk-done-linked = Your VK account is linked. You have not shared a number, so nothing else has changed.
vk-done-number = Your VK account is linked, and the number that VK has confirmed is yours here, too.
vk-done-asks = Your VK account is linked. One question is left.
vk-done-taken = The number is changed.
vk-done-unlinked = Your VK account is no longer linked: codes do not go there any more.
vk-declined = Nothing was linked: you did not agree at VK.
vk-others = This VK account is linked by another customer, so nothing has changed. If that was you, unlink it there first, or link another account.
vk-not = This login at VK is no longer good. Begin it again.
vk-away = VK does not answer at the moment. Nothing has changed; try again later.
vk-asks-title = Another number
vk-asks = VK has confirmed { $number }. Your number here is { $former }. Shall the new one take its place?
vk-take = Yes, take { $number }
vk-keep = No, keep the one so far

way-title = How shall the code come?
way-words = The code is for { $number }.
way-otherwise = If the way that you choose can't reach the number, the code takes another one.
way-any = Send the code by any way
way-by = By { $name }
way-instead = By { $name } instead
way-any-instead = By any way
way-chosen = You chose { $name }. If it can't reach the number, the code takes another way.
