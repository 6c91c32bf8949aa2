//! By what a code comes to a phone: the question after a number was typed, and buttons for another try. It is asked of
//! everybody alike, whether or not anybody has the number, and only where there is a choice.

use super::posted::Posted;
use super::sheet::{Form, Sheet, lasts};
use super::site::Problem;
use super::visitor::Visitor;
use crate::shop::confirmations::look::Pending;
use crate::shop::confirmations::resend::Choice;
use crate::shop::confirmations::senders::Messenger;
use crate::shop::confirmations::{Channel, Purpose};
use crate::shop::customers::Phone;

/// The field of a form that tells which button was pressed.
const BY: &str = "by";
/// Its value for whichever.
const ANY: &str = "any";

/// By what a code for this purpose can come in this shop.
fn open_to(visitor: &Visitor, purpose: Purpose) -> Result<Vec<Messenger>, Problem> {
    let all = visitor.doors()?.messengers.iter().copied();
    Ok(all.filter(|it| purpose.is_served_by(*it)).collect())
}

/// What a messenger is called.
fn name(visitor: &Visitor, messenger: Messenger) -> String {
    visitor.t(match messenger {
        Messenger::Telegram => "messenger-telegram",
        Messenger::Whatsapp => "messenger-whatsapp",
        Messenger::Vk => "messenger-vk",
        Messenger::Log => "messenger-log",
    })
}

/// The page that asks by what the code shall come, if that is not said as yet and there is a choice. Its form goes to
/// `action` again; another number is given on the page `home`.
pub(super) fn question(
    posted: &Posted,
    (action, home): (&str, &str),
    purpose: Purpose,
    phone: &Phone,
) -> Result<Option<Sheet>, Problem> {
    let visitor = &posted.visitor;
    let open = open_to(visitor, purpose)?;
    if open.len() < 2 || !posted.field("asked").is_empty() {
        return Ok(None);
    }
    let mut form = Form::new(action, visitor.t("way-any"))
        .main()
        .field("phone", String::new(), "hidden", "off")
        .holding(phone.as_str())
        .field("asked", String::new(), "hidden", "off")
        .holding("yes");
    for messenger in open {
        let name = name(visitor, messenger);
        form = form.or(
            BY,
            messenger.as_str(),
            visitor.say("way-by", &[("name", name.into())]),
        );
    }
    let words = visitor.say("way-words", &[("number", phone.as_str().into())]);
    let page = Sheet::new(visitor.t("way-title"), home)
        .words(words)
        .words(visitor.t("way-otherwise"))
        .form(form)
        .link(home, visitor.t("code-other"));
    Ok(Some(page))
}

/// By what a code shall come, as a button said; `None`: by whichever.
pub(super) fn chosen(posted: &Posted) -> Option<Messenger> {
    Messenger::from_word(posted.field(BY))
}

/// By what another code shall come, as a button said.
pub(super) fn choice(posted: &Posted) -> Choice {
    match posted.field(BY) {
        "" => Choice::AsBefore,
        word => Messenger::from_word(word).map_or(Choice::Any, Choice::By),
    }
}

/// Buttons for another code, with what is left of the time before it: as before, or by something else.
pub(super) fn again(visitor: &Visitor, action: &str, pending: &Pending) -> Result<Form, Problem> {
    let mut form = Form::new(action, visitor.t("code-again"));
    if let Some(by) = pending.by {
        let name = name(visitor, by);
        form = form.words(visitor.say("way-chosen", &[("name", name.into())]));
    }
    if let Some(wait) = pending.wait {
        let time = lasts(visitor.language, wait);
        form = form.words(visitor.say("code-again-wait", &[("time", time.into())]));
    }
    let open = match pending.channel {
        Channel::Phone => open_to(visitor, pending.purpose)?,
        Channel::Email => Vec::new(),
    };
    if open.len() < 2 {
        return Ok(form);
    }
    for messenger in open.into_iter().filter(|it| pending.by != Some(*it)) {
        let name = name(visitor, messenger);
        let label = visitor.say("way-instead", &[("name", name.into())]);
        form = form.or(BY, messenger.as_str(), label);
    }
    Ok(match pending.by {
        Some(_) => form.or(BY, ANY, visitor.t("way-any-instead")),
        None => form,
    })
}
