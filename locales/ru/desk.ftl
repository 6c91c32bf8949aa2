# Стол продавца.

command-admin = Стол продавца
button-desk-open = 🗝 Открыть стол

desk-role-owner = владелец
desk-role-manager = менеджер
desk-role-support = поддержка
desk-welcome =
    <b>Добро пожаловать! Ваша роль в магазине: { $role }.</b>

    Что делать дальше:

    1. Загрузите товары: <code>kiosk import catalogue catalogue.toml</code> на машине, где работает магазин.
    2. Пополните запас: /admin, затем 📊 Запас, выберите товар и пришлите ключи, по одному в строке.
    3. Купите что-нибудь сами с другого аккаунта и посмотрите, как придёт ключ.

    Команда /admin открывает стол продавца в любое время. Видят её только сотрудники.
desk =
    <b>Стол продавца</b>
    Ваша роль: { $role }.

    { $today }
    { $tasks }
    { $empty }
desk-today-none = Сегодня продаж ещё не было.
desk-today = { $count ->
    [one] Сегодня: <b>{ $count } продажа</b>, { $sums }
    [few] Сегодня: <b>{ $count } продажи</b>, { $sums }
   *[other] Сегодня: <b>{ $count } продаж</b>, { $sums }
}
desk-tasks = { $count ->
    [0] Открытых задач нет.
    [one] ⚠️ Открыта { $count } задача.
    [few] ⚠️ Открыто { $count } задачи.
   *[other] ⚠️ Открыто { $count } задач.
}
desk-empty = { $count ->
    [0] Все товары в наличии.
    [one] 📭 Закончился { $count } товар.
    [few] 📭 Закончились { $count } товара.
   *[other] 📭 Закончилось { $count } товаров.
}
desk-link-used = Эта ссылка уже использована: она сработала один раз, для одного человека. Если это были не вы, сообщите тому, кто обслуживает магазин.
desk-link-ended = Эта ссылка больше не действует. Новую магазин печатает при запуске.
desk-link-unknown = Такой ссылки нет. Скопируйте её ещё раз целиком, как её напечатал магазин.

news =
    📣 <b>Новости магазина</b>

    { $items }
news-sales = { $count ->
    [one] { $count } продажа
    [few] { $count } продажи
   *[other] { $count } продаж
}
news-sums = <b>{ $sales }: { $sums }</b>
news-free = <b>{ $sales }</b>, бесплатно
news-and = { $first } и { $last }
news-sale = 💰 { $number } · { $what } · { $money }
news-sale-free = 🎁 { $number } · { $what } · бесплатно
news-sold-out = 📭 Закончилось: { $title }. Товару <code>{ $slug }</code> нужны ключи
news-refund = ↩️ Возвращено: { $money }, заказ { $number }
news-refund-plain = ↩️ Возвращено: { $money }
news-task = ⚠️ Задача { $id }: { $what }
news-money-unknown = сумма в неизвестной валюте
news-more = { $count ->
    [one] и ещё { $count }
    [few] и ещё { $count }
   *[other] и ещё { $count }
}
news-tasks-where = Задачи показывает /admin.

task-payment-unmatched = пришли деньги, которые не относятся ни к одному заказу
task-payment-overpaid = за заказ заплатили больше, чем он стоит
task-order-backorder = заказ оплачен, а его ключи уже проданы
task-refund-failed = платёжная система отказала в возврате
task-refund-by-hand = возврат нужно сделать вручную
task-refund-unmatched = вернулись деньги, которые не приходили
task-inbox-dead = сообщение покупателя не удалось обработать
task-outbox-dead = сообщение покупателю не удалось доставить
task-outbox-late = то, что оплатил покупатель, уже несколько часов до него не доходит
task-sender-misconfigured = отправитель не принимает настройки магазина
task-sender-spam = письма почтового ящика принимают за спам
task-download-missing = в папке нет файла, который купили покупатели
task-other = { $kind }

means-payment-unmatched = «Готово» значит: вы нашли платёж у платёжной системы и вернули деньги там либо решили, что с ними делать. Сам Kiosk с ними ничего не делает; в учёте они остаются без заказа.
means-payment-overpaid = «Готово» значит: вы с покупателем уладили разницу. Сам Kiosk ничего с ней не делает.
means-order-backorder = Эту задачу закроет то, что поможет покупателю: загрузите ключи, и они доставятся сами, или верните деньги командой kiosk order refund.
means-refund-failed = «Готово» значит: покупатель получил деньги другим путём. Чтобы снова обратиться к платёжной системе: kiosk attention retry с номером этой задачи.
means-refund-by-hand = «Готово» значит: вы вернули деньги у платёжной системы. Kiosk отметит возврат, сообщит покупателю и закроет оплаченный ими заказ; его ключи больше не действуют.
means-refund-unmatched = «Готово» значит: вы нашли платёж у платёжной системы и знаете, что это было.
means-inbox-dead = «Готово» значит: это сообщение никто не обработает. Чтобы обработать его снова: kiosk dead retry in:{ $subject }
means-outbox-dead = «Готово» значит: это сообщение не будет отправлено. Чтобы отправить его снова: kiosk dead retry out:{ $subject }
means-outbox-late = Задача закроется сама, когда сообщение дойдёт: Kiosk продолжает пробовать. Проверьте командой kiosk check, доступны ли с этого сервера Telegram и почта. Покупка всё это время есть на странице заказа и в кабинете. «Готово» значит: вы об этом знаете, а Kiosk всё равно продолжает пробовать.
desk-task-waits = Этот заказ ещё ждёт: загрузите ключи или верните деньги командой kiosk order refund.
means-sender-misconfigured = Задача закроется сама, как только { $subject } снова что-нибудь отправит: Kiosk пробует раз в час. Запустите kiosk check, исправьте настройки, которые он назовёт, и перезапустите kiosk. «Готово» значит: вы об этом знаете, а коды и письма идут через других отправителей.
means-sender-spam = Задача закроется сама, как только письмо от { $subject } снова примут: Kiosk попробует через шесть часов. Посмотрите, что пишет почтовая служба в самом ящике, и проверьте SPF и DKIM его домена. «Готово» значит: вы об этом знаете, а письма идут через другие ящики.
means-download-missing = Верните { $subject } в папку с файлами из резервной копии или загрузите тот же файл ещё раз командой kiosk import file: тогда задача закроется сама. До этого скачать его нельзя, и попытки не засчитываются. «Готово» значит: файл снова на месте.
means-other = «Готово» значит: больше ничего делать не нужно. Kiosk ничего другого не меняет.

