# Заказы, их оплата, ключи и файлы.

button-pay-stars = ⭐ Оплатить звёздами
button-pay-card = 💳 Оплатить картой
button-send-again = 🔁 Прислать счёт ещё раз
button-cancel-order = ✖ Отменить заказ
button-show-keys = 🔑 Показать ключи
button-show-downloads = 📥 Показать файлы
button-order-open = 📦 Заказ
button-order = { $number } · { $state }

order-line = { $title } × { $quantity }
order-total = Итого: <b>{ $total }</b>

method =
    <b>Заказ { $number }</b>

    { $lines }

    { $total }
    Держим для вас до { $until }.

    Как хотите оплатить?
method-none =
    <b>Заказ { $number }</b>

    { $lines }

    Этот заказ нельзя оплатить в боте. Напишите, пожалуйста, в /support.
payment =
    <b>Заказ { $number }</b>

    { $lines }

    { $total }
    Держим для вас до { $until }.

    Счёт уже в этом чате: оплатите его там.

order =
    <b>Заказ { $number }</b>
    { $date }

    { $lines }

    { $total }
    { $state }
order-state-open = Ждёт оплаты
order-state-paid = Оплачен, уже в пути
order-state-fulfilled = Доставлен
order-state-backorder = Оплачен, ждёт поступления
order-state-expired = Не оплачен вовремя
order-state-cancelled = Отменён
order-state-closed = Деньги возвращены
orders =
    <b>Ваши заказы</b>
orders-empty =
    <b>Ваши заказы</b>

    Вы пока ничего не заказывали.
order-cancelled = Заказ { $number } отменён. Деньги не списаны.
order-expired =
    Заказ { $number } не был оплачен вовремя, и товар снова в продаже. Деньги не списаны.
order-paid-cant-cancel = Заказ { $number } уже не отменить: оплата пришла или вот-вот придёт.

keys =
    <b>Ваши ключи и файлы</b>

    Выберите заказ, чтобы увидеть, что в нём.
keys-empty =
    <b>Ваши ключи и файлы</b>

    Пока ничего нет. Ключи и файлы появятся здесь сразу после покупки.
delivery =
    ✅ <b>Заказ { $number }</b> готов. Спасибо!

    { $goods }

    Команда /keys покажет их снова в любое время.
delivery-files =
    ✅ <b>Заказ { $number }</b> готов. Спасибо!

    { $goods }

    Команда /keys пришлёт ссылки снова в любое время.
delivery-all =
    ✅ <b>Заказ { $number }</b> готов. Спасибо!

    { $goods }

    Команда /keys покажет всё это снова в любое время.
delivery-again =
    <b>Заказ { $number }</b>

    { $goods }
delivery-key =
    { $title }
    <code>{ $key }</code>
delivery-file =
    { $title }
    📥 <a href="{ $link }">{ $name }</a> · { $size }
    { $terms }
delivery-file-nameless =
    { $title }
    📥 <a href="{ $link }">Скачать</a>
    { $terms }
delivery-file-unreachable =
    { $title }
    📥 Файл скачивают на страницах магазина, а они сейчас закрыты. Напишите в /support.
delivery-file-left = { $left ->
    [one] Можно скачать { $left } раз
    [few] Можно скачать { $left } раза
   *[other] Можно скачать { $left } раз
}
delivery-file-until = { $left }, до { $until }
delivery-file-used-up = Файл скачан столько раз, сколько можно. Нужен ещё раз? Напишите в /support.
delivery-file-over = Файл можно было скачать до { $until }. Всё ещё нужен? Напишите в /support.

invoice-refused =
    Заказ { $number } так оплатить не получится: Telegram не принял счёт. Деньги не списаны, заказ по-прежнему ждёт вас. Откройте его и выберите другой способ или напишите в /support.

invoice-title = Заказ { $number }

notice-backorder =
    Мы получили оплату заказа { $number }, но товар к этому времени закончился.

    Ищем замену и напишем вам сюда. Спросить о заказе можно и в /paysupport.
notice-backorder-refunded =
    Мы получили оплату заказа { $number }, но товар к этому времени закончился.

    Мы вернём вам всю сумму, делать ничего не нужно.
notice-refunded = Деньги за заказ { $number } вам возвращены: { $amount }. Заказ закрыт.
notice-short = За заказ { $number } пришло { $amount } – меньше, чем он стоит. Деньги вернутся к вам, заказ не оплачен.
notice-excess = Заказ { $number } уже был оплачен. Второй платёж, { $amount }, вернётся к вам.
notice-wrong-currency = Заказ { $number } оплачен не в той валюте, в которой выставлен счёт. Мы вернём вам { $amount }, заказ не оплачен.

refuse-unknown = Этот счёт не из нашего магазина.
refuse-not-yours = Этот счёт выставлен другому покупателю. Оформите свой заказ в боте.
refuse-changed = Сумма изменилась. Откройте заказ в боте и запросите новый счёт.
refuse-expired = Заказ не был оплачен вовремя. Оформите его в боте заново.
refuse-cancelled = Заказ отменён. Оформите его в боте заново.
refuse-paid = Этот заказ уже оплачен.
refuse-being-paid = Этот заказ как раз оплачивают. Подождите минуту, прежде чем пробовать снова.
refuse-busy = Магазин занят. Попробуйте ещё раз через минуту. Деньги не списаны.
