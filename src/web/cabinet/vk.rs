//! The VK account of whoever is logged in: linked by a login at VK, after a fresh login here, and unlinked by a button. Who
//! shares the number that VK has confirmed has it confirmed here, too; it takes the place of another one only when they say
//! so.

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use secrecy::SecretString;

use super::{is_fresh, log_in_anew, profile_of};
use crate::shop::access::vk::link::{self, Linked, Shared};
use crate::shop::access::vk::login::{self, AWAY, Back, Kept, Person, VkIdError};
use crate::shop::confirmations::senders::Messenger;
use crate::shop::customers::Phone;
use crate::store::StoreError;
use crate::web::doors::VkDoor;
use crate::web::exchange::{self, Admitted};
use crate::web::posted::Posted;
use crate::web::sheet::{Form, Sheet};
use crate::web::site::{Problem, Site};
use crate::web::visitor::Visitor;

const HERE: &str = "/cabinet/vk";
const LINK: &str = "/cabinet/vk/link";
const UNLINK: &str = "/cabinet/vk/unlink";
/// The cookie that holds what a browser needs when it comes back from VK.
const QUESTION: &str = "kiosk-vk";
/// The cookie that holds a shared number until somebody says whether it shall take the place of the one so far.
const NUMBER: &str = "kiosk-vk-number";
/// Letters of the longest code that is passed on.
const LONGEST_CODE: usize = 2_048;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(HERE, get(show))
        .route(LINK, post(go))
        .route("/cabinet/vk/back", get(come_back))
        .route("/cabinet/vk/phone", post(take_number))
        .route(UNLINK, post(unlink))
}

/// VK ID, if the shop has an application there.
fn door(visitor: &Visitor) -> Result<VkDoor, Problem> {
    visitor.doors()?.vk.clone().ok_or(Problem::Gone)
}

async fn show(visitor: Visitor) -> Result<Response, Problem> {
    visitor.owner()?;
    let door = door(&visitor)?;
    let mut sheet = sheet(&visitor, &door).await?;
    let done = match visitor.asked("done") {
        Some("linked") => Some("vk-done-linked"),
        Some("number") => Some("vk-done-number"),
        Some("asks") => Some("vk-done-asks"),
        Some("taken") => Some("vk-done-taken"),
        Some("unlinked") => Some("vk-done-unlinked"),
        _ => None,
    };
    if let Some(done) = done {
        sheet = sheet.good(visitor.t(done));
    }
    sheet.show(&visitor)
}

async fn sheet(visitor: &Visitor, door: &VkDoor) -> Result<Sheet, Problem> {
    let customer = visitor.owner()?.customer;
    let store = &visitor.site.store;
    let user = store
        .read("pages.vk", move |tx| Box::pin(link::of(tx, customer)))
        .await?;
    let writes = visitor.doors()?.messengers.contains(&Messenger::Vk);
    let standing = match user {
        Some(user) => visitor.say("vk-linked", &[("user", user.to_string().into())]),
        None => visitor.t("vk-not-linked"),
    };
    let sheet = Sheet::new(visitor.t("vk-title"), HERE).fact(visitor.t("vk-account"), &standing);
    let back = visitor.t("cabinet-back");
    if let Some(shared) = shared_number(visitor)? {
        // One thing at a time: the rest of the page comes after the answer.
        let question = question(visitor, &shared).await?;
        return Ok(sheet.form(question).link("/cabinet/profile", back));
    }
    let mut sheet = if user.is_some() {
        linked_page(visitor, sheet, writes)
    } else {
        unlinked_page(visitor, sheet, writes)
    };
    if let Some(community) = door.community.as_ref().filter(|_| writes) {
        sheet = sheet.link(community.as_str(), visitor.t("vk-community"));
    }
    Ok(sheet.link("/cabinet/profile", back))
}

/// What linking is good for; `writes`: codes can come by VK.
fn unlinked_page(visitor: &Visitor, mut sheet: Sheet, writes: bool) -> Sheet {
    if writes {
        sheet = sheet.words(visitor.t("vk-codes"));
    }
    sheet
        .words(visitor.t("vk-number"))
        .form(Form::new(LINK, visitor.t("vk-link")).main())
}

