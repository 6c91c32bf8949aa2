//! The audit: every promise that the database alone can answer for, read from one snapshot. A sound shop has no finding.

use crate::clock::Millis;
use crate::store::{Sql, StoreError, Tx};
use crate::{binds, sql};

/// A broken promise, with the rows that show it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Which promise, such as `units-without-key`.
    pub check: &'static str,
    /// What it means, for the operator.
    pub meaning: &'static str,
    /// What it was found at, at most [`SHOWN`].
    pub subjects: Vec<String>,
}

/// The most subjects of one finding.
pub const SHOWN: usize = 20;

/// How long unfinished work may take before it is a finding, in milliseconds.
const PATIENCE: i64 = 15 * 60_000;

struct Check {
    name: &'static str,
    meaning: &'static str,
    sql: &'static Sql,
}

sql! {
    UNITS = "audit.units_without_key",
        "SELECT o.id FROM orders o JOIN order_units u ON u.order_id = o.id
         WHERE o.state = 'fulfilled'
             AND (SELECT COUNT(*) FROM keys k WHERE k.unit_id = u.id AND k.state = 'sold')
                 + (SELECT COUNT(*) FROM downloads d WHERE d.unit_id = u.id AND d.state = 'granted') <> 1
             AND o.changed_at <= $1 LIMIT 20";
    SOLD = "audit.sold_elsewhere",
        "SELECT k.id FROM keys k JOIN order_units u ON u.id = k.unit_id JOIN orders o ON o.id = u.order_id
         WHERE k.state IN ('sold', 'revoked') AND o.state NOT IN ('fulfilled', 'closed')
             AND o.changed_at <= $1 LIMIT 20";
    GRANTED = "audit.granted_elsewhere",
        "SELECT d.id FROM downloads d JOIN order_units u ON u.id = d.unit_id JOIN orders o ON o.id = u.order_id
         WHERE d.state IN ('granted', 'revoked') AND o.state NOT IN ('fulfilled', 'closed')
             AND o.changed_at <= $1 LIMIT 20";
    STARTED = "audit.started_uncounted",
        "SELECT d.id FROM downloads d
         WHERE d.changed_at <= $1
             AND d.started < (SELECT COUNT(*) FROM download_starts s WHERE s.download_id = d.id) LIMIT 20";
    UNPAID = "audit.fulfilled_unpaid",
        "SELECT o.id FROM orders o
         WHERE o.state IN ('paid', 'fulfilled')
             AND EXISTS (SELECT 1 FROM payment_attempts a WHERE a.order_id = o.id)
             AND NOT EXISTS (
                 SELECT 1 FROM payments p JOIN payment_attempts a ON a.id = p.attempt_id
                 WHERE p.order_id = o.id AND p.disposition = 'applied' AND p.amount_minor >= a.amount_minor)
             AND o.changed_at <= $1 LIMIT 20";
    STUCK_PAID = "audit.paid_without_keys",
        "SELECT o.id FROM orders o WHERE o.state = 'paid' AND o.changed_at <= $1 LIMIT 20";
    APPLIED = "audit.applied_unfinished",
        "SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id
         WHERE p.disposition = 'applied' AND o.state NOT IN ('fulfilled', 'closed')
             AND NOT EXISTS (SELECT 1 FROM attention t WHERE t.order_id = o.id AND t.state = 'open')
             AND p.received_at <= $1 LIMIT 20";
    MISFIT = "audit.money_neither_back_nor_in_attention",
        "SELECT p.id FROM payments p
         WHERE p.disposition <> 'applied' AND p.amount_minor > 0
             AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.payment_id = p.id AND r.state <> 'failed')
             AND NOT EXISTS (SELECT 1 FROM attention t WHERE t.payment_id = p.id)
             AND p.received_at <= $1 LIMIT 20";
    RESERVED = "audit.reserved_for_dead_order",
        "SELECT k.id FROM keys k JOIN order_units u ON u.id = k.unit_id JOIN orders o ON o.id = u.order_id
         WHERE k.state = 'reserved' AND o.state <> 'open' AND o.changed_at <= $1 LIMIT 20";
    UNHELD = "audit.open_without_hold",
        "SELECT o.id FROM orders o JOIN order_units u ON u.order_id = o.id
         WHERE o.state = 'open' AND o.changed_at <= $1
             AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.unit_id = u.id AND k.state = 'reserved')
             AND NOT EXISTS (SELECT 1 FROM downloads d WHERE d.unit_id = u.id AND d.state = 'promised') LIMIT 20";
    OVERDUE = "audit.open_past_its_hold",
        "SELECT o.id FROM orders o
         WHERE o.state = 'open' AND o.expires_at <= $1
             AND (o.approved_until IS NULL OR o.approved_until <= $1) LIMIT 20";
    REFUNDS = "audit.refund_unfinished",
        "SELECT r.id FROM refunds r
         WHERE r.state IN ('requested', 'sending', 'unknown') AND r.changed_at <= $1
             AND NOT EXISTS (SELECT 1 FROM attention t WHERE t.payment_id = r.payment_id AND t.state = 'open') LIMIT 20";
    REFUND_FAILED = "audit.refund_failed_unseen",
        "SELECT r.id FROM refunds r
         WHERE r.state = 'failed' AND r.changed_at <= $1
             AND NOT EXISTS (SELECT 1 FROM attention t WHERE t.payment_id = r.payment_id) LIMIT 20";
    OVER_REFUNDED = "audit.more_back_than_came",
        "SELECT p.id FROM payments p
         WHERE p.amount_minor < (SELECT COALESCE(SUM(r.amount_minor), 0) FROM refunds r
                 WHERE r.payment_id = p.id AND r.state <> 'failed')
             AND p.received_at <= $1 LIMIT 20";
    OUTBOX = "audit.letter_unfinished",
        "SELECT b.id FROM outbox b
         WHERE b.state IN ('pending', 'sending') AND b.created_at <= $1
             AND NOT EXISTS (SELECT 1 FROM attention t WHERE t.state = 'open'
                 AND t.kind = 'outbox.late' AND t.subject = b.kind || ':' || CAST(b.id AS TEXT)) LIMIT 20";
    DELIVERY = "audit.fulfilled_without_delivery",
        "SELECT c.id
         FROM (SELECT customer_id, COUNT(*) AS orders FROM orders
               WHERE state = 'fulfilled' AND changed_at <= $1 GROUP BY customer_id) AS f
         JOIN customers c ON c.id = f.customer_id
         LEFT JOIN (SELECT chat_id, COUNT(*) AS letters FROM outbox
               WHERE kind = 'delivery' GROUP BY chat_id) AS d ON d.chat_id = c.telegram_id
         WHERE f.orders > COALESCE(d.letters, 0) LIMIT 20";
    INBOX = "audit.fact_unfinished",
        "SELECT seq FROM inbox WHERE state = 'new' AND due_at <= $1 LIMIT 20";
    INBOX_DEAD = "audit.dead_fact_unseen",
        "SELECT i.seq FROM inbox i
         WHERE i.state = 'dead' AND i.received_at <= $1
             AND NOT EXISTS (SELECT 1 FROM attention t
                 WHERE t.kind = 'inbox.dead' AND t.subject = CAST(i.seq AS TEXT)) LIMIT 20";
    KEYS_LOST = "audit.key_state_without_event",
        "SELECT k.id FROM keys k
         WHERE k.state <> 'available' AND k.changed_at <= $1
             AND k.state <> COALESCE((SELECT e.to_state FROM key_events e
                 WHERE e.key_id = k.id ORDER BY e.id DESC LIMIT 1), '') LIMIT 20";
    KEY_TWICE = "audit.key_sold_twice",
        "SELECT e.key_id FROM key_events e WHERE e.to_state = 'sold' AND e.at <= $1
         GROUP BY e.key_id HAVING COUNT(*) > 1 LIMIT 20";
    CONFIRMED = "audit.confirmation_misused",
        "SELECT id FROM confirmations
         WHERE (uses > 1 OR (state = 'consumed') <> (uses = 1) OR tries > 5) AND changed_at <= $1 LIMIT 20";
    CONFIRMATION = "audit.confirmation_past_its_time",
        "SELECT id FROM confirmations WHERE state = 'live' AND expires_at <= $1 - 3600000 LIMIT 20";
    ORDER_EVENTS = "audit.order_chain",
        "SELECT e.id FROM order_events e
         WHERE e.at <= $1 AND NOT EXISTS (SELECT 1 FROM state_transitions s
             WHERE s.entity = 'order' AND s.from_state = e.from_state AND s.to_state = e.to_state) LIMIT 20";
    ERASED = "audit.erased_and_known",
        "SELECT c.id FROM customers c
         WHERE c.erased_at <= $1 AND (c.telegram_id > 0 OR c.name <> '' OR c.given_name IS NOT NULL
             OR c.phone IS NOT NULL OR c.email IS NOT NULL OR c.vk_user_id IS NOT NULL
             OR EXISTS (SELECT 1 FROM passwords p WHERE p.customer_id = c.id)
             OR EXISTS (SELECT 1 FROM sessions s
                 WHERE s.customer_id = c.id AND s.ended_at IS NULL AND s.expires_at > c.erased_at)) LIMIT 20";
    ORDER_STATE = "audit.order_state_without_event",
        "SELECT o.id FROM orders o
         WHERE o.changed_at <= $1 AND o.state <> COALESCE((SELECT e.to_state FROM order_events e
             WHERE e.order_id = o.id ORDER BY e.id DESC LIMIT 1), '') LIMIT 20";
}

