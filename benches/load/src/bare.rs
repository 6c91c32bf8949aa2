//! The bot that ours is held against: teloxide with its own dispatcher, the same calls as a browsing customer causes in Kiosk, fixed texts, and
//! nothing kept.

use teloxide::dispatching::UpdateFilterExt;
use teloxide::payloads::{EditMessageTextSetters, SendMessageSetters};
use teloxide::prelude::{Dispatcher, Requester};
use teloxide::types::{
    CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, ParseMode, Update,
};
use teloxide::{Bot, RequestError, dptree};

use crate::Failure;

/// Rows of a page, as Kiosk's catalogue has them.
const ROWS: usize = 8;

type Answer = Result<(), RequestError>;

/// Answers whoever writes at `api_url`, until the process is ended.
pub async fn run(api_url: &str, token: &str) -> Result<(), Failure> {
    let bot = Bot::new(token).set_api_url(api_url.parse()?);
    let schema = dptree::entry()
        .branch(Update::filter_message().endpoint(greet))
        .branch(Update::filter_callback_query().endpoint(turn));
    Dispatcher::builder(bot, schema).build().dispatch().await;
    Ok(())
}

fn row(buttons: &[(&str, &str)]) -> Vec<InlineKeyboardButton> {
    buttons
        .iter()
        .map(|(text, data)| InlineKeyboardButton::callback(*text, *data))
        .collect()
}

fn list(sign: &str, kind: &str, end: &[(&str, &str)]) -> InlineKeyboardMarkup {
    let one = |number| {
        let text = format!("{sign} {number} · 250 ⭐");
        vec![InlineKeyboardButton::callback(
            text,
            format!("{kind}{number}"),
        )]
    };
    let rows = (1..=ROWS).map(one).chain([row(end)]);
    InlineKeyboardMarkup::new(rows)
}

async fn greet(bot: Bot, message: Message) -> Answer {
    let menu = InlineKeyboardMarkup::new([
        row(&[("🛍 Catalogue", "c"), ("🛒 Cart", "t")]),
        row(&[("📦 Orders", "r"), ("🔑 Keys", "k")]),
        row(&[("👤 Profile", "i"), ("❓ Help", "h")]),
    ]);
    bot.send_message(
        message.chat.id,
        "<b>Bare</b>\n\nDigital goods, delivered in this chat seconds after you pay.",
    )
    .parse_mode(ParseMode::Html)
    .reply_markup(menu)
    .await?;
    Ok(())
}

async fn turn(bot: Bot, tap: CallbackQuery) -> Answer {
    let home = ("🏠 Menu", "m");
    let back = ("⬅ Back", "b");
    let (text, keyboard) = match tap.data.as_deref().and_then(|data| data.chars().next()) {
        Some('c') => ("<b>Catalogue</b>", list("📁 Category", "g", &[home])),
        Some('g') => (
            "<b>Catalogue › Category</b>\n\n🔎 Looking for something? Just write a word or two.",
            list("Product", "p", &[back, home]),
        ),
        Some('p') => (
            "<b>Product</b>\n\nOne key, for one device.\n\nPrice: <b>250 ⭐</b>",
            InlineKeyboardMarkup::new([
                row(&[("⚡ Buy now", "y")]),
                row(&[("➕ Add to cart", "a")]),
                row(&[back, home]),
            ]),
        ),
        _ => (
            "<b>Catalogue › Category</b>",
            list("Product", "p", &[back, home]),
        ),
    };
    if let Some(message) = &tap.message {
        bot.edit_message_text(message.chat().id, message.id(), text)
            .parse_mode(ParseMode::Html)
            .reply_markup(keyboard)
            .await?;
    }
    bot.answer_callback_query(tap.id).await?;
    Ok(())
}
