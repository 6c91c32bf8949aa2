# Каталог и карточка товара.

button-buy = ⚡ Купить
button-product = { $title } · { $price }

catalogue =
    <b>Каталог</b>

    Выберите товар.
catalogue-page =
    <b>Каталог</b>, страница { $page } из { $pages }

    Выберите товар.
catalogue-empty =
    <b>Каталог</b>

    Сейчас ничего не продаётся. Загляните чуть позже.

product =
    <b>{ $title }</b>

    { $description }

    Цена: <b>{ $price }</b>
    { $stock }
product-plain =
    <b>{ $title }</b>

    Цена: <b>{ $price }</b>
    { $stock }
product-free = бесплатно
stock-plenty = Есть в наличии
stock-last = { $left ->
    [one] Осталась { $left } штука
    [few] Осталось { $left } штуки
   *[many] Осталось { $left } штук
}
stock-none = Всё продано

sold-out =
    <b>{ $title }</b>: всё продано, кто-то успел раньше. Деньги не списаны.
