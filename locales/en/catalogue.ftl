# The catalogue and a product's card.

button-buy = ⚡ Buy now
button-product = { $title } · { $price }

catalogue =
    <b>Catalogue</b>

    Choose a product.
catalogue-page =
    <b>Catalogue</b>, page { $page } of { $pages }

    Choose a product.
catalogue-empty =
    <b>Catalogue</b>

    Nothing is for sale at the moment. Come back a little later.

product =
    <b>{ $title }</b>

    { $description }

    Price: <b>{ $price }</b>
    { $stock }
product-plain =
    <b>{ $title }</b>

    Price: <b>{ $price }</b>
    { $stock }
product-free = free
stock-plenty = In stock
stock-last = { $left ->
    [one] The last one
   *[other] Only { $left } left
}
stock-none = Sold out

sold-out =
    <b>{ $title }</b> is sold out: somebody was faster. Nothing was charged.
