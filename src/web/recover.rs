//! A forgotten password: by a code to the phone or by a mail, a new one is chosen. All sessions end, and nobody is logged
//! in: who has the mailbox alone still has to know the new password.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::codes::{self, Asked};
use super::confirm::one_segment;
use super::doors::Doors;
use super::posted::Posted;
use super::sheet::{Form, Sheet};
use super::site::{Problem, Site};
use super::visitor::Visitor;
use super::ways;
use crate::shop::access::Way;
use crate::shop::access::passwords::Password;
use crate::shop::access::passwords::change::{self, Replaced};
use crate::shop::access::passwords::hasher::{HashError, Phc};
use crate::shop::access::passwords::rules::{self, About, SHORTEST, Weak};
use crate::shop::confirmations::guess::{self, Guess};
use crate::shop::confirmations::link::{self, Browser, Consumed, Opened};
use crate::shop::confirmations::look::Pending;
use crate::shop::confirmations::{Asker, Channel, Proved, Purpose, WayIn};
use crate::shop::customers::{Email, Phone};
use crate::store::StoreError;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/recover", get(show))
        .route("/recover/phone", post(ask_phone))
        .route("/recover/email", post(ask_email))
        .route("/recover/code", get(wait).post(by_code))
        .route("/recover/again", post(again))
        .route("/recover/{token}", get(show_link).post(by_link))
}

/// Passwords can be replaced where they open something, and where somebody would carry the proof.
pub(super) fn is_possible(doors: &Doors) -> bool {
    let carries = |channel| doors.carries(Purpose::Recover, channel);
    doors.allows(Way::Password) && (carries(Channel::Phone) || carries(Channel::Email))
}

fn is_open(visitor: &Visitor) -> Result<(), Problem> {
    if is_possible(visitor.doors()?) {
        Ok(())
    } else {
        Err(Problem::Gone)
    }
}

fn is_carried(visitor: &Visitor, channel: Channel) -> Result<(), Problem> {
    is_open(visitor)?;
    if visitor.doors()?.carries(Purpose::Recover, channel) {
        Ok(())
    } else {
        Err(Problem::Gone)
    }
}

async fn show(visitor: Visitor) -> Result<Response, Problem> {
    is_open(&visitor)?;
    start(&visitor)?.show(&visitor)
}

fn start(visitor: &Visitor) -> Result<Sheet, Problem> {
    let doors = visitor.doors()?;
    let mut sheet =
        Sheet::new(visitor.t("recover-title"), "/recover").words(visitor.t("recover-words"));
    if doors.carries(Purpose::Recover, Channel::Email) {
        let by_mail = Form::new("/recover/email", visitor.t("email-send"))
            .title(visitor.t("recover-by-email"))
            .field("email", visitor.t("login-email"), "email", "email");
        sheet = sheet.form(by_mail.main());
    }
    if doors.carries(Purpose::Recover, Channel::Phone) {
        let by_phone = Form::new("/recover/phone", visitor.t("code-send"))
            .title(visitor.t("recover-by-phone"))
            .field("phone", visitor.t("login-phone"), "tel", "tel");
        sheet = sheet.form(by_phone.main());
    }
    Ok(sheet.link("/login", visitor.t("login-title")))
}

async fn ask_phone(posted: Posted) -> Result<Response, Problem> {
    is_carried(&posted.visitor, Channel::Phone)?;
    let region = posted.visitor.doors()?.region;
    let phone = Phone::typed(posted.field("phone"), region);
    if let Some(phone) = &phone
        && let Some(page) = ways::question(
            &posted,
            ("/recover/phone", "/recover"),
            Purpose::Recover,
            phone,
        )?
    {
        return page.show(&posted.visitor);
    }
    let asked = Asked::Phone(phone, ways::chosen(&posted));
    let sheet = start(&posted.visitor)?;
    codes::ask(posted.visitor, WayIn::Recover, asked, sheet).await
}

async fn ask_email(posted: Posted) -> Result<Response, Problem> {
    is_open(&posted.visitor)?;
    let asked = Asked::Email(Email::read(posted.field("email")));
    let sheet = start(&posted.visitor)?;
    codes::ask(posted.visitor, WayIn::Recover, asked, sheet).await
}

