# Страницы скачивания файлов.

download-room = Файлы
download-none = Файлов для скачивания пока нет. Они появятся здесь после покупки: каталог ждёт в чате с ботом, /catalog.
download-private = Ссылка на файл только ваша. Кто её знает, может израсходовать ваши скачивания: никому её не передавайте.
download-state-ready = Доступен
download-state-used-up = Израсходован
download-state-over = Срок истёк
download-state-none = Недоступен
download-left-of = { $most ->
    [one] осталось { $left } из { $most } скачивания
    [few] осталось { $left } из { $most } скачиваний
   *[other] осталось { $left } из { $most } скачиваний
}
download-until = до { $until }
download-order-closed = Деньги возвращены, файлы больше нельзя скачать.
download-page-file = Файл
download-page-size = Размер
download-page-left = Осталось скачиваний
download-page-left-of = { $left } из { $most }
download-page-until = Доступен до
download-page-button = ⬇ Скачать
download-page-counts = Считается только нажатие на кнопку, а не просмотр страницы. Если связь прервётся, продолжите в том же браузере в течение 12 часов: второй раз это не считается.
download-page-again = Продолжить начатое здесь скачивание
download-page-again-words = Второй раз это не считается.
download-page-sum = Проверить файл (SHA-256)
download-page-sum-words = Если на вашем устройстве получится та же сумма, файл дошёл без изменений.
download-page-used-up = { $most ->
    [one] Файл можно было скачать { $most } раз, и все скачивания израсходованы.
    [few] Файл можно было скачать { $most } раза, и все скачивания израсходованы.
   *[other] Файл можно было скачать { $most } раз, и все скачивания израсходованы.
}
download-page-over = Файл можно было скачать до { $until }.
download-page-once-more = Нужно скачать ещё раз? Напишите нам в чате с ботом: /support.
download-page-revoked = Деньги возвращены, поэтому скачать файл больше нельзя.
download-page-wrong = Это ошибка? Напишите нам в чате с ботом: /support.
download-page-no-file = Сейчас у магазина нет этого файла.
download-page-missing = Сейчас файл нельзя выдать. Магазин уже знает об этом, скачивание не засчитано.
download-page-later = Попробуйте позже. Если ничего не изменится, напишите нам в чате с ботом: /support.
download-page-closed = Этот адрес файла больше не действует: скачивание можно продолжать 12 часов после начала.
download-page-closed-words = Начните его заново на странице файла.
download-page-back = На страницу файла