static CHECKS: &[Check] = &[
    check(
        "units-without-key",
        "A fulfilled order has a unit without its one sold key or granted download.",
        &UNITS,
    ),
    check(
        "sold-elsewhere",
        "A sold key belongs to an order that is not fulfilled.",
        &SOLD,
    ),
    check(
        "granted-elsewhere",
        "A download can be fetched, or could once, and its order is not fulfilled.",
        &GRANTED,
    ),
    check(
        "started-uncounted",
        "A download was started more often than was counted.",
        &STARTED,
    ),
    check(
        "fulfilled-unpaid",
        "An order has keys and no payment that covers it.",
        &UNPAID,
    ),
    check(
        "paid-without-keys",
        "An order is paid and has no keys.",
        &STUCK_PAID,
    ),
    check(
        "applied-unfinished",
        "Money was taken for an order that is not finished, and no task is open.",
        &APPLIED,
    ),
    check(
        "misfit-money",
        "Money that fits no order is neither on its way back nor with staff.",
        &MISFIT,
    ),
    check(
        "reserved-for-dead-order",
        "A key is held by an order that is no longer open.",
        &RESERVED,
    ),
    check(
        "open-without-hold",
        "An open order has a unit without a held key or a promised download.",
        &UNHELD,
    ),
    check(
        "open-past-its-hold",
        "An order should have expired.",
        &OVERDUE,
    ),
    check(
        "refund-unfinished",
        "A refund is neither done nor with staff.",
        &REFUNDS,
    ),
    check(
        "refund-failed-unseen",
        "A refund failed and no task tells of it.",
        &REFUND_FAILED,
    ),
    check(
        "more-back-than-came",
        "More money goes back than came.",
        &OVER_REFUNDED,
    ),
    check(
        "letter-unfinished",
        "A letter waits past its time.",
        &OUTBOX,
    ),
    check(
        "fulfilled-without-delivery",
        "An order has keys and its customer no letter with them.",
        &DELIVERY,
    ),
    check(
        "fact-unfinished",
        "A received fact waits past its time.",
        &INBOX,
    ),
    check(
        "dead-fact-unseen",
        "A fact was put aside and no task tells of it.",
        &INBOX_DEAD,
    ),
    check(
        "key-state-without-event",
        "A key's state is not what its history says.",
        &KEYS_LOST,
    ),
    check("key-sold-twice", "A key was sold twice.", &KEY_TWICE),
    check(
        "confirmation-misused",
        "A confirmation was used twice, or took more tries than it has.",
        &CONFIRMED,
    ),
    check(
        "confirmation-past-its-time",
        "A confirmation should have ended an hour ago.",
        &CONFIRMATION,
    ),
    check(
        "erased-and-known",
        "Somebody who is erased is still known, or can still get in.",
        &ERASED,
    ),
    check(
        "order-chain",
        "An order's history has a step that no order may take.",
        &ORDER_EVENTS,
    ),
    check(
        "order-state-without-event",
        "An order's state is not what its history says.",
        &ORDER_STATE,
    ),
];

const fn check(name: &'static str, meaning: &'static str, sql: &'static Sql) -> Check {
    Check { name, meaning, sql }
}

/// Runs every check; with `strict` also on what is still within its time. Call it in one snapshot.
pub async fn audit(tx: &mut Tx<'_>, strict: bool) -> Result<Vec<Finding>, StoreError> {
    let judged: Millis = tx.now() - if strict { 0 } else { PATIENCE };
    let mut findings = Vec::new();
    for check in CHECKS {
        let rows: Vec<(i64,)> = tx.all(check.sql, binds![judged]).await?;
        if !rows.is_empty() {
            findings.push(Finding {
                check: check.name,
                meaning: check.meaning,
                subjects: rows.into_iter().map(|row| row.0.to_string()).collect(),
            });
        }
    }
    Ok(findings)
}

/// How many checks there are.
pub fn checks() -> usize {
    CHECKS.len()
}
