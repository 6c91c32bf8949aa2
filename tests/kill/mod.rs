//! `kill -9`, again and again, mostly just after money moved: afterwards every charge has its key or its refund, no key
//! was shown to two people, and the books are clean.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kiosk::clock::Clock;
use kiosk::store::{Store, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::{Control, CustomerSpec, PayOptions, View};

use crate::on_both_engines;
use crate::support::child::Child;
use crate::support::shop::{SLUG, emulator, quiet_audit, stock};

const KILLS: usize = 60;
const BUYERS: usize = 8;
const KEYS: i64 = 2_000;
/// A step of a buyer that takes longer is begun anew: the shop was killed in its middle.
const STEP: Duration = Duration::from_secs(12);

sql! {
    UNFINISHED = "kill.unfinished",
        "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'new')
              + (SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'sending'))";
    EVENTS = "kill.events", "SELECT event_id FROM inbox WHERE source LIKE 'telegram:%'";
    SENDING = "kill.sending", "SELECT COUNT(*) FROM outbox WHERE state = 'sending'";
    LEASED = "kill.leased", "SELECT COUNT(*) FROM lanes WHERE owner IS NOT NULL";
    KNOWN = "kill.known", "SELECT COUNT(*) FROM payments";
}

fn chance(below: u8) -> u8 {
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

fn keys_of(control: &Control, user: i64) -> HashSet<String> {
    let texts = control.messages(user);
    texts.iter().flat_map(|it| keys_of_text(&it.text)).collect()
}

fn keys_in(view: &View<'_>, user: i64) -> HashSet<String> {
    view.messages(user)
        .flat_map(|it| keys_of_text(&it.text))
        .collect()
}

fn keys_of_text(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|word| word.starts_with("zeta-month-"))
        .map(str::to_owned)
        .collect()
}

