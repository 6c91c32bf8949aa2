//! Claiming: the one way from a product's stock to an order's units, and the way back.

use crate::store::{StoreError, Tx};
use crate::{binds, row, sql};

row! {
    /// A unit of an order that has no key (yet).
    #[derive(Clone, Copy, Debug)]
    pub(in crate::shop) struct Unit {
        pub id: i64,
        product: i64,
    }
}

sql! {
    /// The next key of product `$1` for unit `$2`, at `$3`. Public for who times and explains it.
    pub CLAIM = "keys.claim",
        sqlite: "UPDATE keys SET state = 'reserved', unit_id = $2, changed_at = $3
             WHERE id = (
                 SELECT id FROM keys WHERE product_id = $1 AND state = 'available'
                 ORDER BY product_id, position LIMIT 1
             ) AND state = 'available'
             RETURNING id",
        postgres: "WITH next AS MATERIALIZED (
                 SELECT id FROM keys WHERE product_id = $1 AND state = 'available'
                 ORDER BY product_id, position LIMIT 1 FOR UPDATE SKIP LOCKED
             )
             UPDATE keys SET state = 'reserved', unit_id = $2, changed_at = $3
             FROM next WHERE keys.id = next.id AND keys.state = 'available'
             RETURNING keys.id";
    // A locked last key may be given back when its holder rolls back: wait for it before saying "sold out". SQLite has
    // one writer, so its first look is final and this one finds nothing.
    SECOND_LOOK = "keys.claim.second_look",
        sqlite: "SELECT id FROM keys WHERE product_id = $1 AND unit_id = $2 AND changed_at = $3 AND 1 = 0",
        postgres: "WITH next AS MATERIALIZED (
                 SELECT id FROM keys WHERE product_id = $1 AND state = 'available'
                 ORDER BY product_id, position LIMIT 1 FOR UPDATE
             )
             UPDATE keys SET state = 'reserved', unit_id = $2, changed_at = $3
             FROM next WHERE keys.id = next.id AND keys.state = 'available'
             RETURNING keys.id";
}
sql! {
    KEYLESS_UNITS = "keys.keyless_units",
        "SELECT u.id, u.product_id, d.id IS NOT NULL
         FROM order_units u LEFT JOIN downloads d ON d.unit_id = u.id
         WHERE u.order_id = $1 AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.unit_id = u.id)";
    SELL = "keys.sell",
        "UPDATE keys SET state = 'sold', changed_at = $2
         WHERE state = 'reserved' AND unit_id IN (SELECT id FROM order_units WHERE order_id = $1)";
    RELEASE = "keys.release",
        "UPDATE keys SET state = 'available', unit_id = NULL, changed_at = $2
         WHERE state = 'reserved' AND unit_id IN (SELECT id FROM order_units WHERE order_id = $1)";
    REVOKE = "keys.revoke",
        "UPDATE keys SET state = 'revoked', changed_at = $2
         WHERE state = 'sold' AND unit_id IN (SELECT id FROM order_units WHERE order_id = $1)";
}

/// How filling an order went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shop) enum Filled {
    /// A unit stays empty, and the order has whatever was claimed so far; the caller rolls back or calls [`release`].
    Short,
    /// Every unit has its key, or else its download.
    Whole {
        /// Whether there are downloads among them.
        has_downloads: bool,
    },
}

/// Reserves a key for every unit of the order that has none. A unit with a download needs none.
pub(in crate::shop) async fn fill(tx: &mut Tx<'_>, order: i64) -> Result<Filled, StoreError> {
    let keyless: Vec<(i64, i64, bool)> = tx.all(&KEYLESS_UNITS, binds![order]).await?;
    let has_downloads = keyless.iter().any(|(.., has_download)| *has_download);
    let empty = keyless
        .into_iter()
        .filter(|(.., has_download)| !has_download);
    let empty = empty.map(|(id, product, _)| Unit { id, product });
    Ok(if claim(tx, empty.collect()).await? {
        Filled::Whole { has_downloads }
    } else {
        Filled::Short
    })
}

/// The same for units that are known to be empty.
pub(in crate::shop) async fn claim(
    tx: &mut Tx<'_>,
    mut empty: Vec<Unit>,
) -> Result<bool, StoreError> {
    let now = tx.now();
    // Keys are locked in one order everywhere.
    empty.sort_unstable_by_key(|unit| (unit.product, unit.id));
    for unit in empty {
        let binds = binds![unit.product, unit.id, now];
        let mut claimed: Option<(i64,)> = tx.optional(&CLAIM, binds).await?;
        if claimed.is_none() {
            tx.pause("keys.claim.second_look").await;
            claimed = tx.optional(&SECOND_LOOK, binds).await?;
        }
        if claimed.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order's reserved keys become its own for ever.
pub(in crate::shop) async fn sell(tx: &mut Tx<'_>, order: i64) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&SELL, binds![order, now]).await.map(|_| ())
}

/// The order's reserved keys go back into the stock.
pub(in crate::shop) async fn release(tx: &mut Tx<'_>, order: i64) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&RELEASE, binds![order, now]).await.map(|_| ())
}

/// The order's sold keys are no longer good: their money went back. They are never sold again.
pub(in crate::shop) async fn revoke(tx: &mut Tx<'_>, order: i64) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(&REVOKE, binds![order, now]).await.map(|_| ())
}
