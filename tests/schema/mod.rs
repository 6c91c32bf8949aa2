//! The rules that the database itself holds, on both engines: which states follow which, what is unique, what is fixed.

mod access;
mod columns;
mod customers;
mod downloads;
mod guards;
mod money;
mod transitions;
mod upgrade;

use kiosk::binds;
use kiosk::clock::Clock;
use kiosk::store::{ErrorKind, Sql, Store, StoreError};

/// A customer with an order of one unit, a product, and an attempt to pay for it.
const WORLD: &[&str] = &[
    "INSERT INTO customers (telegram_id, name, language, created_at) VALUES (7, 'Ann', 'en', 1)",
    "INSERT INTO products (slug, kind, title, description, prices, position, created_at, updated_at)
     VALUES ('vpn', 'stock', '{}', '{}', '{}', 1, 1, 1), ('book', 'stock', '{}', '{}', '{}', 2, 1, 1)",
    "INSERT INTO orders (public_id, customer_id, checkout_key, created_at, expires_at, changed_at)
     SELECT CAST('the first order.' AS BYTEA), id, 'cart', 1, 1, 1 FROM customers",
    "INSERT INTO order_lines (order_id, line_no, product_id, title, prices, quantity)
     SELECT o.id, 1, p.id, '{}', '{}', 1 FROM orders o, products p WHERE p.slug = 'vpn'",
    "INSERT INTO order_units (order_id, line_id, unit_no, product_id)
     SELECT order_id, id, 1, product_id FROM order_lines",
    "INSERT INTO payment_attempts
         (public_id, order_id, method, attempt_no, currency, amount_minor, state, created_at, changed_at)
     SELECT CAST('the first asking' AS BYTEA), id, 'stars', 1, 'XTR', 100, 'open', 1, 1 FROM orders",
];

/// How a statement ended; the transaction is rolled back in any case.
#[derive(Debug)]
enum Verdict {
    Accepted,
    Refused(ErrorKind, String),
    /// What should have been possible before it was not.
    Broken(String),
}

impl From<StoreError> for Verdict {
    fn from(error: StoreError) -> Self {
        Verdict::Broken(error.to_string())
    }
}

/// A statement of this test's own, with `BYTEA` in both engines' words.
fn statement(text: &str) -> &'static Sql {
    let lite = text.replace("AS BYTEA", "AS BLOB").leak();
    Box::leak(Box::new(Sql::new("test", lite, text.to_owned().leak())))
}

/// Tries `last` in the [`WORLD`] after `before`, and takes everything back.
async fn verdict(store: &Store, before: &[&str], last: &str) -> Verdict {
    let before: Vec<&'static Sql> = WORLD
        .iter()
        .chain(before)
        .map(|text| statement(text))
        .collect();
    let last = statement(last);
    let tried: Result<(), Verdict> = store
        .write("test.verdict", move |tx| {
            let before = before.clone();
            Box::pin(async move {
                for sql in before {
                    if tx.execute(sql, binds![]).await? == 0 {
                        return Err(Verdict::Broken(format!("nothing done by {}", sql.sqlite)));
                    }
                }
                Err(match tx.execute(last, binds![]).await {
                    Ok(0) => Verdict::Broken(format!("nothing to do for {}", last.sqlite)),
                    Ok(_) => Verdict::Accepted,
                    Err(error) => Verdict::Refused(error.kind, error.to_string()),
                })
            })
        })
        .await;
    match tried.expect_err("every try is rolled back") {
        Verdict::Broken(why) => panic!("{why}"),
        verdict => verdict,
    }
}

/// A clock that nobody moves.
fn clock() -> Clock {
    Clock::frozen(1_000_000)
}
