# Главное меню, помощь и всё вокруг.

button-catalogue = 🛍 Каталог
button-orders = 📦 Заказы
button-keys = 🔑 Ключи
button-help = ❓ Помощь
button-language = 🌐 Язык
button-menu = 🏠 Меню
button-back = ⬅ Назад
button-newer = ◀ Новее
button-older = Старше ▶
button-previous = ◀
button-next = ▶

menu =
    <b>{ $shop }</b>

    { $greeting }
menu-greeting = Цифровые товары приходят в этот чат через несколько секунд после оплаты.

help =
    <b>Как это работает</b>

    1. Откройте каталог и выберите товар или напишите слово, чтобы его найти.
    2. Купите сразу или положите в корзину вместе с другими. Потом оплатите прямо здесь, в Telegram.
    3. Ключ сразу придёт сюда. Команда /keys покажет его снова в любое время.

    /catalog – что продаётся
    /cart – ваша корзина
    /orders – ваши заказы
    /profile – что мы о вас знаем
    /language – русский или английский
    /paysupport – вопросы об оплате
    /terms – условия продажи
    /privacy – что с вашими данными
    /support – связаться с нами

support =
    <b>Поддержка</b>

    { $contact }
support-nobody = Напишите тому, кто дал вам ссылку на этот магазин.
paysupport =
    <b>Помощь с оплатой</b>

    { $contact }

    Назовите номер заказа: он есть в /orders. Telegram не отвечает за покупки в этом боте, отвечаем мы.
terms =
    <b>Условия продажи</b>

    { $terms }
terms-none = Вы покупаете цифровой товар, который придёт в этот чат. Если доставить его не получится, мы вернём деньги полностью.

language-choice = На каком языке будем говорить?
language-chosen = Теперь говорим по-русски.

unknown-command = Такой команды нет. Всё, что есть, покажет /menu.
not-understood = Я понимаю только слова, кнопки и команды. Всё, что есть, покажет /menu.
trouble = У нас что-то сломалось, мы уже знаем. Попробуйте ещё раз через минуту.
cancelled-nothing = Отменять нечего.

toast-stale = Эта кнопка из старой версии. Вот свежий экран.
toast-forged = Эта кнопка не работает. Вот меню.
toast-not-yours = Среди ваших заказов такого нет.
toast-category-gone = Здесь больше ничего не продаётся. Вот каталог.
toast-gone = Этот товар больше не продаётся.
toast-sold-out = К сожалению, всё продано.
toast-again = Это уже сделано.

command-start = Начать сначала
command-menu = Главное меню
command-catalog = Каталог
command-orders = Мои заказы
command-keys = Мои ключи
command-language = Язык
command-help = Как это работает
command-support = Связаться с нами
command-paysupport = Помощь с оплатой
command-terms = Условия продажи
