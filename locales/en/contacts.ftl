# The questions for an e-mail address and for the code that proves an address or a number.

button-resend = 🔁 Send again
button-stop-code = ✖ Not now
button-enter-code = ✏️ The code for { $to }

email-ask = Write your e-mail address. We send it a code, so that we know it is yours.
email-for-order = This shop asks for a confirmed e-mail address before an order. Write yours: we will send it a code, and then you can go on with your order.
email-not-one = That is not an e-mail address. One looks like name@example.com. Please write it once more.
email-nobody = This shop can't send e-mails at the moment, so an address can't be confirmed. Try again later, or write to /support.
email-taken = Somebody else has just confirmed your e-mail address as theirs, so we have taken it out of your profile. If that was not you with another account, confirm the address again in your profile, and write to /support.
email-unreachable = There is no such e-mail address: our e-mail came back. Check the address and try again.

phone-not-one = That is not a mobile number that we can send a code to. Write it with its country code, such as +7 999 123-45-67, or use the button below.
phone-by-code = Fine, by a code.
phone-taken = Somebody else has just confirmed your phone number as theirs, so we have taken it out of your profile. If that was not you with another account, confirm the number again in your profile, and write to /support.

code-phone = A code is on its way to { $to }. Type its six digits here within 10 minutes.
code-email = An e-mail with a code is on its way to { $to }. Type its six digits here within 10 minutes.
code-email-link = An e-mail is on its way to { $to }. Press the button in it, or type the six digits from it here within 10 minutes.
code-another = Another code is on its way to { $to }; the one before is no longer good. Type its six digits here within 10 minutes.
code-none = That is no code. It has six digits, and was sent to { $to }.
code-wrong = { $left ->
    [one] That is not the code that we sent to { $to }. You have { $left } more try.
   *[other] That is not the code that we sent to { $to }. You have { $left } more tries.
}
code-expired = That code for { $to } is no longer good. Have another one sent.
code-locked = Too many wrong codes for { $to }. Have another one sent, and use that.
code-wait = { $seconds ->
    [one] A code went out just now: another one can be sent in { $seconds } second. The last one is still good.
   *[other] A code went out just now: another one can be sent in { $seconds } seconds. The last one is still good.
}
code-wait-new = { $seconds ->
    [one] Another code can be sent in { $seconds } second. Try again then.
   *[other] Another code can be sent in { $seconds } seconds. Try again then.
}
code-too-many = { $hours ->
    [one] Too many tries. Try again in { $hours } hour.
   *[other] Too many tries. Try again in { $hours } hours.
}
code-unsent = We could not send the code. Your own phone number needs none: share it by the button in your profile. For another number or an address, try again later.
code-phone-kept = Thank you, the phone number is confirmed.
code-email-kept = Thank you, the e-mail address is confirmed.

vk-was-linked = A VK account was linked to your account here, so login codes can go there. If this wasn't you, log out everywhere with the button below, unlink it in your profile, and write to /support.
vk-was-unlinked = Your VK account is no longer linked here: codes no longer go there. If this wasn't you, log out everywhere with the button below, and write to /support.

cabinet-link =
    <b>Your account on the web</b>

    This link opens it once, within 10 minutes. It is yours alone: don't pass it on.

    { $link }

button-way-any = ✉️ Whichever works
button-way = { $name }
button-resend-by = By { $name }
button-resend-any = Whichever works
phone-way = How should we send the code to { $to }? If it can't reach you that way, it will come another way.
code-by = You chose { $name }. If the code can't reach you that way, it will come another way.
messenger-telegram = Telegram
messenger-whatsapp = WhatsApp
messenger-vk = VK
messenger-log = Test log