/// What is left to do before codes come by VK.
fn linked_page(visitor: &Visitor, mut sheet: Sheet, writes: bool) -> Sheet {
    if writes {
        sheet = sheet.words(visitor.t("vk-allow"));
    }
    sheet
        .form(Form::new(LINK, visitor.t("vk-again")))
        .form(Form::new(UNLINK, visitor.t("vk-unlink")).danger())
}

/// The number that waits for an answer in this browser.
fn shared_number(visitor: &Visitor) -> Result<Option<Phone>, Problem> {
    let session = visitor.owner()?.id;
    let (vault, now) = (&visitor.site.vault, visitor.site.store.clock().now());
    let cookie = visitor.cookie(NUMBER);
    Ok(cookie.and_then(|cookie| login::unseal_number(vault, session, now, cookie)))
}

async fn question(visitor: &Visitor, shared: &Phone) -> Result<Form, Problem> {
    let so_far = profile_of(visitor).await?.phone;
    let so_far = so_far.unwrap_or_else(|| visitor.t("profile-none"));
    let number = || ("number", shared.as_str().into());
    let words = visitor.say("vk-asks", &[number(), ("former", so_far.into())]);
    Ok(
        Form::new("/cabinet/vk/phone", visitor.say("vk-take", &[number()]))
            .title(visitor.t("vk-asks-title"))
            .words(words)
            .main()
            .or("keep", "yes", visitor.t("vk-keep")),
    )
}

/// Off to VK, with a question that this browser keeps. Not by a redirect: browsers hold a form to addresses that the page
/// allows for each hop of its way, and which of its hosts VK passes a person through is not ours to know.
async fn go(posted: Posted) -> Result<Response, Problem> {
    let mut visitor = posted.visitor;
    let door = door(&visitor)?;
    if !is_fresh(&visitor)? {
        return log_in_anew(&visitor, HERE, HERE);
    }
    let kept = Kept::new()?;
    let now = visitor.site.store.clock().now();
    let sealed = kept.seal(&visitor.site.vault, visitor.owner()?.id, now);
    visitor.keep(QUESTION, &sealed, AWAY);
    visitor.drop_cookie(NUMBER);
    let address = door.login.authorize(&kept);
    let mut page = Sheet::new(visitor.t("vk-going"), HERE)
        .words(visitor.t("vk-going-words"))
        .link(address.as_str(), visitor.t("vk-go-on"))
        .link(HERE, visitor.t("cabinet-back"))
        .show(&visitor)?;
    // An address is ASCII; without the header the link is there.
    if let Ok(refresh) = HeaderValue::from_str(&format!("0; url={address}")) {
        page.headers_mut().insert(header::REFRESH, refresh);
    }
    Ok(page)
}

/// Why nothing was linked.
enum Not {
    /// They did not agree at VK.
    Declined,
    /// VK ID says no, or nothing.
    Vk(VkIdError),
    /// The account is another customer's.
    Others,
}

async fn come_back(mut visitor: Visitor) -> Result<Response, Problem> {
    visitor.owner()?;
    let door = door(&visitor)?;
    let kept = kept(&visitor)?;
    let mut permit = None;
    if kept.is_some() && visitor.asked("code").is_some_and(|code| !code.is_empty()) {
        let who = visitor.owner()?.customer.to_string();
        let admitted = door
            .exchanges
            .admit(&visitor, &exchange::TO_VK, Some(who))
            .await?;
        // Who is sent away keeps the question: loading the page once more is enough.
        match admitted {
            Admitted::Fine(admitted) => permit = Some(admitted),
            Admitted::TooMany(wait) => {
                let page = sheet(&visitor, &door).await?;
                return page.too_many(&visitor, wait).show(&visitor);
            }
            Admitted::Busy => return sheet(&visitor, &door).await?.busy(&visitor).show(&visitor),
        }
    }
    // Whatever comes of it: what was kept is good for one try.
    visitor.drop_cookie(QUESTION);
    let asked = asked(&visitor, &door, kept).await;
    drop(permit);
    let not = match asked {
        Ok(person) => match linked(&visitor, person).await? {
            Linked::Done { shared } => return done(visitor, &shared),
            Linked::Others => Not::Others,
            Linked::Stranger => return Err(Problem::Stranger),
        },
        Err(not) => not,
    };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let (status, words) = match not {
        Not::Declined => (refused, "vk-declined"),
        Not::Others => (refused, "vk-others"),
        Not::Vk(error) => {
            tracing::info!(%error, "a login at VK came to nothing");
            match error {
                VkIdError::Stranger | VkIdError::Refused(_) => (refused, "vk-not"),
                VkIdError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "vk-away"),
            }
        }
    };
    let page = sheet(&visitor, &door).await?;
    page.bad(status, visitor.t(words)).show(&visitor)
}

