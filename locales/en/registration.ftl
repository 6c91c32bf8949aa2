# What the shop asks for before an order: a name, consents, and all answers together at the end.

button-change-name = ✏️ What to call me
button-own-name = { $name }
button-consent = ✅ I agree

name-ask = What may we call you? Write your name, or take the one below.
name-write = What may we call you? Write your name.
name-not-one = A name is one line of at most 64 letters. Write yours once more.

consent-both =
    Before an order this shop asks for your consent to its /terms and to how it handles your data (/privacy). Please read both.

    The button records your consent and the time.
consent-terms =
    Before an order this shop asks for your consent to its /terms. Please read them.

    The button records your consent and the time.
consent-privacy =
    Before an order this shop asks for your consent to how it handles your data (/privacy). Please read it.

    The button records your consent and the time.

answers =
    <b>Is everything right?</b>
    { "" }
answers-name = Name: { $value }
answers-phone = Phone: { $value }
answers-email = E-mail: { $value }
answers-agreed = Your consent is recorded: see /profile.
