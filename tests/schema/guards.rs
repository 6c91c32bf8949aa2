//! Guards of everything but money: each is hit once, beside its neighbour that passes.

use kiosk::store::ErrorKind::{self, Constraint, Unique};
use kiosk::store::Store;

use crate::on_both_engines;
use crate::schema::{Verdict, clock, verdict};

/// A rule of the database.
pub struct Guard {
    /// What must be there first.
    pub before: &'static [&'static str],
    /// What is allowed; empty where nothing like it is.
    pub good: &'static str,
    /// What is not.
    pub bad: &'static str,
    pub kind: ErrorKind,
    /// A part of what a trigger says; a CHECK or an index has its engine's words.
    pub says: &'static str,
}

/// A rule that an index or a CHECK holds.
pub const fn rule(good: &'static str, bad: &'static str, kind: ErrorKind) -> Guard {
    Guard {
        before: &[],
        good,
        bad,
        kind,
        says: "",
    }
}

/// Nothing like `bad` is ever allowed.
pub const fn never(
    before: &'static [&'static str],
    bad: &'static str,
    says: &'static str,
) -> Guard {
    Guard {
        before,
        good: "",
        bad,
        kind: Constraint,
        says,
    }
}

pub async fn try_all(store: &Store, guards: &[Guard]) {
    for guard in guards {
        if !guard.good.is_empty() {
            let good = verdict(store, guard.before, guard.good).await;
            assert!(
                matches!(good, Verdict::Accepted),
                "{}: {good:?}",
                guard.good
            );
        }
        match verdict(store, guard.before, guard.bad).await {
            Verdict::Refused(kind, why) if kind == guard.kind && why.contains(guard.says) => {}
            other => panic!("{}: {other:?}", guard.bad),
        }
    }
}

pub const KEY: &str =
    "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
    SELECT id, 1, CAST('32 bytes of a key''s fingerprint.' AS BYTEA), CAST('x' AS BYTEA), 1, 1
    FROM products WHERE slug = 'vpn'";
const OTHER_KEY: &str =
    "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
    SELECT id, 2, CAST('32 bytes of another fingerprint.' AS BYTEA), CAST('x' AS BYTEA), 1, 1
    FROM products WHERE slug = 'vpn'";
pub const RESERVED: &str =
    "UPDATE keys SET state = 'reserved', unit_id = (SELECT id FROM order_units) WHERE position = 1";
const SOLD: &str = "UPDATE keys SET state = 'sold' WHERE position = 1";
const REVOKED: &str = "UPDATE keys SET state = 'revoked' WHERE position = 1";
const SECOND_UNIT: &str = "INSERT INTO order_units (order_id, line_id, unit_no, product_id)
    SELECT order_id, id, 2, product_id FROM order_lines";
const LETTER: &str = "INSERT INTO outbox (public_id, dedup_key, kind, priority, semantics, payload, due_at, created_at, changed_at)
    VALUES (CAST('the only letter.' AS BYTEA), 'd', 'k', 1, 'at_most_once', '{}', 1, 1, 1)";
const TASK: &str =
    "INSERT INTO attention (kind, subject, detail, opened_at) VALUES ('k', 's', 'd', 1)";

