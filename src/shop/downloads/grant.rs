//! Promising, granting and revoking: what an order does with the downloads of its units.

use crate::meters;
use crate::shop::orders::goods::Goods;
use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

sql! {
    PROMISE = "downloads.promise",
        "INSERT INTO downloads (public_id, unit_id, product_id, most, days, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6)";
    GRANT = "downloads.grant",
        "UPDATE downloads SET state = 'granted', granted_at = $2, expires_at = $2 + days * 86400000, changed_at = $2
         WHERE state = 'promised' AND unit_id IN (SELECT id FROM order_units WHERE order_id = $1)";
    REVOKE = "downloads.revoke",
        "UPDATE downloads SET state = 'revoked', changed_at = $2
         WHERE state = 'granted' AND unit_id IN (SELECT id FROM order_units WHERE order_id = $1)";
}

/// The unit of an order that is being placed gets its download, with what the product allows now.
pub(in crate::shop) async fn promise(
    tx: &mut Tx<'_>,
    unit: i64,
    goods: &Goods,
) -> Result<(), StoreError> {
    let (now, id) = (tx.now(), PublicId::random(tx)?);
    let (most, days) = (goods.max_downloads, goods.download_days);
    let binds = binds![id, unit, goods.id, most, days, now];
    tx.execute(&PROMISE, binds).await.map(|_| ())
}

/// The order's downloads can be fetched from now on.
pub(in crate::shop) async fn grant(tx: &mut Tx<'_>, order: i64) -> Result<(), StoreError> {
    let now = tx.now();
    let granted = tx.execute(&GRANT, binds![order, now]).await?;
    tx.tally(meters::DOWNLOADS.of(["granted"]), granted as i64);
    Ok(())
}

/// The order's downloads can't be fetched any more: their money went back.
pub(in crate::shop) async fn revoke(tx: &mut Tx<'_>, order: i64) -> Result<(), StoreError> {
    let now = tx.now();
    let revoked = tx.execute(&REVOKE, binds![order, now]).await?;
    tx.tally(meters::DOWNLOADS.of(["revoked"]), revoked as i64);
    Ok(())
}
