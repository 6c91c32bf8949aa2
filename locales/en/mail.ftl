# Mails, and codes in messages. The shop's name is what people wrote: it stands apart from endings.

mail-hello = Hello { $name },
mail-hello-nobody = Hello,
mail-footer = { $shop } sent this e-mail automatically: replies are not read.
mail-link-lives = The link is good for { $time }.
mail-code-lives = The code is good for { $time }.
time-minutes = { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}
time-hours = { $hours ->
    [one] { $hours } hour
   *[other] { $hours } hours
}

mail-confirm-subject = { $shop }: confirm your e-mail
mail-confirm-title = Is this your e-mail?
mail-confirm-words = Somebody, most likely you, gave this address at { $shop }.
mail-confirm-button = Confirm this e-mail
mail-confirm-press = Press the button to confirm that it is yours.
mail-confirm-code = Type this code where you gave the address:
mail-confirm-or-code = Or type this code where you gave the address:
mail-confirm-not-you = If this wasn't you, do nothing: nothing happens without the button or the code. Never tell the code to anybody, whoever asks.

mail-changed-subject = { $shop }: your e-mail was changed
mail-changed-title = Your e-mail was changed
mail-changed-words = On { $at }, another address of yours was confirmed at { $shop }. Our e-mails no longer go to this one.
mail-changed-not-you = If this wasn't you, open the bot at once and put your address back: /profile. If somebody else is in your account on the web, log out everywhere there, and write to /support.

mail-recovery-subject = { $shop }: a new password
mail-recovery-title = A new password
mail-recovery-words = Somebody, most likely you, has forgotten the password at { $shop }. Press the button to choose a new one.
mail-recovery-button = Choose a new password
mail-recovery-not-you = If this wasn't you, do nothing: the old password stays. Never pass the link on.

mail-enter-subject = { $shop }: log in
mail-enter-title = Log in
mail-enter-words = Somebody, most likely you, wants to open your account at { $shop }. Press the button in the browser where you asked for it.
mail-enter-button = Open my account
mail-enter-not-you = If this wasn't you, do nothing: nothing happens without the button. Never pass the link on.

mail-login-subject = { $shop }: a new login
mail-login-title = A new login
mail-login-words = Your account at { $shop } was opened just now.
mail-login-at = When: { $at }
mail-login-with = Device: { $with }
mail-login-not-you = If this wasn't you, open the bot at once: its message about this has a button that logs out everywhere. Then choose a new password.

mail-password-subject = { $shop }: your password was changed
mail-password-title = Your password was changed
mail-password-words = Your password at { $shop } was changed: { $at }.
mail-password-not-you = If this wasn't you, open the bot at once: its message about this has a button that logs out everywhere. Then choose a new password.

mail-order-subject = { $shop }: your order { $number } is ready
mail-order-title = Order { $number } is ready
mail-order-words = We could not reach you in the chat. What you bought is waiting on the order's page.
mail-order-button = Open the order
mail-order-private = The page is yours alone: whoever has its address can see what is on it. Don't pass it on.

code-message = { $code } is your code at { $shop }. It is good for { $time }. Never tell it to anybody. If it was not you who asked for it, do nothing.

mail-vk-subject = { $shop }: your VK account
mail-vk-linked-title = A VK account was linked
mail-vk-linked-words = A VK account was linked to yours at { $shop }: { $at }. Codes that let you in can go there now.
mail-vk-unlinked-title = Your VK account was unlinked
mail-vk-unlinked-words = Your account at { $shop } is no longer linked to VK: { $at }. Codes do not go there any more.
mail-vk-not-you = If this wasn't you, open the bot at once: its message about this has a button that logs out everywhere. Then put your VK account right, and write to /support.
