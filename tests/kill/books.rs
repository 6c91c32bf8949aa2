//! What must be true afterwards: every charge has its key or its refund, no key was shown to two people, nothing that
//! Telegram was told is taken is missing, and the books are clean.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use kiosk::store::{Store, StoreError};
use kiosk::{binds, sql};
use kiosk_emulator::Control;

use super::buyers::{keys_of, keys_of_text};
use crate::support::shop::quiet_audit;

sql! {
    UNFINISHED = "kill.unfinished",
        "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'new')
              + (SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'sending'))";
    EVENTS = "kill.events", "SELECT event_id FROM inbox WHERE source LIKE 'telegram:%'";
    pub SENDING = "kill.sending", "SELECT COUNT(*) FROM outbox WHERE state = 'sending'";
    pub LEASED = "kill.leased", "SELECT COUNT(*) FROM lanes WHERE owner IS NOT NULL";
    KNOWN = "kill.known", "SELECT COUNT(*) FROM payments";
}

/// The number that a statement answers with.
pub async fn count(store: &Store, sql: &'static kiosk::store::Sql) -> i64 {
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

/// Returns when everything is finished and every charge is known.
async fn quiet(store: &Store, control: &Control) {
    let control = control.with_deadline(Duration::from_mins(1));
    let charges = control.charges().len() as i64;
    loop {
        while count(store, &KNOWN).await < charges || count(store, &UNFINISHED).await > 0 {
            tokio::task::yield_now().await;
        }
        // What the last letters made Telegram tell us is taken too.
        control
            .wait_until_confirmed()
            .await
            .expect("all updates are taken");
        if count(store, &UNFINISHED).await == 0 {
            return;
        }
    }
}

/// Waits until the shop is quiet, and looks at everything. Returns how many charges there were.
pub async fn expect_clean(store: &Store, control: &Control, users: &[i64]) -> usize {
    quiet(store, control).await;
    let findings = quiet_audit(store).await;
    assert_eq!(findings, [], "the books are clean");
    let charges = control.charges();
    let mut owner: HashMap<String, i64> = HashMap::new();
    for &user in users {
        let kept = charges
            .iter()
            .filter(|it| it.payer == user && !it.refunded)
            .count();
        let keys = keys_of(control, user);
        assert_eq!(keys.len(), kept, "each charge that was kept has its key");
        for key in keys {
            assert_eq!(
                owner.insert(key, user),
                None,
                "a key is shown to one customer"
            );
        }
    }
    let known = count(store, &KNOWN).await;
    assert_eq!(known, charges.len() as i64, "each charge is in the books");
    expect_repeats_to_be_honest(control, users);
    let kept = event_ids(store).await;
    let lost: Vec<i64> = control
        .confirmed_updates()
        .into_iter()
        .filter(|id| !kept.contains(id))
        .collect();
    assert_eq!(
        lost,
        Vec::<i64>::new(),
        "what Telegram was told is taken is in the inbox"
    );
    charges.len()
}