button-desk-tasks = ⚠️ Задачи
button-desk-stock = 📊 Запас
button-desk-orders = 📦 Последние заказы
button-desk-refresh = 🔄 Обновить
button-desk-back = ⬅ Стол продавца
button-desk-task = { $id } · { $what }
button-desk-done = ✅ Готово
button-desk-yes = ✅ Да, готово
button-desk-no = ⬅ Нет
button-desk-keys = 📥 { $title }
button-desk-add = ✅ Добавить
button-desk-cancel = ✖ Отменить
button-desk-more = 📥 Ещё ключи

desk-not-allowed = Ваша роль этого не позволяет: обратитесь к владельцу или менеджеру.
desk-tasks-none =
    <b>Задачи</b>

    Открытых задач нет. Всё в порядке.
desk-tasks-open =
    <b>Задачи</b>, сначала старые
desk-task =
    <b>Задача { $id }</b>: { $what }
    { $date }
    <code>{ $subject }</code>

    { $detail }
desk-task-ask =
    <b>Задача { $id }</b>: { $what }

    { $means }

    Готово?
desk-task-done = Готово, спасибо.
desk-task-gone = Эта задача уже закрыта.
desk-stock-none =
    <b>Запас</b>

    Товаров пока нет. Загрузите их: <code>kiosk import catalogue catalogue.toml</code>.
desk-stock =
    <b>Запас</b>, сначала самый малый

    { $lines }
desk-level = { $left } · { $title }
desk-level-none = 📭 0 · { $title }
desk-level-endless = ∞ · { $title }
desk-level-no-file = 📭 { $title } · файла ещё нет: <code>kiosk import file</code>
desk-keys-wanted =
    <b>{ $title }</b>

    Пришлите ключи, по одному в строке, текстовым файлом или сообщением. Прежде чем что-то добавить, бот покажет, что получилось.
desk-keys-preview =
    Ключи для <code>{ $slug }</code>

    { $counts }

    Добавить?
desk-keys-no-new =
    Ключи для <code>{ $slug }</code>

    { $counts }

    Добавлять нечего. Пришлите другие ключи или отмените: тогда бот удалит ваше сообщение.
desk-keys-new = { $count ->
    [one] <b>{ $count } новый ключ</b>
    [few] <b>{ $count } новых ключа</b>
   *[other] <b>{ $count } новых ключей</b>
}
desk-keys-done = { $count ->
    [one] <b>Добавлен { $count } ключ</b>
    [few] <b>Добавлено { $count } ключа</b>
   *[other] <b>Добавлено { $count } ключей</b>
}
desk-keys-twice = { $count ->
    [one] { $count } строка повторяет другую
    [few] { $count } строки повторяют другие
   *[other] { $count } строк повторяют другие
}
desk-keys-known = { $count ->
    [one] { $count } ключ уже есть в магазине
    [few] { $count } ключа уже есть в магазине
   *[other] { $count } ключей уже есть в магазине
}
desk-keys-bad = { $count ->
    [one] { $count } строка – не ключ: строка { $lines }
    [few] { $count } строки – не ключи: строки { $lines }
   *[other] { $count } строк – не ключи: строки { $lines }
}
desk-keys-added =
    Запас <code>{ $slug }</code>

    { $counts }

    { $message }
desk-keys-dropped =
    Ничего не добавлено.

    { $message }
desk-message-gone = Ваше сообщение с ключами удалено из этого чата.
desk-message-stays = Telegram не дал удалить ваше сообщение с ключами: удалите его сами.
desk-keys-too-big = Файл больше 20 МБ, которые Telegram отдаёт ботам. На машине, где работает магазин: <code>kiosk import keys { $slug } ФАЙЛ</code>
desk-keys-nothing = Ключей здесь нет. Пришлите текстовый файл или сообщение, по одному ключу в строке.
desk-keys-no-product = Этот товар больше не продаётся. Выберите другой: 📊 Запас.
desk-keys-not-stock = Этому товару не нужны ключи из файла.
desk-orders-none =
    <b>Последние заказы</b>

    Пока никто ничего не заказал.
desk-orders =
    <b>Последние заказы</b>

    { $lines }
desk-order = { $number } · { $date } · { $who } · { $state }
desk-state-open = ждёт оплаты
desk-state-paid = оплачен
desk-state-fulfilled = доставлен
desk-state-backorder = оплачен, без ключей
desk-state-expired = не оплачен вовремя
desk-state-cancelled = отменён
desk-state-closed = деньги возвращены
