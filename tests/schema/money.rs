//! Guards of money: attempts, payments and refunds.

use kiosk::store::ErrorKind::{Constraint, Unique};

use crate::on_both_engines;
use crate::schema::clock;
use crate::schema::guards::{Guard, never, rule, try_all};

macro_rules! payment {
    ($charge:literal, $disposition:literal, $order:literal, $attempt:literal, $currency:literal, $amount:literal) => {
        concat!(
            "INSERT INTO payments (provider, charge_id, disposition, order_id, attempt_id, currency, amount_minor, received_at)
             VALUES ('stars', '", $charge, "', '", $disposition, "', ", $order, ", ", $attempt, ", '", $currency, "', ", $amount, ", 1)"
        )
    };
    ($charge:literal, $disposition:literal, $currency:literal, $amount:literal) => {
        payment!($charge, $disposition, "(SELECT MIN(id) FROM orders)", "(SELECT MIN(id) FROM payment_attempts)", $currency, $amount)
    };
}
macro_rules! refund {
    ($name:literal, $key:literal, $amount:literal) => {
        concat!(
            "INSERT INTO refunds (public_id, payment_id, idem_key, amount_minor, reason, created_at, changed_at)
             SELECT CAST('", $name, "' AS BYTEA), id, '", $key, "', ", $amount, ", 'why', 1, 1 FROM payments"
        )
    };
}
macro_rules! attempt {
    ($name:literal, $method:literal, $number:literal, $currency:literal, $amount:literal) => {
        concat!(
            "INSERT INTO payment_attempts
                 (public_id, order_id, method, attempt_no, currency, amount_minor, state, created_at, changed_at)
             SELECT CAST('", $name, "' AS BYTEA), id, '", $method, "', ", $number, ", '", $currency, "', ", $amount, ", 'open', 1, 1
             FROM orders"
        )
    };
}

const APPLIED: &str = payment!("c1", "applied", "XTR", "100");
const PROMISED: &str = "UPDATE payments SET refund_committed_minor = 60";
const ANOTHER: &str = attempt!("another asking..", "yookassa", "1", "RUB", "500");
const SECOND_ORDER: &str =
    "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
    SELECT CAST('the second order' AS BYTEA), id, 'other', 1, 1, 1 FROM customers";

