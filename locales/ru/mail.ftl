# Письма и коды в сообщениях. Название магазина написали люди: оно не склоняется.

mail-hello = Здравствуйте, { $name }!
mail-hello-nobody = Здравствуйте!
mail-footer = Это письмо магазин { $shop } отправил автоматически: ответы на него никто не читает.
mail-link-lives = Ссылка действует { $time }.
mail-code-lives = Код действует { $time }.
time-minutes = { $minutes ->
    [one] { $minutes } минуту
    [few] { $minutes } минуты
   *[many] { $minutes } минут
}
time-hours = { $hours ->
    [one] { $hours } час
    [few] { $hours } часа
   *[many] { $hours } часов
}

mail-confirm-subject = { $shop }: подтвердите почту
mail-confirm-title = Это ваша почта?
mail-confirm-words = Кто-то, скорее всего вы, указал этот адрес в магазине { $shop }.
mail-confirm-button = Подтвердить почту
mail-confirm-press = Нажмите кнопку, чтобы подтвердить, что он ваш.
mail-confirm-code = Введите этот код там, где указали адрес:
mail-confirm-or-code = Или введите этот код там, где указали адрес:
mail-confirm-not-you = Это были не вы? Ничего не делайте: без кнопки и без кода ничего не произойдёт. Никому не сообщайте код, кто бы ни спрашивал.

mail-changed-subject = { $shop }: почта изменена
mail-changed-title = Ваша почта изменена
mail-changed-words = { $at } в магазине { $shop } был подтверждён другой ваш адрес. На этот письма больше не приходят.
mail-changed-not-you = Это были не вы? Сразу откройте бота и верните свой адрес: /profile. Если в вашем кабинете на сайте кто-то другой, выйдите там на всех устройствах и напишите в /support.

mail-recovery-subject = { $shop }: новый пароль
mail-recovery-title = Новый пароль
mail-recovery-words = Кто-то, скорее всего вы, забыл пароль в магазине { $shop }. Нажмите кнопку, чтобы задать новый.
mail-recovery-button = Задать новый пароль
mail-recovery-not-you = Это были не вы? Ничего не делайте: старый пароль останется. Никому не передавайте ссылку.

mail-enter-subject = { $shop }: вход в кабинет
mail-enter-title = Вход в кабинет
mail-enter-words = Кто-то, скорее всего вы, хочет войти в ваш личный кабинет в магазине { $shop }. Нажмите кнопку в том же браузере, где вы это запросили.
mail-enter-button = Открыть кабинет
mail-enter-not-you = Это были не вы? Ничего не делайте: без кнопки ничего не произойдёт. Никому не передавайте ссылку.

mail-login-subject = { $shop }: новый вход
mail-login-title = Новый вход
mail-login-words = В ваш личный кабинет в магазине { $shop } только что вошли.
mail-login-at = Когда: { $at }
mail-login-with = С чего: { $with }
mail-login-not-you = Это были не вы? Сразу откройте бота: в его сообщении об этом есть кнопка «Выйти на всех устройствах». Затем задайте новый пароль.

mail-password-subject = { $shop }: пароль изменён
mail-password-title = Пароль изменён
mail-password-words = { $at } ваш пароль в магазине { $shop } был изменён.
mail-password-not-you = Это были не вы? Сразу откройте бота: в его сообщении об этом есть кнопка «Выйти на всех устройствах». Затем задайте новый пароль.

mail-order-subject = { $shop }: заказ { $number } готов
mail-order-title = Заказ { $number } готов
mail-order-words = Мы не смогли написать вам в чат. Покупка ждёт вас на странице заказа.
mail-order-button = Открыть заказ
mail-order-private = Эта страница только ваша: кто знает её адрес, увидит всё, что на ней. Никому его не передавайте.

code-message = { $code } — ваш код в магазине { $shop }. Он действует { $time }. Никому его не сообщайте. Если вы его не запрашивали, ничего не делайте.

mail-vk-subject = { $shop }: ваш аккаунт VK
mail-vk-linked-title = Привязан аккаунт VK
mail-vk-linked-words = К вашему кабинету в магазине { $shop } привязан аккаунт VK: { $at }. Теперь туда могут приходить коды для входа.
mail-vk-unlinked-title = Аккаунт VK отвязан
mail-vk-unlinked-words = Ваш кабинет в магазине { $shop } больше не связан с VK: { $at }. Коды туда больше не приходят.
mail-vk-not-you = Это были не вы? Сразу откройте бота, завершите все входы в кабинете, проверьте аккаунт VK и напишите в /support.