/// What this browser has kept, if this session has begun it a moment ago.
fn kept(visitor: &Visitor) -> Result<Option<Kept>, Problem> {
    let session = visitor.owner()?.id;
    let (vault, now) = (&visitor.site.vault, visitor.site.store.clock().now());
    let cookie = visitor.cookie(QUESTION);
    Ok(cookie.and_then(|cookie| Kept::unseal(vault, session, now, cookie)))
}

/// Who it is that has come back.
async fn asked(visitor: &Visitor, door: &VkDoor, kept: Option<Kept>) -> Result<Person, Not> {
    let said = |name| visitor.asked(name).unwrap_or_default().to_owned();
    let Some(kept) = kept else {
        return Err(Not::Vk(VkIdError::Stranger));
    };
    let (code, state) = (said("code"), said("state"));
    if code.is_empty() {
        return Err(Not::Declined);
    }
    if code.len() > LONGEST_CODE {
        return Err(Not::Vk(VkIdError::Refused(
            "a code of ours is shorter".to_owned(),
        )));
    }
    let back = Back {
        code: SecretString::from(code),
        state: SecretString::from(state),
        device_id: said("device_id"),
    };
    door.login.person(&kept, &back).await.map_err(Not::Vk)
}

async fn linked(visitor: &Visitor, person: Person) -> Result<Linked, Problem> {
    let session = visitor.owner()?.clone();
    let linked = visitor
        .site
        .store
        .write("pages.vk.link", move |tx| {
            let (session, person) = (session.clone(), person.clone());
            Box::pin(async move { link::link(tx, &session, &person).await })
        })
        .await?;
    Ok(linked)
}

fn done(mut visitor: Visitor, shared: &Shared) -> Result<Response, Problem> {
    let done = match shared {
        Shared::Not => "linked",
        Shared::Kept(_) => "number",
        Shared::Asks(phone) => {
            let now = visitor.site.store.clock().now();
            let sealed = login::seal_number(&visitor.site.vault, visitor.owner()?.id, now, phone);
            visitor.keep(NUMBER, &sealed, AWAY);
            "asks"
        }
    };
    Ok(visitor.go(&format!("{HERE}?done={done}")))
}

/// Only what this session has shared a moment ago, after a fresh login, so that none is asked for once more.
async fn take_number(posted: Posted) -> Result<Response, Problem> {
    let keeps = posted.field("keep") == "yes";
    let mut visitor = posted.visitor;
    let door = door(&visitor)?;
    let shared = shared_number(&visitor)?;
    visitor.drop_cookie(NUMBER);
    if keeps {
        return Ok(visitor.go(HERE));
    }
    let Some(phone) = shared else {
        let page = sheet(&visitor, &door).await?;
        return page
            .bad(StatusCode::UNPROCESSABLE_ENTITY, visitor.t("vk-not"))
            .show(&visitor);
    };
    let session = visitor.owner()?.clone();
    let taken = visitor
        .site
        .store
        .write("pages.vk.number", move |tx| {
            let (session, phone) = (session.clone(), phone.clone());
            Box::pin(async move { link::take_number(tx, &session, &phone).await })
        })
        .await?;
    taken.ok_or(Problem::Stranger)?;
    Ok(visitor.go("/cabinet/vk?done=taken"))
}

async fn unlink(posted: Posted) -> Result<Response, Problem> {
    let mut visitor = posted.visitor;
    door(&visitor)?;
    if !is_fresh(&visitor)? {
        return log_in_anew(&visitor, HERE, HERE);
    }
    let customer = visitor.owner()?.customer;
    visitor
        .site
        .store
        .write("pages.vk.unlink", move |tx| {
            Box::pin(async move { link::unlink(tx, customer).await })
        })
        .await
        .map_err(|error: StoreError| error)?;
    visitor.drop_cookie(NUMBER);
    Ok(visitor.go("/cabinet/vk?done=unlinked"))
}
