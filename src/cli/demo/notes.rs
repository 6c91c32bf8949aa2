//! What to try in the demo, in both languages: the ways in which a shop goes wrong elsewhere.

use kiosk_emulator::Note;

const ENGLISH: [(&str, &str); 12] = [
    (
        "Buy something",
        "Press Start, then Catalogue. The sticker pack is free and comes at once; for Zeta VPN pay with Stars. They are play money.",
    ),
    (
        "Look at the order's page",
        "The message with the key has a link to a page of the order: the key, a button that copies it, all keys as a file.",
    ),
    (
        "Download a file",
        "Work and study › The Inkwell handbook is a file. Buy it: its link comes in the chat, and says how often it may be downloaded.",
    ),
    (
        "Tap twice",
        "Tap “Buy now” twice, as fast as you can. It is one order.",
    ),
    (
        "Let the hold run out",
        "Buy, but don't pay. Make it 15 minutes later with the button above: the bot says that the order was not paid in time, and its goods are for sale again.",
    ),
    (
        "Pay late",
        "Now pay the invoice of that order, which is still in the chat. The bot refuses it, says why, and takes nothing.",
    ),
    (
        "Fight for the last key",
        "Games › Pixel Bazaar voucher: there is one. Buy it in both chats at once. Who is first holds it; the other reads so before paying anything.",
    ),
    (
        "Cancel and pay all the same",
        "Order, cancel the order, and pay its invoice. Nothing is taken for an order that is no more.",
    ),
    (
        "Go away and come back",
        "Block the bot from the menu of a chat, unblock it, and send /keys: what you bought is still yours.",
    ),
    (
        "Confirm an e-mail",
        "Profile › Add my e-mail, and write any address. The mail comes to the mailbox above: press its button, or type its code in the chat. Then try a wrong code.",
    ),
    (
        "Open your account on the web",
        "Profile › My account on the web: the link opens it once. Choose a password under Security, log out, and log in with the address and the password.",
    ),
    (
        "Be the seller",
        "Where you started the demo, a line /start own_… was printed. Send it here as one of the customers, then /admin: sales, stock, tasks, and new keys by the chat.",
    ),
];

const RUSSIAN: [(&str, &str); 12] = [
    (
        "Купите что-нибудь",
        "Нажмите «Начать», потом «Каталог». Набор стикеров бесплатный и придёт сразу, а Zeta VPN оплатите звёздами: они не настоящие.",
    ),
    (
        "Откройте страницу заказа",
        "В сообщении с ключом есть ссылка на страницу заказа: там ключ, кнопка, которая его копирует, и все ключи одним файлом.",
    ),
    (
        "Скачайте файл",
        "Работа и учёба › Справочник Inkwell – это файл. Купите его: в чат придёт ссылка, и там же сказано, сколько раз его можно скачать.",
    ),
    (
        "Нажмите дважды",
        "Нажмите «Купить» два раза подряд, как можно быстрее. Заказ всё равно будет один.",
    ),
    (
        "Дождитесь конца брони",
        "Оформите заказ, но не платите. Переведите часы на 15 минут кнопкой выше: бот напишет, что заказ не оплачен вовремя и товар снова в продаже.",
    ),
    (
        "Заплатите поздно",
        "Теперь оплатите счёт этого заказа, он остался в чате. Бот откажет, объяснит почему и ничего не спишет.",
    ),
    (
        "Поборитесь за последний ключ",
        "Игры › Ваучер Pixel Bazaar: он один. Купите его в обоих чатах сразу. Кто успел первым, за тем он и останется, а второй узнает об этом ещё до оплаты.",
    ),
    (
        "Отмените и всё равно заплатите",
        "Оформите заказ, отмените его и оплатите счёт. За отменённый заказ ничего не спишется.",
    ),
    (
        "Уйдите и вернитесь",
        "Заблокируйте бота в меню чата, разблокируйте и отправьте /keys: купленное осталось вашим.",
    ),
    (
        "Подтвердите почту",
        "Профиль › Указать почту, и напишите любой адрес. Письмо придёт в почтовый ящик вверху: нажмите в нём кнопку или напишите код в чат. А потом попробуйте неверный код.",
    ),
    (
        "Откройте личный кабинет",
        "Профиль › Личный кабинет: ссылка откроет его один раз. Задайте пароль в разделе «Безопасность», выйдите и войдите по адресу и паролю.",
    ),
    (
        "Станьте продавцом",
        "Там, где вы запустили демонстрацию, напечатана строка /start own_… Отправьте её сюда от имени любого покупателя, а потом /admin: продажи, остатки, задачи и новые ключи прямо в чате.",
    ),
];

/// All notes, in the order in which they make sense.
pub(super) fn all() -> Vec<Note> {
    let note = |language| move |(title, text)| Note::new(language, title, text);
    let english = ENGLISH.into_iter().map(note("en"));
    english.chain(RUSSIAN.into_iter().map(note("ru"))).collect()
}
