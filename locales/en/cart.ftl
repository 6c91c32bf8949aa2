# The cart and the way from it to an order.

button-cart = 🛒 Cart
button-add-to-cart = ➕ Add to cart
button-in-cart = 🛒 × { $quantity }
button-checkout = ✅ Checkout
button-empty-cart = 🗑 Empty cart
button-empty-yes = 🗑 Yes, empty it
button-less = ➖
button-more = ➕
button-fit = ✂️ Take what is left
button-agree = ✅ Go on with the new prices
button-refill = 🔁 Order again

cart =
    <b>Your cart</b>

    { $lines }

    { $under }
cart-empty =
    <b>Your cart</b>

    It is empty. Choose something in the catalogue.
cart-line = { $title } × { $quantity } · { $price } each
cart-line-repriced = { $title } × { $quantity } · <s>{ $old }</s> { $price } each
cart-line-short = ⚠️ { $title } × { $quantity } · { $left ->
    [one] only 1 left
   *[other] only { $left } left
}
cart-line-gone = ⚠️ { $title } × { $quantity } · sold out
cart-short-note = There isn't enough of everything. “Take what is left” adjusts the cart.
cart-no-offer = ⚠️ These products can't be paid for together: they have no price in a common currency that we take, or the total is too large. Take something out and buy it separately.
cart-ask-empty = Take everything out of the cart?
cart-repriced =
    <b>Prices have changed</b>

    { $lines }

    { $under }

    Nothing is ordered yet. Go on with the new prices?
cart-short =
    <b>Somebody was faster</b>

    { $lines }

    Nothing was ordered and nothing was charged.
cart-short-back = Somebody held the last pieces for a moment, and now they are back. Nothing was charged: try again.

limit-open-orders = { $most ->
    [one] You have an order waiting for payment. Pay for it or cancel it first.
   *[other] You have { $most } orders waiting for payment, which is the most you can have. Pay for or cancel one of them first.
}
limit-held-keys = Orders that wait for payment may hold { $most ->
    [one] 1 piece
   *[other] { $most } pieces
} at a time, and yours hold { $held }. Take fewer, or pay or cancel an order first.
limit-pieces = <b>{ $title }</b>: one customer may have { $most ->
    [one] 1 piece
   *[other] { $most } pieces
}. { $had ->
    [0] Take fewer.
    [one] You have ordered 1 already.
   *[other] You have ordered { $had } already.
}
no-offer = This product can't be paid for in this bot at the moment. Nothing was ordered. Ask /support about it.

toast-cap-stock = { $most ->
    [one] Only 1 is left.
   *[other] Only { $most } are left.
}
toast-cap-customer = { $most ->
    [one] Only 1 for each customer.
   *[other] Only { $most } for each customer.
}
toast-cap-order = { $most ->
    [one] Only 1 in an order.
   *[other] Only { $most } in an order.
}
toast-cap-lines = { $most ->
    [one] The cart is full: 1 product.
   *[other] The cart is full: { $most } products.
}
toast-put = In the cart: { $quantity }
toast-cart-changed = The cart has changed. Have a look before you order.
