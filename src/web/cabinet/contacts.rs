//! The phone number and the e-mail address of whoever is logged in: another one is confirmed before it takes the place of
//! the one so far, and only after a fresh login.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::{is_fresh, log_in_anew, profile_of};
use crate::shop::access::sessions;
use crate::shop::confirmations::begin::{self, Begun, Wish};
use crate::shop::confirmations::guess::{self, Guess};
use crate::shop::confirmations::look::{self, Pending};
use crate::shop::confirmations::resend::{self, Resent};
use crate::shop::confirmations::{Asker, Channel, Purpose, Target, told};
use crate::shop::customers::{Email, Phone};
use crate::store::StoreError;
use crate::web::codes;
use crate::web::posted::Posted;
use crate::web::sheet::{Form, Sheet};
use crate::web::site::{Problem, Site};
use crate::web::visitor::Visitor;
use crate::web::ways;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/cabinet/{what}", get(show).post(ask))
        .route("/cabinet/{what}/code", post(guess))
        .route("/cabinet/{what}/again", post(again))
}

/// What a path names.
pub(super) fn channel(what: &str) -> Result<Channel, Problem> {
    match what {
        "phone" => Ok(Channel::Phone),
        "email" => Ok(Channel::Email),
        _ => Err(Problem::Gone),
    }
}

/// The address of its page.
pub(super) fn here(channel: Channel) -> &'static str {
    match channel {
        Channel::Phone => "/cabinet/phone",
        Channel::Email => "/cabinet/email",
    }
}

fn purpose(channel: Channel) -> Purpose {
    match channel {
        Channel::Phone => Purpose::Phone,
        Channel::Email => Purpose::Email,
    }
}

async fn show(visitor: Visitor, Path(what): Path<String>) -> Result<Response, Problem> {
    visitor.owner()?;
    let channel = channel(&what)?;
    sheet(&visitor, channel).await?.show(&visitor)
}

/// The page, with the code that is waited for if one is.
async fn sheet(visitor: &Visitor, channel: Channel) -> Result<Sheet, Problem> {
    let profile = profile_of(visitor).await?;
    let here = here(channel);
    let (title, label, so_far, ask) = match channel {
        Channel::Phone => ("profile-phone", "login-phone", profile.phone, "code-send"),
        Channel::Email => ("profile-email", "login-email", profile.email, "email-send"),
    };
    let (forget, stays, another) = match channel {
        Channel::Phone => ("forget-phone", "profile-phone-stays", "profile-phone-new"),
        Channel::Email => ("forget-email", "profile-email-stays", "profile-email-new"),
    };
    let nobody = match channel {
        Channel::Phone => "profile-phone-by-chat",
        Channel::Email => "profile-email-by-nobody",
    };
    let (kind, autocomplete) = match channel {
        Channel::Phone => ("tel", "tel"),
        Channel::Email => ("email", "email"),
    };
    let name = match channel {
        Channel::Phone => "phone",
        Channel::Email => "email",
    };
    let forget = so_far.is_some().then_some(forget);
    let so_far = so_far.unwrap_or_else(|| visitor.t("profile-none"));
    let mut sheet = Sheet::new(visitor.t(title), here).fact(visitor.t("profile-so-far"), &so_far);
    if let Some(waiting) = live(visitor, channel).await? {
        let target = waiting.target.clone();
        let words = match channel {
            Channel::Phone => "code-sent-to",
            Channel::Email => "code-mailed-to",
        };
        let words = visitor.say(words, &[("target", target.into())]);
        let form = Form::new(&format!("{here}/code"), visitor.t("confirm-code"))
            .title(words)
            .field("code", visitor.t("code-label"), "code", "one-time-code");
        let again = ways::again(visitor, &format!("{here}/again"), &waiting)?;
        sheet = sheet.form(form.main()).form(again);
    }
    if visitor.doors()?.carries(purpose(channel), channel) {
        let form = Form::new(here, visitor.t(ask))
            .title(visitor.t(another))
            .field(name, visitor.t(label), kind, autocomplete);
        if forget.is_some() {
            sheet = sheet.words(visitor.t(stays));
        }
        sheet = sheet.form(form);
    } else {
        sheet = sheet.words(visitor.t(nobody));
    }
    if let Some(forget) = forget {
        sheet = sheet.link(&format!("{here}/forget"), visitor.t(forget));
    }
    Ok(sheet.link("/cabinet/profile", visitor.t("cabinet-back")))
}

