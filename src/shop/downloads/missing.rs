//! A file that is not in the folder, or not all of it: staff are told while somebody needs it.

use super::{File, MISSING};
use crate::bus::attention::{self, Task};
use crate::store::{StoreError, Tx};
use crate::{binds, sql};

sql! {
    NEEDED = "downloads.missing.needed",
        "SELECT f.id FROM files f
         WHERE f.public_id = $1 AND (
             EXISTS (SELECT 1 FROM products p WHERE p.file_id = f.id)
             OR EXISTS (SELECT 1 FROM download_starts s WHERE s.file_id = f.id AND s.expires_at > $2))";
}

/// Opens a task for a file that is not where it should be; `title` is what it is sold as. False: an import has taken its
/// place meanwhile, and nobody fetches it any more.
pub async fn report(tx: &mut Tx<'_>, file: &File, title: &str) -> Result<bool, StoreError> {
    let now = tx.now();
    let needed: Option<(i64,)> = tx.optional(&NEEDED, binds![file.id, now]).await?;
    if needed.is_none() {
        return Ok(false);
    }
    let subject = file.id.to_string();
    let detail = format!(
        "{} of {title}: {subject} is not in the folder for files, or not all of it.",
        file.name
    );
    let task = Task {
        kind: MISSING,
        subject: &subject,
        order: None,
        payment: None,
        detail: &detail,
    };
    attention::open(tx, &task).await?;
    Ok(true)
}
