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
task-other = { $kind }
