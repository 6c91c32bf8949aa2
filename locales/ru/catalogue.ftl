# Каталог, поиск и карточка товара.

button-buy = ⚡ Купить
button-product = { $title } · { $price }
button-sold-out = { $title } · распродано
button-category = 📁 { $title }
button-chosen = ✓ { $title }
price-from = от { $price }

catalogue-title = Каталог
catalogue-hint = 🔎 Ищете что-то? Просто напишите слово или два.
catalogue =
    <b>{ $where }</b>

    { catalogue-hint }
catalogue-page =
    <b>{ $where }</b>, страница { $page } из { $pages }

    { catalogue-hint }
catalogue-empty =
    <b>Каталог</b>

    Сейчас ничего не продаётся. Загляните чуть позже.

search =
    🔎 Найдено по запросу <b>{ $query }</b>
search-page =
    🔎 Найдено по запросу <b>{ $query }</b>, страница { $page } из { $pages }
search-nothing =
    🔎 По запросу <b>{ $query }</b> ничего не нашлось.

    Попробуйте другие слова или загляните в каталог.

product =
    <b>{ $title }</b>

    { $description }

    Цена: <b>{ $price }</b>
    { $stock }
product-plain =
    <b>{ $title }</b>

    Цена: <b>{ $price }</b>
    { $stock }
product-prices = { $money } · { $stars }
product-free = бесплатно
product-limit = { $most ->
    [one] Не больше { $most } штуки в одни руки
   *[many] Не больше { $most } штук в одни руки
}
stock-plenty = Есть в наличии
stock-last = { $left ->
    [one] Осталась { $left } штука
    [few] Осталось { $left } штуки
   *[many] Осталось { $left } штук
}
stock-file = Файл: ссылка придёт сразу после оплаты
stock-file-none = Пока нельзя купить
stock-none = Распродано

product-gone =
    Этот товар больше не продаётся.

    Загляните в каталог или напишите слово-другое о том, что ищете.
sold-out =
    <b>{ $title }</b>: распродано, кто-то успел раньше. Деньги не списаны.