/// The confirmation that waits for its code.
async fn live(visitor: &Visitor, channel: Channel) -> Result<Option<Pending>, Problem> {
    let customer = visitor.owner()?.customer;
    let vault = visitor.site.vault.clone();
    let pending = visitor
        .site
        .store
        .read("pages.contact.look", move |tx| {
            let vault = vault.clone();
            Box::pin(async move { look::live_of(tx, &vault, customer, channel).await })
        })
        .await?;
    Ok(pending)
}

async fn ask(Path(what): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let channel = channel(&what)?;
    let region = posted.visitor.doors()?.region;
    let target = match channel {
        Channel::Phone => Phone::typed(posted.field("phone"), region).map(Target::Phone),
        Channel::Email => Email::read(posted.field("email")).map(Target::Email),
    };
    if !posted.visitor.doors()?.carries(purpose(channel), channel) {
        return sheet(&posted.visitor, channel).await?.show(&posted.visitor);
    }
    let by = ways::chosen(&posted);
    if let Some(Target::Phone(phone)) = &target
        && is_fresh(&posted.visitor)?
        && let Some(page) = ways::question(
            &posted,
            (here(channel), here(channel)),
            purpose(channel),
            phone,
        )?
    {
        return page.show(&posted.visitor);
    }
    let visitor = posted.visitor;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if !is_fresh(&visitor)? {
        return log_in_anew(&visitor, here(channel), "/cabinet/profile");
    }
    let Some(target) = target else {
        let words = visitor.t(match channel {
            Channel::Phone => "code-bad-phone",
            Channel::Email => "code-bad-email",
        });
        return sheet(&visitor, channel)
            .await?
            .bad(status, words)
            .show(&visitor);
    };
    let wish = Wish {
        asker: Asker::Customer(visitor.owner()?.customer),
        target,
        address: visitor.address,
        by,
    };
    let (vault, session) = (visitor.site.vault.clone(), visitor.owner()?.clone());
    let begun = visitor
        .site
        .store
        .write("pages.contact.begin", move |tx| {
            let (vault, wish, session) = (vault.clone(), wish.clone(), session.clone());
            Box::pin(async move {
                if !sessions::still_lives(tx, &session).await? {
                    return Ok::<_, StoreError>(None);
                }
                begin::begin(tx, &vault, &wish).await.map(Some)
            })
        })
        .await?;
    let begun = begun.ok_or(Problem::Stranger)?;
    let page = sheet(&visitor, channel).await?;
    match begun {
        Begun::Sent(_) => Ok(visitor.go(here(channel))),
        Begun::Already => page
            .good(visitor.t("confirm-already-notice"))
            .show(&visitor),
        Begun::Wait { wait, .. } | Begun::TooMany { wait } => {
            page.too_many(&visitor, wait).show(&visitor)
        }
    }
}

async fn guess(Path(what): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let channel = channel(&what)?;
    let code = posted.field("code").to_owned();
    let visitor = posted.visitor;
    let asker = Asker::Customer(visitor.owner()?.customer);
    let Some(pending) = live(&visitor, channel).await? else {
        let page = sheet(&visitor, channel).await?;
        let words = visitor.t("code-over");
        return page
            .bad(StatusCode::UNPROCESSABLE_ENTITY, words)
            .show(&visitor);
    };
    let (vault, address, id) = (visitor.site.vault.clone(), visitor.address, pending.id);
    let outcome = visitor
        .site
        .store
        .write("pages.contact.guess", move |tx| {
            let (vault, code) = (vault.clone(), code.clone());
            Box::pin(async move {
                let outcome = guess::guess(tx, &vault, asker, id, &code, address).await?;
                if let Guess::Right(_) = outcome {
                    told::tell(tx, id).await?;
                }
                Ok::<_, StoreError>(outcome)
            })
        })
        .await?;
    if matches!(outcome, Guess::Right(_) | Guess::Already) {
        return Ok(visitor.go("/cabinet/profile?saved"));
    }
    let page = sheet(&visitor, channel).await?;
    codes::missed(&visitor, page, &outcome).show(&visitor)
}

async fn again(Path(what): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let channel = channel(&what)?;
    let choice = ways::choice(&posted);
    let visitor = posted.visitor;
    let asker = Asker::Customer(visitor.owner()?.customer);
    let outcome = match live(&visitor, channel).await? {
        Some(pending) => {
            let (vault, address, id) = (visitor.site.vault.clone(), visitor.address, pending.id);
            visitor
                .site
                .store
                .write("pages.contact.again", move |tx| {
                    let vault = vault.clone();
                    Box::pin(
                        async move { resend::resend(tx, &vault, asker, id, address, choice).await },
                    )
                })
                .await?
        }
        None => Resent::Ended,
    };
    let page = sheet(&visitor, channel).await?;
    codes::said_again(&visitor, page, outcome)
}
