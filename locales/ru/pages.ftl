# Страницы сайта магазина.

page-order = Заказ { $number }
page-language = Язык
page-keys = Ваши ключи
page-keys-hint = Нажмите на ключ, чтобы выделить его целиком.
page-show-keys = 🔑 Показать ключи
page-private = Эта страница только ваша. Кто знает её адрес, увидит ключи: никому его не передавайте.
page-copy = Копировать
page-copied = Готово
page-file = ⬇ Все ключи файлом
page-hide = Скрыть ключи
page-paid = Оплачено: { $amount }
page-total = Итого: { $amount }
page-file-name = order-{ $number }.txt
page-hint-open = Заказ ждёт оплаты до { $until }. Оплатите его в чате с ботом.
page-hint-backorder = Заказ оплачен. Купленное появится здесь, как только поступит.
page-hint-over = Чтобы заказать снова, откройте бота.
page-hint-closed = Деньги возвращены, ключи больше не действуют.
page-gone = Такой страницы нет
page-gone-words = Адрес неполный или больше не действует. Свежая ссылка есть в боте: /orders.
page-busy = Что-то пошло не так
page-busy-words = Попробуйте ещё раз через минуту. Ничего не потеряно.
delivery-page = 🌐 <a href="{ $link }">Страница заказа</a>