const GUARDS: &[Guard] = &[
    never(&[], "INSERT INTO state_transitions (entity, from_state, to_state) VALUES ('order', 'closed', 'open')", "by migrations only"),
    never(&[], "UPDATE state_transitions SET to_state = 'paid' WHERE to_state = 'closed'", "by migrations only"),
    never(&[], "DELETE FROM state_transitions", "by migrations only"),
    // Secrets, cursors, customers, products.
    rule(
        "INSERT INTO secrets (purpose, wrapped, created_at) VALUES ('link', CAST('x' AS BYTEA), 1)",
        "INSERT INTO secrets (purpose, wrapped, created_at) VALUES ('love', CAST('x' AS BYTEA), 1)",
        Constraint,
    ),
    rule(
        "INSERT INTO secrets (purpose, wrapped, created_at) VALUES ('data', CAST('x' AS BYTEA), 1), ('data', CAST('y' AS BYTEA), 1)",
        "INSERT INTO secrets (purpose, wrapped, created_at) VALUES ('link', CAST('x' AS BYTEA), 1), ('link', CAST('y' AS BYTEA), 1)",
        Unique,
    ),
    rule(
        "INSERT INTO cursors (name, position, updated_at) VALUES ('a', 0, 1)",
        "INSERT INTO cursors (name, position, updated_at) VALUES ('a', -1, 1)",
        Constraint,
    ),
    rule(
        "INSERT INTO customers (telegram_id, name, language, created_at) VALUES (8, 'Bob', 'ru', 1)",
        "INSERT INTO customers (telegram_id, name, language, created_at) VALUES (7, 'Bob', 'ru', 1)",
        Unique,
    ),
    rule("UPDATE customers SET language = 'ru'", "UPDATE customers SET language = 'xx'", Constraint),
    rule("UPDATE customers SET state = 'blocked'", "UPDATE customers SET state = 'gone'", Constraint),
    rule("UPDATE customers SET name = ''", "UPDATE customers SET name = NULL", Constraint),
    rule("UPDATE products SET slug = slug", "UPDATE products SET slug = 'vpn'", Unique),
    rule("UPDATE products SET kind = 'minted' WHERE slug = 'book'", "UPDATE products SET kind = 'paper'", Constraint),
    rule("UPDATE products SET state = 'archived'", "UPDATE products SET state = 'gone'", Constraint),
    // Orders.
    rule(
        "UPDATE orders SET approved_query = 'q', approved_until = 1",
        "UPDATE orders SET approved_query = 'q'",
        Constraint,
    ),
    Guard {
        before: &["UPDATE orders SET state = 'expired'"],
        good: "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
            SELECT CAST('the second order' AS BYTEA), customer_id, 'cart', 1, 1, 1 FROM orders",
        bad: "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
            SELECT public_id, customer_id, 'cart', 1, 1, 1 FROM orders",
        kind: Unique,
        says: "",
    },
    rule(
        "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
            SELECT CAST('the second order' AS BYTEA), customer_id, 'other', 1, 1, 1 FROM orders",
        "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
            SELECT CAST('the second order' AS BYTEA), customer_id, 'cart', 1, 1, 1 FROM orders",
        Unique,
    ),
    rule(
        "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
            SELECT CAST('the second order' AS BYTEA), customer_id, 'other', 1, 1, 1 FROM orders",
        "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
            SELECT CAST('short' AS BYTEA), customer_id, 'other', 1, 1, 1 FROM orders",
        Constraint,
    ),
    rule(
        "UPDATE orders SET expires_at = 9",
        "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
            VALUES (CAST('the second order' AS BYTEA), 999, 'other', 1, 1, 1)",
        Constraint,
    ),
    never(&[], "UPDATE orders SET checkout_key = 'x'", "whose it is does not change"),
    never(&[], "UPDATE orders SET created_at = 2", "whose it is does not change"),
    never(&[], "UPDATE orders SET customer_id = customer_id", "whose it is does not change"),
    never(&[], "UPDATE orders SET public_id = CAST('the second order' AS BYTEA)", "whose it is does not change"),
    never(&[], "DELETE FROM orders", "never deleted"),
    rule(
        "INSERT INTO order_lines (order_id, line_no, product_id, title, prices, quantity)
            SELECT order_id, 2, product_id, '{}', '{}', 1 FROM order_lines",
        "INSERT INTO order_lines (order_id, line_no, product_id, title, prices, quantity)
            SELECT order_id, 1, product_id, '{}', '{}', 1 FROM order_lines",
        Unique,
    ),
    rule(
        "INSERT INTO order_lines (order_id, line_no, product_id, title, prices, quantity)
            SELECT order_id, 2, product_id, '{}', '{}', 1 FROM order_lines",
        "INSERT INTO order_lines (order_id, line_no, product_id, title, prices, quantity)
            SELECT order_id, 2, product_id, '{}', '{}', 0 FROM order_lines",
        Constraint,
    ),
    rule(
        SECOND_UNIT,
        "INSERT INTO order_units (order_id, line_id, unit_no, product_id) SELECT order_id, id, 1, product_id FROM order_lines",
        Unique,
    ),
    rule(
        SECOND_UNIT,
        "INSERT INTO order_units (order_id, line_id, unit_no, product_id) SELECT order_id, id, 0, product_id FROM order_lines",
        Constraint,
    ),
    never(&[], "UPDATE order_lines SET quantity = 2", "snapshots are fixed"),
    never(&[], "DELETE FROM order_lines", "snapshots are fixed"),
    never(&[], "UPDATE order_units SET unit_no = 2", "units are fixed"),
    never(&[], "DELETE FROM order_units", "units are fixed"),
    // Fulfilled means a sold key or a granted download for every unit.
    Guard {
        before: &["UPDATE orders SET state = 'paid'", KEY, RESERVED, SOLD],
        good: "UPDATE orders SET state = 'fulfilled'",
        bad: "UPDATE orders SET state = 'open'",
        kind: Constraint,
        says: "order",
    },
    never(&["UPDATE orders SET state = 'paid'"], "UPDATE orders SET state = 'fulfilled'", "a unit has neither a sold key nor a granted download"),
    never(&["UPDATE orders SET state = 'paid'", KEY, RESERVED], "UPDATE orders SET state = 'fulfilled'", "a unit has neither a sold key nor a granted download"),
    never(
        &["UPDATE orders SET state = 'paid'", SECOND_UNIT, KEY, OTHER_KEY,
          "UPDATE keys SET state = 'reserved', unit_id = (SELECT MIN(id) FROM order_units) WHERE position = 1", SOLD],
        "UPDATE orders SET state = 'fulfilled'",
        "a unit has neither a sold key nor a granted download",
    ),
    // Keys.
    Guard { before: &[KEY], good: OTHER_KEY, bad: KEY, kind: Unique, says: "" },
    Guard {
        before: &[KEY],
        good: "",
        bad: "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
            SELECT product_id, 1, CAST('32 bytes of another fingerprint.' AS BYTEA), CAST('x' AS BYTEA), 1, 1 FROM keys",
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[KEY],
        good: "",
        bad: "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
            SELECT id, 1, CAST('32 bytes of a key''s fingerprint.' AS BYTEA), CAST('x' AS BYTEA), 1, 1
            FROM products WHERE slug = 'book'",
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[KEY],
        good: "",
        bad: "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
            SELECT product_id, 2, CAST('short' AS BYTEA), CAST('x' AS BYTEA), 1, 1 FROM keys",
        kind: Constraint,
        says: "",
    },
    Guard { before: &[KEY], good: RESERVED, bad: "UPDATE keys SET state = 'reserved'", kind: Constraint, says: "" },
    Guard { before: &[KEY], good: RESERVED, bad: "UPDATE keys SET unit_id = (SELECT id FROM order_units)", kind: Constraint, says: "" },
    Guard {
        before: &[KEY, OTHER_KEY, RESERVED],
        good: "UPDATE keys SET state = 'quarantined' WHERE position = 2",
        bad: "UPDATE keys SET state = 'reserved', unit_id = (SELECT id FROM order_units) WHERE position = 2",
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[KEY, RESERVED, SOLD],
        good: "UPDATE keys SET revealed_at = 1",
        bad: "UPDATE keys SET state = 'available', unit_id = NULL",
        kind: Constraint,
        says: "key",
    },
    Guard { before: &[KEY, RESERVED], good: SOLD, bad: "UPDATE keys SET revealed_at = 1", kind: Constraint, says: "" },
    never(&[KEY, SECOND_UNIT, "UPDATE keys SET state = 'reserved', unit_id = (SELECT MIN(id) FROM order_units)", SOLD],
        "UPDATE keys SET unit_id = (SELECT MAX(id) FROM order_units)", "never changes hands"),
    never(&[KEY, SECOND_UNIT, "UPDATE keys SET state = 'reserved', unit_id = (SELECT MIN(id) FROM order_units)", SOLD, REVOKED],
        "UPDATE keys SET unit_id = (SELECT MAX(id) FROM order_units)", "never changes hands"),
    never(
        &["INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
            SELECT id, 1, CAST('32 bytes of a key''s fingerprint.' AS BYTEA), CAST('x' AS BYTEA), 1, 1
            FROM products WHERE slug = 'book'"],
        RESERVED,
        "the unit is of another product",
    ),
    never(&[KEY], "UPDATE keys SET product_id = (SELECT id FROM products WHERE slug = 'book')", "text are fixed"),
    never(&[KEY], "UPDATE keys SET position = 9", "text are fixed"),
    never(&[KEY], "UPDATE keys SET fingerprint = CAST('32 bytes of another fingerprint.' AS BYTEA)", "text are fixed"),
    never(&[KEY], "UPDATE keys SET ciphertext = CAST('y' AS BYTEA)", "text are fixed"),
    never(&[KEY], "DELETE FROM keys", "never deleted"),
    // History.
    never(&[], "UPDATE order_events SET at = 9", "only added"),
    never(&[], "DELETE FROM order_events", "only added"),
    never(&[KEY, RESERVED], "UPDATE key_events SET at = 9", "only added"),
    never(&[KEY, RESERVED], "DELETE FROM key_events", "only added"),
    // The bus.
    Guard {
        before: &["INSERT INTO inbox (source, event_id, kind, raw, received_at, due_at) VALUES ('s', 'e', 'k', CAST('' AS BYTEA), 1, 1)"],
        good: "INSERT INTO inbox (source, event_id, kind, raw, received_at, due_at) VALUES ('t', 'e', 'k', CAST('' AS BYTEA), 1, 1)",
        bad: "INSERT INTO inbox (source, event_id, kind, raw, received_at, due_at) VALUES ('s', 'e', 'k', CAST('' AS BYTEA), 1, 1)",
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[LETTER],
        good: "UPDATE outbox SET state = 'sending', lease_until = 1",
        bad: "UPDATE outbox SET state = 'sending'",
        kind: Constraint,
        says: "",
    },
    Guard {
        before: &[LETTER],
        good: "UPDATE outbox SET semantics = 'at_least_once'",
        bad: "UPDATE outbox SET semantics = 'perhaps'",
        kind: Constraint,
        says: "",
    },
    Guard {
        before: &[LETTER],
        good: "",
        bad: "INSERT INTO outbox (public_id, dedup_key, kind, priority, semantics, payload, due_at, created_at, changed_at)
            VALUES (CAST('the next letter.' AS BYTEA), 'd', 'k', 1, 'at_most_once', '{}', 1, 1, 1)",
        kind: Unique,
        says: "",
    },
    Guard { before: &[TASK], good: "UPDATE attention SET state = 'resolved', resolved_at = 1", bad: TASK, kind: Unique, says: "" },
    Guard {
        before: &[TASK, "UPDATE attention SET state = 'resolved', resolved_at = 1"],
        good: TASK,
        bad: "UPDATE attention SET resolved_at = NULL",
        kind: Constraint,
        says: "",
    },
];

on_both_engines! {
    async fn each_guard_of_the_shop_holds(db: TestDb) {
        let store = db.store(&clock()).await;
        try_all(&store, GUARDS).await;
    }
}
