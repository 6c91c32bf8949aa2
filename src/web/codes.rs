//! Ways in for somebody from the web, by a code to a phone or a mail to an address: give it, type the code or follow the
//! link, and be in, or choose a new password. The answers are the same whether or not anybody has the number or the
//! address.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::confirm::one_segment;
use super::posted::Posted;
use super::sheet::{Form, Sheet};
use super::site::{Problem, Site};
use super::visitor::Visitor;
use super::ways;
use crate::shop::access::token::Token;
use crate::shop::access::{Way, enter};
use crate::shop::confirmations::begin::{self, Begun, Wish};
use crate::shop::confirmations::guess::{self, Guess};
use crate::shop::confirmations::link::{self, Browser, Consumed, Opened};
use crate::shop::confirmations::look::{self, Pending, State};
use crate::shop::confirmations::resend::{self, Choice, Resent};
use crate::shop::confirmations::senders::Messenger;
use crate::shop::confirmations::{Asker, Channel, Proved, Purpose, Target, WAY_IN_LIFE, WayIn};
use crate::shop::customers::{Email, Phone};
use crate::store::{PublicId, StoreError};

/// The cookie that holds what a browser has asked for: another browser's code or link does not let this one in.
const ASKED: &str = "kiosk-asked";

/// What somebody gave, if it can be read.
pub(super) enum Asked {
    /// A number, and by what the code shall come.
    Phone(Option<Phone>, Option<Messenger>),
    /// An address.
    Email(Option<Email>),
}

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/login/phone", post(ask_phone))
        .route("/login/email", post(ask_email))
        .route("/login/code", get(wait).post(guess))
        .route("/login/again", post(again))
        .route("/login/mail/{token}", get(show_link).post(use_link))
}

async fn ask_phone(posted: Posted) -> Result<Response, Problem> {
    let doors = posted.visitor.doors()?;
    if !doors.allows(Way::Phone) {
        return Err(Problem::Gone);
    }
    let phone = Phone::typed(posted.field("phone"), doors.region);
    if let Some(phone) = &phone
        && let Some(page) =
            ways::question(&posted, ("/login/phone", "/login"), Purpose::Login, phone)?
    {
        return page.show(&posted.visitor);
    }
    let asked = Asked::Phone(phone, ways::chosen(&posted));
    let sheet = super::login::sheet(&posted.visitor, "")?;
    ask(posted.visitor, WayIn::Login, asked, sheet).await
}

async fn ask_email(posted: Posted) -> Result<Response, Problem> {
    if !posted.visitor.doors()?.allows(Way::Email) {
        return Err(Problem::Gone);
    }
    let asked = Asked::Email(Email::read(posted.field("email")));
    let sheet = super::login::sheet(&posted.visitor, "")?;
    ask(posted.visitor, WayIn::Login, asked, sheet).await
}

/// Begins a way in. `sheet` is the page to stay on if that is not to be.
pub(super) async fn ask(
    mut visitor: Visitor,
    way: WayIn,
    target: Asked,
    sheet: Sheet,
) -> Result<Response, Problem> {
    let (target, by) = match target {
        Asked::Phone(Some(phone), by) => (Target::Phone(phone), by),
        Asked::Email(Some(email)) => (Target::Email(email), None),
        Asked::Phone(None, _) => return unreadable(&visitor, sheet, "code-bad-phone"),
        Asked::Email(None) => return unreadable(&visitor, sheet, "code-bad-email"),
    };
    let wish = Wish {
        asker: Asker::Visitor(way),
        target,
        address: visitor.address,
        by,
    };
    let vault = visitor.site.vault.clone();
    let begun = visitor
        .site
        .store
        .write("pages.code.begin", move |tx| {
            let (vault, wish) = (vault.clone(), wish.clone());
            Box::pin(async move { begin::begin(tx, &vault, &wish).await })
        })
        .await?;
    match begun {
        Begun::Sent(id) => {
            visitor.keep(ASKED, &id.to_string(), WAY_IN_LIFE);
            Ok(visitor.go(code_page(way)))
        }
        Begun::Wait { wait, .. } | Begun::TooMany { wait } => {
            sheet.too_many(&visitor, wait).show(&visitor)
        }
        // A visitor has nothing yet.
        Begun::Already => Ok(visitor.go("/login")),
    }
}

fn unreadable(visitor: &Visitor, sheet: Sheet, words: &str) -> Result<Response, Problem> {
    let words = visitor.t(words);
    sheet
        .bad(StatusCode::UNPROCESSABLE_ENTITY, words)
        .show(visitor)
}

fn code_page(way: WayIn) -> &'static str {
    match way {
        WayIn::Login => "/login/code",
        WayIn::Recover => "/recover/code",
    }
}

