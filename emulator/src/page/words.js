// The page's own words. A chat speaks its customer's language, the rest the reader's.

const WORDS = {
  en: {
    banner: "This is a demo; nothing here is real money.",
    notes: "What to try next", mail: "Mailbox", close: "Close", theme: "Colours: {0}", "theme-auto": "as the system", "theme-light": "light",
    "theme-dark": "dark", language: "Page in English. Сменить на русский", people: "Customers", add: "New customer", "add-hint": "Add a customer",
    name: "Name", speaks: "Speaks", english: "English", russian: "Russian", cancel: "Cancel", "mail-empty": "No mail has come yet.",
    "mail-empty-more": "Mails that the shop would send are shown here instead of leaving this machine.", from: "From", to: "To", back: "Back",
    "no-subject": "(no subject)", try: "Do it", later: "15 minutes later", "later-hint": "Moves the clock of this demo: holds run out and links grow old.",
    now: "The demo's clock: {0}", lost: "The demo does not answer. Is it still running?", moved: "It is 15 minutes later now.",
    "plain-text": "Plain text", formatted: "As sent", "mail-frame": "The mail",
    bot: "bot", you: "you are {0}", typing: "typing…", connecting: "connecting…", stars: "Stars in the purse", more: "More", messages: "Messages",
    chat: "Chat of {0}", start: "Start", unblock: "Unblock", restart: "Unblock the bot", block: "Block the bot", contact: "Share my number…",
    sticker: "Send a sticker", picture: "Send a picture", message: "Message", send: "Send", commands: "Commands", attach: "Attach a file", keys: "Keyboard of the bot",
    newest: "To the newest message", copied: "Copied", "copy-by-hand": "Copy by hand: {0}", copy: "Copy", blocked: "You blocked this bot. It can't write to you.",
    hello: "Press Start to begin.", "what-is-it": "What can this bot do?", "share-title": "Share your phone number with {0}?",
    "share-text": "The bot will see this number and your name.", number: "Phone number", share: "Share", "file-title": "Send a file", caption: "Caption", photo: "Photo",
    download: "Download", forwarded: "Forwarded", edited: "edited", reply: "Reply to", "cant-show": "(a message that this page can't show)",
    "cant-save": "The bot forbids forwarding and saving", today: "Today", spoiler: "Hidden text: tap to read", ok: "OK",
    "open-photo": "Open the photo", invoice: "Invoice", test: "test", pay: "Pay {0}", paid: "Paid", receipt: "You paid {0} for {1}", returned: "{0} came back to you",
    "confirm-stars": "Confirm your purchase", "stars-question": "Do you want to buy “{0}” from {1} for {2}?", "confirm-pay": "Confirm and pay {0}", balance: "Your balance",
    checkout: "Checkout", total: "Total", card: "Payment card", "card-good": "goes through", "card-bad": "is declined", "test-cards": "Test cards of the provider: no bank is asked.",
    "need-name": "Name", "need-phone_number": "Phone number", "need-email": "E-mail", short: "You don't have enough Stars.", paying: "Paying…", "paid-toast": "✓ You paid {0}",
    declined: "The card was declined", "declined-more": "Nothing was taken. The invoice stays in the chat: pay it with another card.", refused: "The bot refused",
    "timed-out": "The bot did not answer", "timed-out-more": "It had ten seconds. Nothing was taken.", "not-payable": "This can't be paid", "no-invoice": "This invoice does not exist.",
    again: "Try again", "no-connection": "No connection. Nothing was taken as far as this page knows: look into the chat.",
  },
  ru: {
    banner: "Это демонстрация: настоящих денег здесь нет.",
    notes: "Что попробовать", mail: "Почта", close: "Закрыть", theme: "Цвета: {0}", "theme-auto": "как в системе", "theme-light": "светлые",
    "theme-dark": "тёмные", language: "Страница на русском. Switch to English", people: "Покупатели", add: "Новый покупатель", "add-hint": "Добавить покупателя",
    name: "Имя", speaks: "Говорит", english: "по-английски", russian: "по-русски", cancel: "Отмена", "mail-empty": "Писем пока нет.",
    "mail-empty-more": "Письма, которые отправил бы магазин, видны здесь и никуда не уходят.", from: "От", to: "Кому", back: "Назад",
    "no-subject": "(без темы)", try: "Сделать", later: "Через 15 минут", "later-hint": "Переводит часы демонстрации: брони заканчиваются, ссылки устаревают.",
    now: "Часы демонстрации: {0}", lost: "Демонстрация не отвечает. Она ещё запущена?", moved: "Прошло 15 минут.",
    "plain-text": "Только текст", formatted: "Как отправлено", "mail-frame": "Письмо",
    bot: "бот", you: "вы – {0}", typing: "печатает…", connecting: "соединение…", stars: "Звёзды в кошельке", more: "Ещё", messages: "Сообщения",
    chat: "Чат: {0}", start: "Начать", unblock: "Разблокировать", restart: "Разблокировать бота", block: "Заблокировать бота", contact: "Отправить мой номер…",
    sticker: "Отправить стикер", picture: "Отправить картинку", message: "Сообщение", send: "Отправить", commands: "Команды", attach: "Прикрепить файл", keys: "Клавиатура бота",
    newest: "К новому сообщению", copied: "Скопировано", "copy-by-hand": "Скопируйте вручную: {0}", copy: "Скопировать", blocked: "Вы заблокировали бота. Он не может вам писать.",
    hello: "Нажмите «Начать».", "what-is-it": "Что умеет этот бот?", "share-title": "Отправить ваш номер телефона боту {0}?",
    "share-text": "Бот увидит этот номер и ваше имя.", number: "Номер телефона", share: "Отправить", "file-title": "Отправить файл", caption: "Подпись", photo: "Фотография",
    download: "Скачать", forwarded: "Переслано", edited: "изменено", reply: "Ответ на", "cant-show": "(эту страницу такому сообщению не научили)",
    "cant-save": "Бот запретил пересылать и сохранять", today: "Сегодня", spoiler: "Скрытый текст: нажмите, чтобы прочитать", ok: "OK",
    "open-photo": "Открыть фотографию", invoice: "Счёт", test: "тест", pay: "Заплатить {0}", paid: "Оплачено", receipt: "Вы заплатили {0} за «{1}»", returned: "{0} вернулись к вам",
    "confirm-stars": "Подтвердите покупку", "stars-question": "Купить «{0}» у бота {1} за {2}?", "confirm-pay": "Подтвердить и заплатить {0}", balance: "Ваш баланс",
    checkout: "Оплата", total: "Итого", card: "Карта", "card-good": "оплата пройдёт", "card-bad": "банк откажет", "test-cards": "Тестовые карты: банк ни о чём не узнает.",
    "need-name": "Имя", "need-phone_number": "Номер телефона", "need-email": "Электронная почта", short: "Не хватает звёзд.", paying: "Платим…", "paid-toast": "✓ Вы заплатили {0}",
    declined: "Банк отклонил карту", "declined-more": "Деньги не списаны. Счёт остался в чате: оплатите его другой картой.", refused: "Бот отказал",
    "timed-out": "Бот не ответил", "timed-out-more": "У него было десять секунд. Деньги не списаны.", "not-payable": "Это нельзя оплатить", "no-invoice": "Такого счёта нет.",
    again: "Попробовать ещё раз", "no-connection": "Нет соединения. Насколько известно этой странице, деньги не списаны: загляните в чат.",
  },
};

/** A language that the page speaks; English for all others. */
export const spoken = (language) => (language?.startsWith("ru") ? "ru" : "en");

/** The function that finds words of this language: `t("you", name)`. */
export function wordsOf(language) {
  const words = WORDS[spoken(language)];
  const t = (id, ...values) => words[id].replace(/\{(\d)\}/g, (_, index) => values[index]);
  t.language = spoken(language);
  return t;
}

// Currencies without a smaller unit, by Telegram's list; it knows none with three digits.
const ZERO_DECIMALS = ["CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND"];

/** An amount in the smallest unit, as a person reads it. */
export function price(amount, currency, t) {
  if (currency === "XTR") return `⭐ ${new Intl.NumberFormat(t.language).format(amount)}`;
  const digits = ZERO_DECIMALS.includes(currency) ? 0 : 2;
  const format = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(t.language, format).format(amount / 10 ** digits);
}