async fn wait(visitor: Visitor) -> Result<Response, Problem> {
    is_open(&visitor)?;
    match codes::pending(&visitor, WayIn::Recover).await? {
        Some(pending) => sheet(&visitor, &pending)?.show(&visitor),
        None => Ok(visitor.go("/recover")),
    }
}

async fn again(posted: Posted) -> Result<Response, Problem> {
    let choice = ways::choice(&posted);
    let mut visitor = posted.visitor;
    is_open(&visitor)?;
    match codes::resent(&mut visitor, WayIn::Recover, choice).await? {
        Some((pending, outcome)) => {
            let page = sheet(&visitor, &pending)?;
            if codes::is_open(&visitor, &pending) {
                codes::said_again(&visitor, page, outcome)
            } else {
                page.show(&visitor)
            }
        }
        None => Ok(visitor.go("/recover")),
    }
}

fn sheet(visitor: &Visitor, pending: &Pending) -> Result<Sheet, Problem> {
    if !codes::is_open(visitor, pending) {
        let start = ("/recover", "recover-title");
        return Ok(codes::over(visitor, pending, "/recover/code", start));
    }
    let sheet = codes::sent(visitor, pending, "/recover/code");
    if pending.channel == Channel::Email {
        // The mail of a recovery has a link and no code.
        return Ok(sheet
            .form(ways::again(visitor, "/recover/again", pending)?)
            .link("/recover", visitor.t("code-other")));
    }
    let form = Form::new("/recover/code", visitor.t("password-save")).field(
        "code",
        visitor.t("code-label"),
        "code",
        "one-time-code",
    );
    Ok(sheet
        .form(new_password(visitor, form).main())
        .form(ways::again(visitor, "/recover/again", pending)?)
        .link("/recover", visitor.t("code-other")))
}

/// The field for a password that somebody chooses.
pub(super) fn new_password(visitor: &Visitor, form: Form) -> Form {
    let hint = visitor.say("password-hint", &[("count", (SHORTEST as i64).into())]);
    form.field("new", visitor.t("password-new"), "password", "new-password")
        .hint(hint)
}

/// Why a password is not taken.
pub(super) fn weak(visitor: &Visitor, weak: Weak) -> String {
    visitor.t(match weak {
        Weak::Short => "password-short",
        Weak::Long => "password-long",
        Weak::Common => "password-common",
        Weak::Shop => "password-shop",
        Weak::Yours => "password-yours",
    })
}

async fn by_code(posted: Posted) -> Result<Response, Problem> {
    is_open(&posted.visitor)?;
    let code = posted.field("code").to_owned();
    let password = Password::new(posted.field("new").to_owned());
    let visitor = posted.visitor;
    let Some(pending) = codes::pending(&visitor, WayIn::Recover).await? else {
        return Ok(visitor.go("/recover"));
    };
    let page = sheet(&visitor, &pending)?;
    if !codes::is_open(&visitor, &pending) {
        return page.show(&visitor);
    }
    let about = About {
        shop: visitor.site.name.clone(),
        phone: Some(pending.target.clone()),
        email: None,
    };
    // Before the try, which it would use up.
    if let Err(why) = rules::judge(&password, &about) {
        let page = page.bad(StatusCode::UNPROCESSABLE_ENTITY, weak(&visitor, why));
        return page.show(&visitor);
    }
    let phc = match visitor.doors()?.hasher.hash(&password).await {
        Ok(phc) => phc,
        Err(HashError::Busy(_)) => return page.busy(&visitor).show(&visitor),
        Err(HashError::Failed(error)) => return Err(error.into()),
    };
    let (vault, address, id) = (visitor.site.vault.clone(), visitor.address, pending.id);
    let outcome = visitor
        .site
        .store
        .write("pages.recover.code", move |tx| {
            let (vault, code, phc) = (vault.clone(), code.clone(), phc.clone());
            Box::pin(async move {
                let asker = Asker::Visitor(WayIn::Recover);
                let outcome = guess::guess(tx, &vault, asker, id, &code, address).await?;
                let Guess::Right(Proved::WayIn(proof)) = outcome else {
                    return Ok::<_, StoreError>(Some(outcome));
                };
                Ok(match change::replace(tx, proof, &phc).await? {
                    Replaced::Done => None,
                    Replaced::NotForThis => Some(Guess::Unknown),
                })
            })
        })
        .await?;
    match outcome {
        None => done(visitor),
        Some(outcome) => codes::missed(&visitor, page, &outcome).show(&visitor),
    }
}

