# Страница покупателя и вопрос о номере телефона.

button-profile = 👤 Профиль
button-share-phone = 📱 Отправить мой номер
button-change-phone = 📱 Другой номер
button-forget-phone = 🗑 Забыть номер
button-add-email = ✉️ Указать почту
button-change-email = ✉️ Другой адрес
button-forget-email = 🗑 Забыть почту
button-link-vk = 🔗 Привязать VK
button-vk = 🔗 Мой аккаунт VK
button-cabinet = 🔐 Личный кабинет
button-dont-share = ✖ Не сейчас
button-go-on = ▶️ Продолжить заказ

profile =
    <b>Ваш профиль</b>

    Имя: { $name }
    Телефон: { $phone }
    Почта: { $email }
    Язык: { $language }
profile-vk-linked = VK: привязан
profile-vk-none = VK: не привязан
profile-terms = Согласие с условиями: { $at } (версия { $version })
profile-privacy = Согласие на обработку данных: { $at } (версия { $version })
profile-nameless = –
profile-no-phone = не указан
profile-no-email = не указана
language-name = русский

phone-ask = Отправьте свой номер кнопкой внизу. Он поможет нам найти вас, если вы потеряете этот аккаунт.
phone-for-order = Для заказа магазин просит подтверждённый номер телефона. Отправьте свой номер кнопкой внизу, и заказ продолжится.
phone-or-type = Или напишите мобильный номер, лучше с кодом страны: мы отправим на него код.
phone-not-yours = Это не ваш номер. Нажмите кнопку внизу: она отправит номер этого аккаунта.
phone-by-button = Пожалуйста, нажмите кнопку внизу: только так мы узнаем, что номер ваш.
phone-kept = Спасибо, номер подтверждён. В /profile его можно посмотреть и удалить.
phone-dismissed = Хорошо, без номера.
phone-go-on = Можно продолжить заказ.

privacy =
    <b>Конфиденциальность</b>

    { $privacy }
privacy-none = Мы храним ваше имя и id в Telegram, номер телефона, если вы его отправили, и ваши заказы: столько нужно, чтобы доставить покупку и ответить вам. Ключи хранятся зашифрованными. Никому другому мы их не передаём. Чтобы удалить данные, напишите в /support.

command-cart = Моя корзина
command-profile = Мой профиль
command-privacy = Что с моими данными