const GUARDS: &[Guard] = &[
    // Attempts.
    rule(
        ANOTHER,
        attempt!("the first asking", "yookassa", "1", "RUB", "500"),
        Unique,
    ),
    rule(
        ANOTHER,
        attempt!("short", "yookassa", "1", "RUB", "500"),
        Constraint,
    ),
    rule(
        ANOTHER,
        attempt!("another asking..", "cash", "1", "RUB", "500"),
        Constraint,
    ),
    rule(
        ANOTHER,
        attempt!("another asking..", "yookassa", "0", "RUB", "500"),
        Constraint,
    ),
    rule(
        ANOTHER,
        attempt!("another asking..", "yookassa", "1", "ROUBLE", "500"),
        Constraint,
    ),
    rule(
        ANOTHER,
        attempt!("another asking..", "yookassa", "1", "RUB", "0"),
        Constraint,
    ),
    // One live attempt per method; one number is one attempt, live or not.
    rule(
        ANOTHER,
        attempt!("another asking..", "stars", "2", "XTR", "100"),
        Unique,
    ),
    Guard {
        before: &["UPDATE payment_attempts SET state = 'failed'"],
        good: attempt!("another asking..", "stars", "2", "XTR", "100"),
        bad: attempt!("another asking..", "stars", "1", "XTR", "100"),
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[
            "UPDATE payment_attempts SET state = 'failed', provider_invoice_id = 'i'",
            attempt!("another asking..", "stars", "2", "XTR", "100"),
        ],
        good: "UPDATE payment_attempts SET provider_invoice_id = 'j' WHERE attempt_no = 2",
        bad: "UPDATE payment_attempts SET provider_invoice_id = 'i' WHERE attempt_no = 2",
        kind: Unique,
        says: "",
    },
    never(
        &[],
        "UPDATE payment_attempts SET amount_minor = 1",
        "amount are fixed",
    ),
    never(
        &[],
        "UPDATE payment_attempts SET currency = 'RUB'",
        "amount are fixed",
    ),
    never(
        &[],
        "UPDATE payment_attempts SET method = 'yookassa'",
        "amount are fixed",
    ),
    never(
        &[],
        "UPDATE payment_attempts SET attempt_no = 2",
        "amount are fixed",
    ),
    never(
        &[],
        "UPDATE payment_attempts SET order_id = order_id",
        "amount are fixed",
    ),
    never(
        &[],
        "UPDATE payment_attempts SET public_id = CAST('another asking..' AS BYTEA)",
        "amount are fixed",
    ),
    // An applied payment covers its attempt, which is the order's, in its currency, by its method.
    rule(
        payment!("c1", "applied", "XTR", "101"),
        payment!("c1", "applied", "XTR", "99"),
        Constraint,
    ),
    never(
        &[],
        payment!("c1", "applied", "XTR", "99"),
        "does not cover its attempt",
    ),
    never(
        &[],
        payment!("c1", "applied", "RUB", "100"),
        "does not cover its attempt",
    ),
    never(
        &[ANOTHER],
        payment!(
            "c1",
            "applied",
            "(SELECT id FROM orders)",
            "(SELECT MAX(id) FROM payment_attempts)",
            "RUB",
            "500"
        ),
        "does not cover its attempt",
    ),
    never(
        &[SECOND_ORDER],
        payment!(
            "c1",
            "applied",
            "(SELECT MAX(id) FROM orders)",
            "(SELECT id FROM payment_attempts)",
            "XTR",
            "100"
        ),
        "does not cover its attempt",
    ),
    rule(
        payment!("c1", "short", "XTR", "99"),
        payment!("c1", "lost", "XTR", "99"),
        Constraint,
    ),
    rule(
        payment!("c1", "unmatched", "NULL", "NULL", "XTR", "100"),
        payment!("c1", "excess", "NULL", "NULL", "XTR", "100"),
        Constraint,
    ),
    rule(
        payment!("c1", "short", "XTR", "0"),
        payment!("c1", "short", "XTR", "-1"),
        Constraint,
    ),
    rule(APPLIED, payment!("", "applied", "XTR", "100"), Constraint),
    rule(
        payment!("c1", "wrong_currency", "RUB", "1"),
        payment!("c1", "wrong_currency", "ROUBLE", "1"),
        Constraint,
    ),
    Guard {
        before: &[APPLIED],
        good: payment!("c2", "excess", "XTR", "100"),
        bad: payment!("c1", "excess", "XTR", "100"),
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[APPLIED],
        good: payment!("c2", "excess", "XTR", "100"),
        bad: payment!("c2", "applied", "XTR", "100"),
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[APPLIED],
        good: "UPDATE payments SET refund_committed_minor = 100",
        bad: "UPDATE payments SET refund_committed_minor = 101",
        kind: Constraint,
        says: "",
    },
    Guard {
        before: &[APPLIED],
        good: PROMISED,
        bad: "UPDATE payments SET refund_committed_minor = -1",
        kind: Constraint,
        says: "",
    },
    never(
        &[APPLIED],
        "UPDATE payments SET amount_minor = 1000",
        "facts are fixed",
    ),
    never(
        &[APPLIED],
        "UPDATE payments SET disposition = 'excess'",
        "facts are fixed",
    ),
    never(
        &[APPLIED],
        "UPDATE payments SET charge_id = 'c9'",
        "facts are fixed",
    ),
    never(
        &[APPLIED],
        "UPDATE payments SET provider = 'yookassa'",
        "facts are fixed",
    ),
    never(
        &[APPLIED],
        "UPDATE payments SET currency = 'RUB'",
        "facts are fixed",
    ),
    never(
        &[APPLIED],
        "UPDATE payments SET order_id = order_id",
        "facts are fixed",
    ),
    never(
        &[APPLIED],
        "UPDATE payments SET attempt_id = NULL",
        "facts are fixed",
    ),
    never(
        &[APPLIED],
        "UPDATE payments SET payer_telegram_id = 8",
        "facts are fixed",
    ),
    never(
        &[APPLIED],
        "UPDATE payments SET received_at = 8",
        "facts are fixed",
    ),
    never(&[APPLIED], "DELETE FROM payments", "never deleted"),
    // Refunds are taken from what was promised.
    Guard {
        before: &[APPLIED, PROMISED],
        good: refund!("the first refund", "k", "60"),
        bad: refund!("the first refund", "k", "61"),
        kind: Constraint,
        says: "more than was committed",
    },
    Guard {
        before: &[APPLIED, PROMISED, refund!("the first refund", "k", "40")],
        good: refund!("the other refund", "l", "20"),
        bad: refund!("the other refund", "l", "21"),
        kind: Constraint,
        says: "more than was committed",
    },
    Guard {
        before: &[
            APPLIED,
            PROMISED,
            refund!("the first refund", "k", "40"),
            "UPDATE refunds SET state = 'sending'",
            "UPDATE refunds SET state = 'failed'",
        ],
        good: refund!("the other refund", "l", "60"),
        bad: refund!("the other refund", "l", "61"),
        kind: Constraint,
        says: "more than was committed",
    },
    Guard {
        before: &[APPLIED, PROMISED, refund!("the first refund", "k", "40")],
        good: "UPDATE payments SET refund_committed_minor = 40",
        bad: "UPDATE payments SET refund_committed_minor = 39",
        kind: Constraint,
        says: "its refunds are more than that",
    },
    Guard {
        before: &[APPLIED, PROMISED, refund!("the first refund", "k", "10")],
        good: refund!("the other refund", "l", "10"),
        bad: refund!("the other refund", "k", "10"),
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[APPLIED, PROMISED, refund!("the first refund", "k", "10")],
        good: refund!("the other refund", "l", "10"),
        bad: refund!("the first refund", "l", "10"),
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[APPLIED, PROMISED],
        good: refund!("the first refund", "k", "1"),
        bad: refund!("the first refund", "k", "0"),
        kind: Constraint,
        says: "",
    },
    never(
        &[APPLIED, PROMISED, refund!("the first refund", "k", "10")],
        "UPDATE refunds SET amount_minor = 20",
        "amount are fixed",
    ),
    never(
        &[APPLIED, PROMISED, refund!("the first refund", "k", "10")],
        "UPDATE refunds SET idem_key = 'x'",
        "amount are fixed",
    ),
    never(
        &[APPLIED, PROMISED, refund!("the first refund", "k", "10")],
        "UPDATE refunds SET payment_id = payment_id",
        "amount are fixed",
    ),
    never(
        &[APPLIED, PROMISED, refund!("the first refund", "k", "10")],
        "UPDATE refunds SET public_id = CAST('the other refund' AS BYTEA)",
        "amount are fixed",
    ),
    never(
        &[APPLIED, PROMISED, refund!("the first refund", "k", "10")],
        "DELETE FROM refunds",
        "never deleted",
    ),
];

on_both_engines! {
    async fn each_guard_of_money_holds(db: TestDb) {
        let store = db.store(&clock()).await;
        try_all(&store, GUARDS).await;
    }
}
