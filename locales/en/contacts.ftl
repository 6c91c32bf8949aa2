# The questions for an e-mail address and for the code that proves an address or a number.

button-resend = 🔁 Send again
button-stop-code = ✖ Not now
button-enter-code = ✏️ The code for { $to }

email-ask = Write your e-mail address. We send it a code, so that we know it is yours.
email-for-order = This shop asks for a confirmed e-mail address before an order. Write yours: we send it a code, and then your order goes on.
email-not-one = That is no e-mail address. It looks like name@example.com. Please write it once more.
email-nobody = This shop can't send mails at the moment, so an address can't be confirmed. /support helps.
email-taken = Somebody else has just confirmed your e-mail address as theirs, so we have taken it out of your profile. Was it not you, from another account? Confirm the address again in your profile, and write to /support.
email-unreachable = There is no such e-mail address: our mail came back. Check it and try again.

phone-not-one = That is no mobile number that we can send a code to. Write it with its country code, such as +7 999 123-45-67, or use the button below.
phone-by-code = Fine, by a code.
phone-taken = Somebody else has just confirmed your phone number as theirs, so we have taken it out of your profile. Was it not you, from another account? Confirm the number again in your profile, and write to /support.

code-phone = A code is on its way to { $to }. Type its six digits here within 10 minutes.
code-email = A mail with a code is on its way to { $to }. Type its six digits here within 10 minutes.
code-email-link = A mail is on its way to { $to }. Press the button in it, or type its six digits here within 10 minutes.
code-another = Another code is on its way to { $to }; the one before is good no more. Type its six digits here within 10 minutes.
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
    [one] That was too often for today. Try again in { $hours } hour.
   *[other] That was too often for today. Try again in { $hours } hours.
}
code-unsent = We could not send the code. Your own phone number needs none: share it by the button in your profile. For another number or an address, try again later.
code-phone-kept = Thank you, the phone number is confirmed.
code-email-kept = Thank you, the e-mail address is confirmed.

vk-was-linked = A VK account was linked to your account here, so the codes that let you in can go there. Was it not you? Log out everywhere by the button below, unlink it in your profile, and write to /support.
vk-was-unlinked = Your VK account is no longer linked here: codes do not go there any more. Was it not you? Log out everywhere by the button below, and write to /support.

cabinet-link =
    <b>Your account on the web</b>

    This link opens it once, within 10 minutes. It is yours alone: pass it on to nobody.

    { $link }

button-way-any = ✉️ By any way
button-way = { $name }
button-resend-by = By { $name }
button-resend-any = By any way
phone-way = How shall the code come to { $to }? If the way that you choose can't reach the number, the code takes another one.
code-by = You chose { $name }. If it can't reach the number, the code takes another way.
messenger-telegram = Telegram
messenger-whatsapp = WhatsApp
messenger-vk = VK
messenger-log = Test log
