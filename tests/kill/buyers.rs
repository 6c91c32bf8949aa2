//! Customers who buy on, whatever happens to the shop.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kiosk_emulator::{Control, CustomerSpec, PayOptions, View};
use tokio::task::JoinHandle;

use crate::support::shop::SLUG;

const BUYERS: usize = 8;
/// A step of a buyer that takes longer is begun anew: the shop was killed in its middle.
pub const STEP: Duration = Duration::from_secs(12);

/// A crowd at work.
pub struct Crowd {
    /// Their Telegram ids.
    pub users: Vec<i64>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Begins to buy.
    pub fn gather(control: &Control) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (mut users, mut tasks) = (Vec::new(), Vec::new());
        for at in 0..BUYERS {
            let user = control.customer(CustomerSpec::named(format!("Buyer {at}")).speaking("en"));
            control.set_stars(user, 100_000_000);
            users.push(user);
            tasks.push(tokio::spawn(buy_on(control.clone(), user, stop.clone())));
        }
        Self { users, stop, tasks }
    }

    /// Each ends what it has begun.
    pub async fn rest(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks.drain(..) {
            task.await.expect("no buyer panics");
        }
    }
}

/// Returns when more money has moved, or after a step's time.
pub async fn more_money(control: &Control, more: usize) -> bool {
    let charges = control.charges().len();
    control
        .wait(STEP, move |view: &View<'_>| {
            (view.charges().len() > charges + more).then_some(())
        })
        .await
        .is_ok()
}

/// Returns when money has moved and the bot has made a few more calls, or, one time in three, at any other moment. True
/// if money moved.
pub async fn a_bad_moment(control: &Control, kill: usize) -> bool {
    let calls = control.counts().calls;
    if kill.is_multiple_of(3) {
        let more = u64::from(chance(30));
        let _ = control
            .wait(STEP, move |view: &View<'_>| {
                (view.counts().calls > calls + more).then_some(())
            })
            .await;
        return false;
    }
    let moved = more_money(control, 0).await;
    let (calls, more) = (control.counts().calls, u64::from(chance(4)));
    let _ = control
        .wait(Duration::from_millis(50), move |view: &View<'_>| {
            (view.counts().calls >= calls + more).then_some(())
        })
        .await;
    moved
}

/// A number below `below`.
pub fn chance(below: u8) -> u8 {
    let mut byte = [0];
    getrandom::fill(&mut byte).expect("chance");
    byte[0] % below
}

/// Buys until told to stop, whatever happens to the shop meanwhile.
async fn buy_on(control: Control, user: i64, stop: Arc<AtomicBool>) {
    let control = control.with_deadline(STEP);
    while !stop.load(Ordering::Relaxed) {
        let Some(invoice) = invoice(&control, user).await else {
            continue;
        };
        let options = match chance(8) {
            // Told twice; never told; paid once more without being asked.
            0 => PayOptions {
                times: 2,
                ..PayOptions::default()
            },
            1 => PayOptions {
                lose_notice: true,
                ..PayOptions::default()
            },
            2 => {
                control.pay(user, invoice, PayOptions::default()).await;
                control.charge_silently(user, invoice, PayOptions::default());
                continue;
            }
            _ => PayOptions::default(),
        };
        let lost = options.lose_notice;
        let paid = control.pay(user, invoice, options).await;
        if paid.charge_id().is_some() && !lost {
            let before = keys_of(&control, user).len();
            let _ = control
                .wait(STEP, |view: &View<'_>| {
                    (keys_in(view, user).len() > before).then_some(())
                })
                .await;
        }
    }
}

/// An order and its invoice; `None` if the shop went away in between.
async fn invoice(control: &Control, user: i64) -> Option<i64> {
    let last = control.last_message(user).map_or(0, |it| it.message_id);
    control.say(user, &format!("/start p_{SLUG}"));
    tap(control, user, "⚡ Buy now", last).await?;
    tap(control, user, "⭐ Pay with Stars", last).await?;
    let invoice = control
        .wait(STEP, |view: &View<'_>| {
            let mut all = view.messages(user).rev();
            let found = all.find(|it| it.message_id > last && it.invoice.is_some())?;
            Some(found.message_id)
        })
        .await;
    invoice.ok()
}

/// Taps the newest such button under a message after `last`.
async fn tap(control: &Control, user: i64, label: &str, last: i64) -> Option<()> {
    let button = control
        .wait(STEP, |view: &View<'_>| {
            view.messages(user)
                .rev()
                .take_while(|it| it.message_id > last)
                .find_map(|it| {
                    let mut buttons = it.keyboard.iter().flatten();
                    let button = buttons.find(|button| button.text == label)?;
                    Some((it.message_id, button.callback_data.clone()?))
                })
        })
        .await
        .ok()?;
    control.press(user, button.0, &button.1).ok()?;
    Some(())
}

/// The keys that `user` was shown.
pub fn keys_of(control: &Control, user: i64) -> HashSet<String> {
    let texts = control.messages(user);
    texts.iter().flat_map(|it| keys_of_text(&it.text)).collect()
}

fn keys_in(view: &View<'_>, user: i64) -> HashSet<String> {
    view.messages(user)
        .flat_map(|it| keys_of_text(&it.text))
        .collect()
}

/// The keys in a text.
pub fn keys_of_text(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|word| word.starts_with("zeta-month-"))
        .map(str::to_owned)
        .collect()
}
