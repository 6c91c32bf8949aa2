//! The methods of the Bot API, a file per subject. Each is a plain function over the state; `getUpdates`, which waits, lives in `polling`.

mod callbacks;
mod files;
mod invoices;
mod messages;
mod payments;
mod profile;

use serde_json::Value;

use crate::{
    params::Params,
    reply::{Answer, ApiError},
    state::State,
    webhook,
};

pub(crate) use callbacks::{TOO_OLD, toast};
pub(crate) use files::{document_message, photo_message};
pub(crate) use invoices::invoice;
pub(crate) use messages::NOT_MODIFIED;
pub(crate) use payments::{balance, page, refusal, transactions};

/// Runs a method by its name, whatever its case.
pub(crate) fn run(state: &mut State, method: &str, params: &Params) -> Answer {
    match method.to_ascii_lowercase().as_str() {
        "getme" => Ok(profile::me(state)),
        "logout" | "close" => Ok(Value::Bool(true)),
        "setwebhook" => webhook::set(state, params),
        "deletewebhook" => Ok(webhook::delete(state, params)),
        "getwebhookinfo" => Ok(webhook::info(state)),
        "sendmessage" => messages::send(state, params),
        "editmessagetext" => messages::edit_text(state, params),
        "editmessagecaption" => messages::edit_caption(state, params),
        "editmessagemedia" => files::edit_media(state, params),
        "editmessagereplymarkup" => messages::edit_markup(state, params),
        "deletemessage" => messages::delete(state, params),
        "deletemessages" => messages::delete_many(state, params),
        "sendchataction" => messages::chat_action(state, params),
        "getchat" => messages::chat(state, params),
        "answercallbackquery" => callbacks::answer(state, params),
        "sendinvoice" => invoices::send(state, params),
        "createinvoicelink" => invoices::link(state, params),
        "answerprecheckoutquery" => payments::answer_pre_checkout(state, params),
        "refundstarpayment" => payments::refund(state, params),
        "getstartransactions" => payments::list(state, params),
        "getmystarbalance" => Ok(payments::star_balance(state)),
        "sendphoto" => files::send_photo(state, params),
        "senddocument" => files::send_document(state, params),
        "getfile" => files::get(state, params),
        "setmycommands" => profile::set_commands(state, params),
        "getmycommands" => profile::get_commands(state, params),
        "deletemycommands" => profile::delete_commands(state, params),
        "setchatmenubutton" => profile::set_menu_button(state, params),
        "getchatmenubutton" => Ok(profile::menu_button(state, params)),
        "setmydescription" => profile::set_description(state, params),
        "getmydescription" => Ok(profile::description(state, params)),
        "setmyshortdescription" => profile::set_short_description(state, params),
        "getmyshortdescription" => Ok(profile::short_description(state, params)),
        _ => Err(ApiError::new(404, "Not Found: method not found")),
    }
}

/// The `chat_id` of a call. Only private chats exist here, so a `@name` is nobody.
pub(crate) fn chat_id(params: &Params) -> Result<i64, ApiError> {
    match params.text("chat_id") {
        None => Err(ApiError::bad("chat_id is empty")),
        Some(text) if text.trim().is_empty() => Err(ApiError::bad("chat_id is empty")),
        Some(text) => text
            .trim()
            .parse()
            .map_err(|_| ApiError::bad("chat not found")),
    }
}
