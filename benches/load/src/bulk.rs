//! A shop with a past: very many orders, each paid and delivered, made by a few statements for each chunk.
//!
//! On SQLite every row goes through the triggers: an order is born open and ends fulfilled, a key is born available and ends sold, a letter is born
//! pending and ends sent. On PostgreSQL, whose triggers would take a quarter of an hour, they are off within the chunk's transaction and the rows are
//! written as the triggers would have left them, events included; checks, unique indexes and foreign keys stay on. A strict audit ends both.

use std::time::{Duration, Instant};

use kiosk::shop::audit;
use kiosk::store::{Sql, Store, StoreError, Tx, Work};
use kiosk::{binds, sql};

use crate::Failure;
use crate::shop::SLUG;

/// Orders in one transaction.
const CHUNK: i64 = 20_000;
/// Customers who share them.
const CUSTOMERS: i64 = 50_000;
/// Units without a key, which claims are timed on.
pub const SPARE: i64 = 3_000;
/// Seeded customers have ids that nobody else has.
const FIRST_CUSTOMER: i64 = 100_000_000;

// `$1` is the first number of a chunk and `$2` its last. Seeded rows are found again by the names that they were given.
sql! {
    CUSTOMERS_OF = "load.customers",
        sqlite: "INSERT INTO customers (telegram_id, name, language, created_at)
             WITH RECURSIVE n (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
             SELECT 100000000 + i, 'Customer', 'en', 1700000000000 FROM n",
        postgres: "INSERT INTO customers (telegram_id, name, language, created_at)
             SELECT 100000000 + i, 'Customer', 'en', 1700000000000 FROM generate_series($1, $2) AS n (i)";
    ORDERS = "load.orders",
        sqlite: "INSERT INTO orders (public_id, customer_id, checkout_key, state, created_at, expires_at, changed_at)
             WITH RECURSIVE n (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
             SELECT randomblob(16), c.id, 'load:' || i, $5, 1700000000000 + i, 4100000000000, 1700000000000 + i
             FROM n JOIN customers c ON c.telegram_id = $3 + i % $4",
        postgres: "INSERT INTO orders (public_id, customer_id, checkout_key, state, created_at, expires_at, changed_at)
             SELECT uuid_send(gen_random_uuid()), c.id, 'load:' || i, $5, 1700000000000 + i, 4100000000000, 1700000000000 + i
             FROM generate_series($1, $2) AS n (i) JOIN customers c ON c.telegram_id = $3 + i % $4";
    LINES = "load.lines",
        sqlite: "INSERT INTO order_lines (order_id, line_no, product_id, title, prices, quantity)
             SELECT o.id, 1, p.id, p.title, p.prices, 1 FROM orders o JOIN products p ON p.slug = $3
             WHERE o.created_at BETWEEN 1700000000000 + $1 AND 1700000000000 + $2 AND o.id > $4",
        postgres: "INSERT INTO order_lines (order_id, line_no, product_id, title, prices, quantity)
             SELECT o.id, 1, p.id, p.title, p.prices, 1 FROM orders o JOIN products p ON p.slug = $3
             WHERE o.created_at BETWEEN 1700000000000 + $1 AND 1700000000000 + $2 AND o.id > $4";
    UNITS = "load.units",
        sqlite: "INSERT INTO order_units (order_id, line_id, unit_no, product_id)
             SELECT order_id, id, 1, product_id FROM order_lines WHERE id > $1",
        postgres: "INSERT INTO order_units (order_id, line_id, unit_no, product_id)
             SELECT order_id, id, 1, product_id FROM order_lines WHERE id > $1";
    KEYS = "load.keys",
        sqlite: "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
             SELECT product_id, $2 + id, randomblob(32), randomblob(89), 1700000000000, 1700000000000 FROM order_units WHERE id > $1",
        postgres: "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
             SELECT product_id, $2 + id, sha256(uuid_send(gen_random_uuid())),
                 sha512(uuid_send(gen_random_uuid())) || uuid_send(gen_random_uuid()), 1700000000000, 1700000000000
             FROM order_units WHERE id > $1";
    RESERVE = "load.reserve",
        sqlite: "UPDATE keys SET state = 'reserved', unit_id = position - $2 WHERE id > $1 AND position > $2",
        postgres: "UPDATE keys SET state = 'reserved', unit_id = position - $2 WHERE id > $1 AND position > $2";
    SELL = "load.sell",
        sqlite: "UPDATE keys SET state = 'sold' WHERE id > $1 AND state = 'reserved'",
        postgres: "UPDATE keys SET state = 'sold' WHERE id > $1 AND state = 'reserved'";
    ATTEMPTS = "load.attempts",
        sqlite: "INSERT INTO payment_attempts (public_id, order_id, method, attempt_no, currency, amount_minor, state, created_at, changed_at)
             SELECT randomblob(16), id, 'stars', 1, 'XTR', 250, 'open', created_at, created_at FROM orders WHERE id > $1",
        postgres: "INSERT INTO payment_attempts (public_id, order_id, method, attempt_no, currency, amount_minor, state, created_at, changed_at)
             SELECT uuid_send(gen_random_uuid()), id, 'stars', 1, 'XTR', 250, 'open', created_at, created_at FROM orders WHERE id > $1";
    PAYMENTS = "load.payments",
        sqlite: "INSERT INTO payments (provider, charge_id, disposition, order_id, attempt_id, payer_telegram_id, currency, amount_minor, received_at)
             SELECT 'stars', 'load-' || lower(hex(public_id)), 'applied', order_id, id, 1, 'XTR', 250, created_at
             FROM payment_attempts WHERE id > $1",
        postgres: "INSERT INTO payments (provider, charge_id, disposition, order_id, attempt_id, payer_telegram_id, currency, amount_minor, received_at)
             SELECT 'stars', 'load-' || encode(public_id, 'hex'), 'applied', order_id, id, 1, 'XTR', 250, created_at
             FROM payment_attempts WHERE id > $1";
    CAPTURE = "load.capture",
        sqlite: "UPDATE payment_attempts SET state = 'captured' WHERE id > $1",
        postgres: "UPDATE payment_attempts SET state = 'captured' WHERE id > $1";
    PAID = "load.paid",
        sqlite: "UPDATE orders SET state = 'paid' WHERE id > $1",
        postgres: "UPDATE orders SET state = 'paid' WHERE id > $1";
    FULFILLED = "load.fulfilled",
        sqlite: "UPDATE orders SET state = 'fulfilled' WHERE id > $1",
        postgres: "UPDATE orders SET state = 'fulfilled' WHERE id > $1";
    LETTERS = "load.letters",
        sqlite: "INSERT INTO outbox (public_id, dedup_key, kind, chat_id, priority, semantics, payload, due_at, created_at, changed_at)
             SELECT randomblob(16), 'load:' || id, 'delivery', 100000000, 1, 'at_least_once', '{}', created_at, created_at, created_at
             FROM orders WHERE id > $1",
        postgres: "INSERT INTO outbox (public_id, dedup_key, kind, chat_id, priority, semantics, payload, due_at, created_at, changed_at)
             SELECT uuid_send(gen_random_uuid()), 'load:' || id, 'delivery', 100000000, 1, 'at_least_once', '{}', created_at, created_at, created_at
             FROM orders WHERE id > $1";
    CARRY = "load.carry",
        sqlite: "UPDATE outbox SET state = 'sending', lease_until = 1 WHERE id > $1",
        postgres: "UPDATE outbox SET state = 'sending', lease_until = 1 WHERE id > $1";
    ARRIVE = "load.arrive",
        sqlite: "UPDATE outbox SET state = 'sent', lease_until = NULL WHERE id > $1",
        postgres: "UPDATE outbox SET state = 'sent', lease_until = NULL WHERE id > $1";
    FACTS = "load.facts",
        sqlite: "INSERT INTO inbox (source, event_id, kind, lane, raw, state, received_at, due_at)
             SELECT 'load', CAST(id AS TEXT), 'message', 100000000, randomblob(400), 'done', created_at, created_at FROM orders WHERE id > $1",
        postgres: "INSERT INTO inbox (source, event_id, kind, lane, raw, state, received_at, due_at)
             SELECT 'load', CAST(id AS TEXT), 'message', 100000000, decode(repeat(md5(CAST(id AS TEXT)), 25), 'hex'), 'done', created_at, created_at
             FROM orders WHERE id > $1";
    ATTEMPTS_DONE = "load.attempts_done",
        sqlite: "SELECT 1",
        postgres: "INSERT INTO payment_attempts (public_id, order_id, method, attempt_no, currency, amount_minor, state, created_at, changed_at)
             SELECT uuid_send(gen_random_uuid()), id, 'stars', 1, 'XTR', 250, 'captured', created_at, created_at FROM orders WHERE id > $1";
    KEYS_DONE = "load.keys_done",
        sqlite: "SELECT 1",
        postgres: "INSERT INTO keys (product_id, position, state, unit_id, fingerprint, ciphertext, imported_at, changed_at)
             SELECT product_id, $2 + id, 'sold', id, sha256(uuid_send(gen_random_uuid())),
                 sha512(uuid_send(gen_random_uuid())) || uuid_send(gen_random_uuid()), 1700000000000, 1700000000000
             FROM order_units WHERE id > $1";
    LETTERS_DONE = "load.letters_done",
        sqlite: "SELECT 1",
        postgres: "INSERT INTO outbox (public_id, dedup_key, kind, chat_id, priority, semantics, payload, state, due_at, created_at, changed_at)
             SELECT uuid_send(gen_random_uuid()), 'load:' || id, 'delivery', 100000000, 1, 'at_least_once', '{}', 'sent', created_at, created_at, created_at
             FROM orders WHERE id > $1";
    ORDER_EVENTS = "load.order_events",
        sqlite: "SELECT 1",
        postgres: "INSERT INTO order_events (order_id, from_state, to_state, at)
             SELECT o.id, v.a, v.b, o.created_at FROM orders o,
                 (VALUES ('', 'open'), ('open', 'paid'), ('paid', 'fulfilled')) AS v (a, b) WHERE o.id > $1";
    KEY_EVENTS = "load.key_events",
        sqlite: "SELECT 1",
        postgres: "INSERT INTO key_events (key_id, from_state, to_state, unit_id, at)
             SELECT k.id, v.a, v.b, k.unit_id, k.changed_at FROM keys k,
                 (VALUES ('available', 'reserved'), ('reserved', 'sold')) AS v (a, b) WHERE k.id > $1";
    OFF_ORDERS = "load.off.orders", sqlite: "SELECT 1", postgres: "ALTER TABLE orders DISABLE TRIGGER USER";
    OFF_KEYS = "load.off.keys", sqlite: "SELECT 1", postgres: "ALTER TABLE keys DISABLE TRIGGER USER";
    OFF_ATTEMPTS = "load.off.attempts", sqlite: "SELECT 1", postgres: "ALTER TABLE payment_attempts DISABLE TRIGGER USER";
    OFF_PAYMENTS = "load.off.payments", sqlite: "SELECT 1", postgres: "ALTER TABLE payments DISABLE TRIGGER USER";
    OFF_OUTBOX = "load.off.outbox", sqlite: "SELECT 1", postgres: "ALTER TABLE outbox DISABLE TRIGGER USER";
    OFF_INBOX = "load.off.inbox", sqlite: "SELECT 1", postgres: "ALTER TABLE inbox DISABLE TRIGGER USER";
    ON_ORDERS = "load.on.orders", sqlite: "SELECT 1", postgres: "ALTER TABLE orders ENABLE TRIGGER USER";
    ON_KEYS = "load.on.keys", sqlite: "SELECT 1", postgres: "ALTER TABLE keys ENABLE TRIGGER USER";
    ON_ATTEMPTS = "load.on.attempts", sqlite: "SELECT 1", postgres: "ALTER TABLE payment_attempts ENABLE TRIGGER USER";
    ON_PAYMENTS = "load.on.payments", sqlite: "SELECT 1", postgres: "ALTER TABLE payments ENABLE TRIGGER USER";
    ON_OUTBOX = "load.on.outbox", sqlite: "SELECT 1", postgres: "ALTER TABLE outbox ENABLE TRIGGER USER";
    ON_INBOX = "load.on.inbox", sqlite: "SELECT 1", postgres: "ALTER TABLE inbox ENABLE TRIGGER USER";
    TOPS = "load.tops",
        sqlite: "SELECT (SELECT COALESCE(MAX(id), 0) FROM orders), (SELECT COALESCE(MAX(id), 0) FROM order_lines),
                 (SELECT COALESCE(MAX(id), 0) FROM order_units), (SELECT COALESCE(MAX(id), 0) FROM keys),
                 (SELECT COALESCE(MAX(id), 0) FROM payment_attempts), (SELECT COALESCE(MAX(id), 0) FROM outbox)",
        postgres: "SELECT (SELECT COALESCE(MAX(id), 0) FROM orders), (SELECT COALESCE(MAX(id), 0) FROM order_lines),
                 (SELECT COALESCE(MAX(id), 0) FROM order_units), (SELECT COALESCE(MAX(id), 0) FROM keys),
                 (SELECT COALESCE(MAX(id), 0) FROM payment_attempts), (SELECT COALESCE(MAX(id), 0) FROM outbox)";
    ANALYZE = "load.analyze", sqlite: "ANALYZE", postgres: "ANALYZE";
}

/// Above every position of an imported key, so that imported ones are sold first and seeded ones are told by it.
const POSITIONS: i64 = 1_000_000_000;

type Tops = (i64, i64, i64, i64, i64, i64);

static OFF: [&Sql; 6] = [
    &OFF_ORDERS,
    &OFF_KEYS,
    &OFF_ATTEMPTS,
    &OFF_PAYMENTS,
    &OFF_OUTBOX,
    &OFF_INBOX,
];
static ON: [&Sql; 6] = [
    &ON_ORDERS,
    &ON_KEYS,
    &ON_ATTEMPTS,
    &ON_PAYMENTS,
    &ON_OUTBOX,
    &ON_INBOX,
];

/// The orders from number `first` to number `last`: paid and delivered, or open and without keys.
async fn chunk(tx: &mut Tx<'_>, first: i64, last: i64, open: bool) -> Result<(), StoreError> {
    let (order, line, unit, key, attempt, letter): Tops = tx.one(&TOPS, binds![]).await?;
    let direct = tx.is_postgres() && !open;
    if direct {
        for statement in OFF {
            tx.execute(statement, binds![]).await?;
        }
    }
    let born = if direct { "fulfilled" } else { "open" };
    let binds = binds![first, last, FIRST_CUSTOMER, CUSTOMERS, born];
    tx.execute(&ORDERS, binds).await?;
    tx.execute(&LINES, binds![first, last, SLUG, order]).await?;
    tx.execute(&UNITS, binds![line]).await?;
    if open {
        return Ok(());
    }
    let steps: &[(&'static Sql, i64)] = if direct {
        tx.execute(&KEYS_DONE, binds![unit, POSITIONS]).await?;
        &[
            (&KEY_EVENTS, key),
            (&ATTEMPTS_DONE, order),
            (&PAYMENTS, attempt),
            (&ORDER_EVENTS, order),
            (&LETTERS_DONE, order),
            (&FACTS, order),
        ]
    } else {
        tx.execute(&KEYS, binds![unit, POSITIONS]).await?;
        tx.execute(&RESERVE, binds![key, POSITIONS]).await?;
        &[
            (&SELL, key),
            (&ATTEMPTS, order),
            (&PAYMENTS, attempt),
            (&CAPTURE, attempt),
            (&PAID, order),
            (&FULFILLED, order),
            (&LETTERS, order),
            (&CARRY, letter),
            (&ARRIVE, letter),
            (&FACTS, order),
        ]
    };
    for (statement, top) in steps {
        tx.execute(statement, binds![top]).await?;
    }
    if direct {
        for statement in ON {
            tx.execute(statement, binds![]).await?;
        }
    }
    Ok(())
}

/// Gives the shop `orders` delivered orders, and [`SPARE`] open ones without keys. How long it took.
pub async fn seed(store: &Store, orders: i64) -> Result<Duration, Failure> {
    let started = Instant::now();
    write(store, |tx| {
        Box::pin(async move {
            let (first, last) = (0, CUSTOMERS - 1);
            tx.execute(&CUSTOMERS_OF, binds![first, last]).await?;
            Ok(())
        })
    })
    .await?;
    let mut first = 0;
    while first < orders {
        let last = (first + CHUNK).min(orders) - 1;
        write(store, move |tx| Box::pin(chunk(tx, first, last, false))).await?;
        first = last + 1;
    }
    let took = started.elapsed();
    let findings = store
        .snapshot("audit", |tx| Box::pin(audit::audit(tx, true)))
        .await?;
    if !findings.is_empty() {
        return Err(format!("the past is not clean: {findings:?}").into());
    }
    write(store, move |tx| {
        Box::pin(async move {
            chunk(tx, orders, orders + SPARE - 1, true).await?;
            if tx.is_postgres() {
                tx.execute(&ANALYZE, binds![]).await?;
            }
            Ok(())
        })
    })
    .await?;
    Ok(took)
}

async fn write(store: &Store, work: impl Work<(), StoreError>) -> Result<(), Failure> {
    Ok(store.write("load.seed", work).await?)
}
