# The catalogue, the search and a product's card.

button-buy = ⚡ Buy now
button-product = { $title } · { $price }
button-sold-out = { $title } · sold out
button-category = 📁 { $title }
button-chosen = ✓ { $title }
price-from = from { $price }

catalogue-title = Catalogue
catalogue-hint = 🔎 Looking for something? Just write a word or two.
catalogue =
    <b>{ $where }</b>

    { catalogue-hint }
catalogue-page =
    <b>{ $where }</b>, page { $page } of { $pages }

    { catalogue-hint }
catalogue-empty =
    <b>Catalogue</b>

    Nothing is for sale at the moment. Come back a little later.

search =
    🔎 Results for <b>{ $query }</b>
search-page =
    🔎 Results for <b>{ $query }</b>, page { $page } of { $pages }
search-nothing =
    🔎 Nothing found for <b>{ $query }</b>.

    Try fewer or other words, or look around in the catalogue.

product =
    <b>{ $title }</b>

    { $description }

    Price: <b>{ $price }</b>
    { $stock }
product-plain =
    <b>{ $title }</b>

    Price: <b>{ $price }</b>
    { $stock }
product-prices = { $money } · { $stars }
product-free = free
product-limit = No more than { $most } for one customer
stock-plenty = In stock
stock-last = { $left ->
    [one] The last one
   *[other] Only { $left } left
}
stock-none = Sold out
stock-file = A file: its link comes right after the payment
stock-file-none = Can't be bought yet

product-gone =
    This product is no longer sold.

    Look around in the catalogue, or write a word or two about what you are looking for.
sold-out =
    <b>{ $title }</b> is sold out: somebody was faster. Nothing was charged.