async fn show_link(visitor: Visitor, Path(token): Path<String>) -> Result<Response, Problem> {
    is_open(&visitor)?;
    let here = format!("/recover/{}", one_segment(&token));
    match customer_of(&visitor, token).await? {
        Some(_) => choose(&visitor, &here).show(&visitor),
        None => over(&visitor, &here).show(&visitor),
    }
}

/// Whose password a link would replace.
async fn customer_of(visitor: &Visitor, token: String) -> Result<Option<i64>, Problem> {
    let opened = visitor
        .site
        .store
        .read("pages.recover.look", move |tx| {
            let token = token.clone();
            Box::pin(async move { link::open(tx, Purpose::Recover, &token).await })
        })
        .await?;
    Ok(match opened {
        Opened::Live { customer, .. } => Some(customer),
        Opened::Already | Opened::Ended | Opened::Unknown => None,
    })
}

fn choose(visitor: &Visitor, here: &str) -> Sheet {
    let form = Form::new(here, visitor.t("password-save")).main();
    Sheet::new(visitor.t("recover-choose"), here)
        .words(visitor.t("recover-choose-words"))
        .form(new_password(visitor, form))
}

fn over(visitor: &Visitor, here: &str) -> Sheet {
    Sheet::new(visitor.t("link-over"), here)
        .bad(StatusCode::NOT_FOUND, visitor.t("recover-over"))
        .link("/recover", visitor.t("recover-title"))
}

async fn by_link(Path(token): Path<String>, posted: Posted) -> Result<Response, Problem> {
    is_open(&posted.visitor)?;
    let password = Password::new(posted.field("new").to_owned());
    let visitor = posted.visitor;
    let here = format!("/recover/{}", one_segment(&token));
    let Some(customer) = customer_of(&visitor, token.clone()).await? else {
        return over(&visitor, &here).show(&visitor);
    };
    let shop = visitor.site.name.clone();
    let about = visitor
        .site
        .store
        .read("pages.recover.about", move |tx| {
            let shop = shop.clone();
            Box::pin(async move { change::about(tx, customer, &shop).await })
        })
        .await?;
    let page = choose(&visitor, &here);
    if let Err(why) = rules::judge(&password, &about) {
        let page = page.bad(StatusCode::UNPROCESSABLE_ENTITY, weak(&visitor, why));
        return page.show(&visitor);
    }
    let phc = match visitor.doors()?.hasher.hash(&password).await {
        Ok(phc) => phc,
        Err(HashError::Busy(_)) => return page.busy(&visitor).show(&visitor),
        Err(HashError::Failed(error)) => return Err(error.into()),
    };
    if replaced(&visitor, token, phc).await? {
        done(visitor)
    } else {
        over(&visitor, &here).show(&visitor)
    }
}

async fn replaced(visitor: &Visitor, token: String, phc: Phc) -> Result<bool, Problem> {
    let is_done = visitor
        .site
        .store
        .write("pages.recover.link", move |tx| {
            let (token, phc) = (token.clone(), phc.clone());
            Box::pin(async move {
                let consumed = link::consume(tx, Purpose::Recover, &token, Browser::Any).await?;
                let Consumed::Done(Proved::WayIn(proof)) = consumed else {
                    return Ok::<_, StoreError>(false);
                };
                Ok(change::replace(tx, proof, &phc).await? == Replaced::Done)
            })
        })
        .await?;
    Ok(is_done)
}

/// Nobody is logged in by this, whoever was before.
fn done(mut visitor: Visitor) -> Result<Response, Problem> {
    visitor.farewell();
    Sheet::new(visitor.t("recover-done"), "/recover")
        .good(visitor.t("recover-done-notice"))
        .words(visitor.t("recover-done-words"))
        .link("/login", visitor.t("login-title"))
        .show(&visitor)
}