/// What this browser has asked for, as it stands.
pub(super) async fn pending(visitor: &Visitor, way: WayIn) -> Result<Option<Pending>, Problem> {
    let Some(id) = asked(visitor) else {
        return Ok(None);
    };
    let vault = visitor.site.vault.clone();
    let pending = visitor
        .site
        .store
        .read("pages.code.look", move |tx| {
            let vault = vault.clone();
            Box::pin(async move { look::one(tx, &vault, Asker::Visitor(way), id).await })
        })
        .await?;
    Ok(pending)
}

fn asked(visitor: &Visitor) -> Option<PublicId> {
    visitor.cookie(ASKED).and_then(|id| id.parse().ok())
}

async fn wait(visitor: Visitor) -> Result<Response, Problem> {
    visitor.doors()?;
    match pending(&visitor, WayIn::Login).await? {
        Some(pending) => sheet(&visitor, &pending)?.show(&visitor),
        None => Ok(visitor.go("/login")),
    }
}

/// Whether a code can still be typed, a link still be followed, or another one asked for.
pub(super) fn is_open(visitor: &Visitor, pending: &Pending) -> bool {
    pending.state == State::Live && pending.until > visitor.site.store.clock().now()
}

/// The page of what is over: no code fits any more and no other one comes, so one begins again on the page `start`.
pub(super) fn over(
    visitor: &Visitor,
    pending: &Pending,
    here: &str,
    (start, label): (&str, &str),
) -> Sheet {
    let words = match pending.state {
        State::Locked => "page-code-locked",
        State::Live | State::Consumed | State::Expired => "code-ended-words",
    };
    Sheet::new(visitor.t("code-ended"), here)
        .bad(StatusCode::UNPROCESSABLE_ENTITY, visitor.t(words))
        .link(start, visitor.t(label))
}

/// The page that waits for a code.
fn sheet(visitor: &Visitor, pending: &Pending) -> Result<Sheet, Problem> {
    if !is_open(visitor, pending) {
        return Ok(over(
            visitor,
            pending,
            "/login/code",
            ("/login", "login-title"),
        ));
    }
    let mut sheet = sent(visitor, pending, "/login/code");
    // The mail of a login has a link and no code.
    if pending.channel == Channel::Phone {
        let form = Form::new("/login/code", visitor.t("login-button"))
            .field("code", visitor.t("code-label"), "code", "one-time-code")
            .main();
        sheet = sheet.form(form);
    }
    Ok(sheet
        .form(ways::again(visitor, "/login/again", pending)?)
        .link("/login", visitor.t("code-other")))
}

/// What was sent to where, as far as anybody may know.
pub(super) fn sent(visitor: &Visitor, pending: &Pending, here: &str) -> Sheet {
    let words = match pending.channel {
        Channel::Phone => "code-sent-phone",
        Channel::Email => "code-sent-email",
    };
    let target = pending.target.clone();
    Sheet::new(visitor.t("code-title"), here)
        .words(visitor.say(words, &[("target", target.into())]))
}

async fn again(posted: Posted) -> Result<Response, Problem> {
    let choice = ways::choice(&posted);
    let mut visitor = posted.visitor;
    visitor.doors()?;
    match resent(&mut visitor, WayIn::Login, choice).await? {
        Some((pending, outcome)) => {
            let page = sheet(&visitor, &pending)?;
            if is_open(&visitor, &pending) {
                said_again(&visitor, page, outcome)
            } else {
                page.show(&visitor)
            }
        }
        None => Ok(visitor.go("/login")),
    }
}

/// Sends another code for what this browser has asked for, and has it remember that as long as the code's or the link's
/// time runs anew.
pub(super) async fn resent(
    visitor: &mut Visitor,
    way: WayIn,
    choice: Choice,
) -> Result<Option<(Pending, Resent)>, Problem> {
    let Some(id) = asked(visitor) else {
        return Ok(None);
    };
    let (vault, address) = (visitor.site.vault.clone(), visitor.address);
    let outcome = visitor
        .site
        .store
        .write("pages.code.again", move |tx| {
            let vault = vault.clone();
            Box::pin(async move {
                resend::resend(tx, &vault, Asker::Visitor(way), id, address, choice).await
            })
        })
        .await?;
    if outcome == Resent::Sent {
        visitor.keep(ASKED, &id.to_string(), WAY_IN_LIFE);
    }
    Ok(pending(visitor, way).await?.map(|it| (it, outcome)))
}

/// What came of asking for another code.
pub(super) fn said_again(
    visitor: &Visitor,
    sheet: Sheet,
    outcome: Resent,
) -> Result<Response, Problem> {
    let sheet = match outcome {
        Resent::Sent => sheet.good(visitor.t("code-sent-again")),
        Resent::Wait { wait } | Resent::TooMany { wait } => sheet.too_many(visitor, wait),
        Resent::Ended => sheet.bad(StatusCode::UNPROCESSABLE_ENTITY, visitor.t("code-over")),
    };
    sheet.show(visitor)
}

