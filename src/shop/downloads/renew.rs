//! Renewing: staff give an order's downloads to their customer once more. Every older link to them is taken back, in case
//! somebody else has used them up.

use crate::store::{PublicId, StoreError, Tx};
use crate::{binds, sql};

sql! {
    RENEW = "downloads.renew",
        "UPDATE downloads
         SET most = CASE WHEN most - started >= $3 THEN most ELSE started + $3 END,
             expires_at = CASE WHEN days IS NULL THEN NULL
                 WHEN expires_at >= $2 + days * 86400000 THEN expires_at ELSE $2 + days * 86400000 END,
             link_version = link_version + 1, changed_at = $2
         WHERE state = 'granted' AND unit_id IN (
             SELECT u.id FROM order_units u JOIN orders o ON o.id = u.order_id WHERE o.public_id = $1)";
}

/// Lets the granted downloads of an order be started `times` times more, at least, and for their whole time from now on.
/// Answers how many there are.
pub async fn renew(tx: &mut Tx<'_>, order: PublicId, times: i64) -> Result<u64, StoreError> {
    let now = tx.now();
    tx.execute(&RENEW, binds![order, now, times]).await
}