async fn count(store: &Store, sql: &'static kiosk::store::Sql) -> i64 {
    store
        .read("kill.count", move |tx| {
            Box::pin(async move { tx.one::<(i64,)>(sql, binds![]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("a count")
        .0
}

/// The numbers of the updates in the inbox.
async fn event_ids(store: &Store) -> HashSet<i64> {
    let rows: Vec<(String,)> = store
        .read("kill.events", |tx| Box::pin(tx.all(&EVENTS, &[])))
        .await
        .map_err(|error: StoreError| error)
        .expect("the inbox");
    rows.iter().filter_map(|row| row.0.parse().ok()).collect()
}

/// Keys may come twice, but then in the same words; an invoice never comes twice.
fn expect_repeats_to_be_honest(control: &Control, users: &[i64]) {
    let mut invoices = HashSet::new();
    for &user in users {
        let mut deliveries: HashMap<String, String> = HashMap::new();
        for message in control.messages(user) {
            if let Some(invoice) = &message.invoice {
                let payload = invoice.payload.clone();
                assert!(invoices.insert(payload), "an invoice came twice");
            }
            for key in keys_of_text(&message.text) {
                let before = deliveries.insert(key, message.text.clone());
                assert!(
                    before.is_none_or(|before| before == message.text),
                    "other words"
                );
            }
        }
    }
}

on_both_engines! {
    async fn sixty_kills_lose_no_key_and_no_money(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        stock(&store, KEYS).await;
        let emulator = emulator().await;
        let control = emulator.control();
        let mut child = Child::start(&db, &emulator.url()).await;

        let stop = Arc::new(AtomicBool::new(false));
        let mut buyers = Vec::new();
        let mut users = Vec::new();
        for at in 0..BUYERS {
            let user = control.customer(CustomerSpec::named(format!("Buyer {at}")).speaking("en"));
            control.set_stars(user, 100_000_000);
            users.push(user);
            buyers.push(tokio::spawn(buy_on(control.clone(), user, stop.clone())));
        }
        let mut after_money = 0;
        for kill in 0..KILLS {
            let charges = control.charges().len();
            let calls = control.counts().calls;
            // Two of three wait for money, and then for up to three more calls of the bot.
            if kill % 3 == 0 {
                let more = u64::from(chance(30));
                let _ = control.wait(STEP, move |view: &View<'_>| {
                    (view.counts().calls > calls + more).then_some(())
                }).await;
            } else if control.wait(STEP, move |view: &View<'_>| (view.charges().len() > charges).then_some(())).await.is_ok() {
                after_money += 1;
                let (calls, more) = (control.counts().calls, u64::from(chance(4)));
                let _ = control.wait(Duration::from_millis(50), move |view: &View<'_>| {
                    (view.counts().calls >= calls + more).then_some(())
                }).await;
            }
            child.kill().await;
            child = Child::start(&db, &emulator.url()).await;
        }
        stop.store(true, Ordering::Relaxed);
        for buyer in buyers {
            buyer.await.expect("no buyer panics");
        }
        // The reconciler reads the list when the shop opens.
        child.kill().await;
        let child = Child::start(&db, &emulator.url()).await;
        let control = control.with_deadline(Duration::from_mins(1));
        let charges = control.charges().len() as i64;
        loop {
            while count(&store, &KNOWN).await < charges || count(&store, &UNFINISHED).await > 0 {
                tokio::task::yield_now().await;
            }
            // What the last letters made Telegram tell us is taken too.
            control.wait_until_confirmed().await.expect("all updates are taken");
            if count(&store, &UNFINISHED).await == 0 {
                break;
            }
        }
        let findings = quiet_audit(&store).await;
        assert_eq!(findings, [], "the books are clean");

        let charges = control.charges();
        assert!(charges.len() > KILLS / 2, "there was money: {}", charges.len());
        let mut owner: HashMap<String, i64> = HashMap::new();
        for &user in &users {
            let kept = charges.iter().filter(|it| it.payer == user && !it.refunded).count();
            let keys = keys_of(&control, user);
            assert_eq!(keys.len(), kept, "each charge that was kept has its key");
            for key in keys {
                assert_eq!(owner.insert(key, user), None, "a key is shown to one customer");
            }
        }
        assert_eq!(count(&store, &KNOWN).await, charges.len() as i64, "each charge is in the books");
        expect_repeats_to_be_honest(&control, &users);
        let kept = event_ids(&store).await;
        let lost: Vec<i64> = control.confirmed_updates().into_iter().filter(|id| !kept.contains(id)).collect();
        assert_eq!(lost, Vec::<i64>::new(), "what Telegram was told is taken is in the inbox");
        println!("{KILLS} kills, {after_money} after money moved, {} charges, {} refunded",
            charges.len(), charges.iter().filter(|it| it.refunded).count());
        child.terminate().await;
        store.close().await;
    }

    async fn a_stop_under_load_is_orderly_and_leaves_nothing_leased(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        stock(&store, KEYS).await;
        let emulator = emulator().await;
        let control = emulator.control();
        let stop = Arc::new(AtomicBool::new(false));
        let mut buyers = Vec::new();
        for at in 0..BUYERS {
            let user = control.customer(CustomerSpec::named(format!("Buyer {at}")).speaking("en"));
            control.set_stars(user, 100_000_000);
            buyers.push(tokio::spawn(buy_on(control.clone(), user, stop.clone())));
        }
        for _ in 0..5 {
            let child = Child::start(&db, &emulator.url()).await;
            let charges = control.charges().len();
            let _ = control.wait(STEP, move |view: &View<'_>| (view.charges().len() > charges + 3).then_some(())).await;
            child.terminate().await;
            assert_eq!(count(&store, &SENDING).await, 0, "no letter is left on its way");
            if store.is_shared() {
                assert_eq!(count(&store, &LEASED).await, 0, "no lane is left leased");
            }
        }
        stop.store(true, Ordering::Relaxed);
        for buyer in buyers {
            buyer.abort();
        }
        store.close().await;
    }
}