/// Why a code did not do, on the page that waits for it.
pub(super) fn missed(visitor: &Visitor, sheet: Sheet, outcome: &Guess) -> Sheet {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match outcome {
        Guess::Wrong { left } => sheet.bad(
            status,
            visitor.say("page-code-wrong", &[("left", (*left).into())]),
        ),
        Guess::NoCode => sheet.bad(status, visitor.t("page-code-none")),
        Guess::Locked => sheet.bad(status, visitor.t("page-code-locked")),
        Guess::TooMany { wait } => sheet.too_many(visitor, *wait),
        Guess::Right(_) | Guess::Already | Guess::Expired | Guess::Unknown => {
            sheet.bad(status, visitor.t("code-over"))
        }
    }
}

/// How a try at the cabinet ended.
enum Entered {
    In(Token),
    Missed(Guess),
}

async fn guess(posted: Posted) -> Result<Response, Problem> {
    let code = posted.field("code").to_owned();
    let mut visitor = posted.visitor;
    visitor.doors()?;
    let Some(id) = asked(&visitor) else {
        return Ok(visitor.go("/login"));
    };
    let (vault, address) = (visitor.site.vault.clone(), visitor.address);
    let (device, came_with) = (visitor.device.clone(), visitor.came_with.clone());
    let entered = visitor
        .site
        .store
        .write("pages.code.guess", move |tx| {
            let (vault, code) = (vault.clone(), code.clone());
            let (device, came_with) = (device.clone(), came_with.clone());
            Box::pin(async move {
                let asker = Asker::Visitor(WayIn::Login);
                let outcome = guess::guess(tx, &vault, asker, id, &code, address).await?;
                let Guess::Right(Proved::WayIn(proof)) = outcome else {
                    return Ok::<_, StoreError>(Entered::Missed(outcome));
                };
                let token = enter::by_proof(tx, proof, &device, came_with.as_ref()).await?;
                Ok(token.map_or(Entered::Missed(Guess::Unknown), Entered::In))
            })
        })
        .await?;
    match entered {
        Entered::In(token) => {
            visitor.welcome(&token);
            visitor.drop_cookie(ASKED);
            Ok(visitor.go("/cabinet"))
        }
        Entered::Missed(outcome) => match pending(&visitor, WayIn::Login).await? {
            Some(pending) => {
                let page = sheet(&visitor, &pending)?;
                if is_open(&visitor, &pending) {
                    missed(&visitor, page, &outcome).show(&visitor)
                } else {
                    page.show(&visitor)
                }
            }
            None => Ok(visitor.go("/login")),
        },
    }
}

/// A link from a mail logs in only the browser that asked for it.
async fn show_link(visitor: Visitor, Path(token): Path<String>) -> Result<Response, Problem> {
    if !visitor.doors()?.allows(Way::Email) {
        return Err(Problem::Gone);
    }
    let here = format!("/login/mail/{}", one_segment(&token));
    let opened = visitor
        .site
        .store
        .read("pages.mail.look", move |tx| {
            let token = token.clone();
            Box::pin(async move { link::open(tx, Purpose::Login, &token).await })
        })
        .await?;
    let sheet = match opened {
        Opened::Live { id, .. } if asked(&visitor) == Some(id) => {
            Sheet::new(visitor.t("link-title"), &here)
                .words(visitor.t("mail-link-words"))
                .form(Form::new(&here, visitor.t("link-button")).main())
        }
        Opened::Live { .. } => Sheet::new(visitor.t("link-title"), &here)
            .words(visitor.t("mail-link-elsewhere"))
            .link("/login", visitor.t("login-title")),
        Opened::Already | Opened::Ended | Opened::Unknown => mail_over(&visitor, &here),
    };
    sheet.show(&visitor)
}

async fn use_link(Path(token): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let mut visitor = posted.visitor;
    if !visitor.doors()?.allows(Way::Email) {
        return Err(Problem::Gone);
    }
    let here = format!("/login/mail/{}", one_segment(&token));
    let Some(id) = asked(&visitor) else {
        return mail_over(&visitor, &here).show(&visitor);
    };
    let (device, came_with) = (visitor.device.clone(), visitor.came_with.clone());
    let entered = visitor
        .site
        .store
        .write("pages.mail.enter", move |tx| {
            let (token, device, came_with) = (token.clone(), device.clone(), came_with.clone());
            Box::pin(async move {
                let browser = Browser::Asked(id);
                let consumed = link::consume(tx, Purpose::Login, &token, browser).await?;
                let Consumed::Done(Proved::WayIn(proof)) = consumed else {
                    return Ok::<_, StoreError>(None);
                };
                enter::by_proof(tx, proof, &device, came_with.as_ref()).await
            })
        })
        .await?;
    match entered {
        Some(token) => {
            visitor.welcome(&token);
            visitor.drop_cookie(ASKED);
            Ok(visitor.go("/cabinet"))
        }
        None => mail_over(&visitor, &here).show(&visitor),
    }
}

fn mail_over(visitor: &Visitor, here: &str) -> Sheet {
    Sheet::new(visitor.t("link-over"), here)
        .bad(StatusCode::NOT_FOUND, visitor.t("mail-link-over"))
        .link("/login", visitor.t("login-title"))
}
