//! Customers who register, order and open their cabinet, whatever happens to the shop. No answer may be lost: who waits
//! for one in vain fails the test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use kiosk_emulator::{PayOptions, View};
use reqwest::Method;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::customers::code_in;
use super::mortal::Mortal;
use super::world::{PAGES, World};
use crate::support::shop::SLUG;
use crate::web::browser::{Answer, Browser};

const AT_ONCE: u32 = 3;
const PASSWORD: &str = "slow green bicycle";
/// An invoice that has not come by then may never come: it is sent at most once.
const INVOICE: Duration = Duration::from_secs(2);

/// Somebody who is through.
#[derive(Clone, Debug)]
pub struct Known {
    pub user: i64,
    pub number: String,
    pub address: String,
}

/// A crowd at work.
pub struct Crowd {
    rests: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Vec<Known>>>,
}

impl Crowd {
    /// Begins.
    pub fn gather(shop: &Mortal<'_>) -> Self {
        let (rests, next) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU32::new(1)),
        );
        let task = |_| {
            let (world, pages) = (shop.world.clone(), shop.watches_pages());
            tokio::spawn(one_after_another(world, pages, next.clone(), rests.clone()))
        };
        Self {
            tasks: (0..AT_ONCE).map(task).collect(),
            rests,
        }
    }

    /// Each ends what it has begun.
    pub async fn rest(self) -> Vec<Known> {
        self.rests.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in self.tasks {
            all.extend(task.await.expect("no customer waits in vain"));
        }
        all
    }
}

async fn one_after_another(
    world: World,
    pages: watch::Receiver<String>,
    next: Arc<AtomicU32>,
    rests: Arc<AtomicBool>,
) -> Vec<Known> {
    let mut done = Vec::new();
    while !rests.load(Ordering::Relaxed) {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let known = Known {
            user: world.customer(&format!("Customer {at}")),
            number: format!("+7999000{at:04}"),
            address: format!("customer{at}@example.org"),
        };
        registers(&world, &known, at.is_multiple_of(2)).await;
        buys(&world, known.user).await;
        opens_cabinet(&world, pages.clone(), &known).await;
        done.push(known);
    }
    done
}

async fn says(world: &World, user: i64, text: &str, words: &str) {
    let before = world.seen(user);
    world.control.say(user, text);
    world.shows(user, &before, words).await;
}

async fn taps(world: &World, user: i64, label: &str, words: &str) {
    let before = world.seen(user);
    world.presses(user, label);
    world.shows(user, &before, words).await;
}

async fn registers(world: &World, known: &Known, shares: bool) {
    let (user, number, address) = (known.user, &known.number, &known.address);
    says(world, user, &format!("/start p_{SLUG}"), "Zeta, one month").await;
    taps(world, user, "⚡ Buy now", "What may we call you?").await;
    says(world, user, "Anna", "Or type a mobile number").await;
    if shares {
        let before = world.seen(user);
        world
            .control
            .share_contact(user, &number[1..], Some(user), false);
        world
            .shows(user, &before, "asks for a confirmed e-mail address")
            .await;
    } else {
        says(world, user, number, "How should we send the code").await;
        let sent = format!("on its way to {number}");
        taps(world, user, "✉️ Whichever works", &sent).await;
        let code = world.code_to(number).await;
        says(world, user, &code, "asks for a confirmed e-mail address").await;
    }
    says(world, user, address, &format!("on its way to {address}")).await;
    let mail = world.mail_to(address, "/c/", 1).await;
    says(world, user, &code_in(&mail), "asks for your consent").await;
    taps(world, user, "✅ I agree", "Is everything right?").await;
    taps(
        world,
        user,
        "▶️ Go on with my order",
        "How would you like to pay?",
    )
    .await;
}

async fn buys(world: &World, user: i64) {
    taps(
        world,
        user,
        "⭐ Pay with Stars",
        "The invoice is in this chat",
    )
    .await;
    loop {
        let unpaid = |view: &View<'_>| {
            let mut all = view.messages(user).rev();
            all.find_map(|it| it.invoice.is_some().then_some(it.message_id))
        };
        let Ok(invoice) = world.control.wait(INVOICE, unpaid).await else {
            world.presses(user, "🔁 Send the invoice again");
            continue;
        };
        let paid = world
            .control
            .pay(user, invoice, PayOptions::default())
            .await;
        if paid.charge_id().is_some() {
            break;
        }
    }
    let key = world.control.wait_for_text(user, "zeta-month-");
    key.await.expect("the key");
}

/// The pages, wherever they are served.
struct Surfer {
    browser: Browser,
    pages: watch::Receiver<String>,
}

impl Surfer {
    /// Sends a form until somebody answers. True if it may have been heard before.
    async fn submits(
        &mut self,
        page: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> (Answer, bool) {
        let mut again = false;
        loop {
            let base = self.pages.borrow_and_update().clone();
            self.browser.moves(&base);
            let look = self.browser.request(Method::GET, page);
            if let Ok(shown) = self.browser.tries(look).await {
                if !shown.text.contains(&format!("action=\"{action}\"")) {
                    return (shown, again);
                }
                let form = shown.token();
                let fields = [fields, &[("form", form.as_str())]].concat();
                let sends = self.browser.request(Method::POST, action).form(&fields);
                if let Ok(answer) = self.browser.tries(sends).await {
                    return (answer, again);
                }
                again = true;
            }
            self.pages.changed().await.expect("the shop is there");
        }
    }
}

async fn opens_cabinet(world: &World, pages: watch::Receiver<String>, known: &Known) {
    let browser = Browser::at(&pages.borrow());
    let mut surfer = Surfer { browser, pages };
    loop {
        says(world, known.user, "/profile", "Your profile").await;
        let before = world.seen(known.user);
        world.presses(known.user, "🔐 My account on the web");
        // Where the link's screen was lost, the page that it was asked for from is shown.
        let shown = world.control.wait_for_message(known.user, |it| {
            let is_either = it.text.contains(PAGES) || it.text.contains("Your profile");
            is_either && !before.contains(&(it.message_id, it.edits))
        });
        let shown = shown.await.expect("an answer").text;
        let Some((_, rest)) = shown.split_once(PAGES) else {
            continue;
        };
        let path = rest.split_whitespace().next().expect("a path").to_owned();
        let (answer, again) = surfer.submits(&path, &path, &[]).await;
        if answer.place() == "/cabinet" {
            break;
        }
        assert!(
            again,
            "a fresh link opens: {} {}",
            answer.status, answer.text
        );
        answer.shows("This link no longer works");
    }
    let fields = [("new", PASSWORD)];
    let (set, _) = surfer
        .submits("/cabinet/safety", "/cabinet/safety/password", &fields)
        .await;
    assert_eq!(set.place(), "/cabinet/safety?saved");
    surfer.browser = Browser::at(&surfer.pages.borrow());
    let fields = [("login", known.address.as_str()), ("password", PASSWORD)];
    let (entered, _) = surfer.submits("/login", "/login/password", &fields).await;
    assert_eq!(entered.place(), "/cabinet", "{}", entered.text);
}
