//! Downloads as their customer sees them: every query is by (id, owner). And the files as the seller does.

use super::{File, State, broken};
use crate::clock::Millis;
use crate::shop::texts::Texts;
use crate::store::{FromRow, PublicId, Row, StoreError, Tx};
use crate::{binds, sql};

/// A download with what its screens show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its name.
    pub id: PublicId,
    /// The version of its links.
    pub link_version: i64,
    /// The order that it is of.
    pub order: PublicId,
    /// What its product was called when it was ordered.
    pub title: Texts,
    /// Where it stands.
    pub state: State,
    /// So often may it be started.
    pub most: i64,
    /// So often was it.
    pub started: i64,
    /// Until when; `None`: for ever.
    pub expires_at: Option<Millis>,
    /// What comes now.
    pub file: Option<File>,
}

impl Download {
    /// So often may it be started still.
    pub fn left(&self) -> i64 {
        (self.most - self.started).max(0)
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: Millis) -> bool {
        self.expires_at.is_some_and(|until| until <= now)
    }

    /// Whether it can be started.
    pub fn can_start(&self, now: Millis) -> bool {
        self.state == State::Granted && self.left() > 0 && !self.is_over(now) && self.file.is_some()
    }
}

impl FromRow for Download {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let file: Option<PublicId> = row.get(8)?;
        let file = match file {
            None => None,
            Some(id) => {
                let digest: Vec<u8> = row.get(11)?;
                Some(File {
                    id,
                    name: row.get(9)?,
                    size: row.get(10)?,
                    digest: digest.try_into().map_err(|_| broken("a file's digest"))?,
                })
            }
        };
        Ok(Self {
            id: row.get(0)?,
            link_version: row.get(1)?,
            order: row.get(2)?,
            title: Texts::from_json(&row.get::<String>(3)?).map_err(broken)?,
            state: State::from_word(&row.get::<String>(4)?)?,
            most: row.get(5)?,
            started: row.get(6)?,
            expires_at: row.get(7)?,
            file,
        })
    }
}

sql! {
    ONE = "downloads.view.one",
        "SELECT d.public_id, d.link_version, o.public_id, l.title, d.state, d.most, d.started, d.expires_at,
             f.public_id, f.name, f.size, f.digest
         FROM downloads d
         JOIN order_units u ON u.id = d.unit_id
         JOIN order_lines l ON l.id = u.line_id
         JOIN orders o ON o.id = u.order_id
         JOIN products p ON p.id = d.product_id
         LEFT JOIN files f ON f.id = p.file_id
         WHERE d.public_id = $1 AND o.customer_id = $2";
    OF_ORDER = "downloads.view.of_order",
        "SELECT d.public_id, d.link_version, o.public_id, l.title, d.state, d.most, d.started, d.expires_at,
             f.public_id, f.name, f.size, f.digest
         FROM orders o
         JOIN order_units u ON u.order_id = o.id
         JOIN order_lines l ON l.id = u.line_id
         JOIN downloads d ON d.unit_id = u.id
         JOIN products p ON p.id = d.product_id
         LEFT JOIN files f ON f.id = p.file_id
         WHERE o.public_id = $1 AND o.customer_id = $2 AND d.state = 'granted'
         ORDER BY l.line_no, u.unit_no";
    OF_CUSTOMER = "downloads.view.of_customer",
        "SELECT d.public_id, d.link_version, o.public_id, l.title, d.state, d.most, d.started, d.expires_at,
             f.public_id, f.name, f.size, f.digest
         FROM orders o
         JOIN order_units u ON u.order_id = o.id
         JOIN order_lines l ON l.id = u.line_id
         JOIN downloads d ON d.unit_id = u.id
         JOIN products p ON p.id = d.product_id
         LEFT JOIN files f ON f.id = p.file_id
         WHERE o.customer_id = $1 AND d.state = 'granted'
         ORDER BY o.id DESC, l.line_no, u.unit_no LIMIT $2 OFFSET $3";
    CURRENT = "downloads.view.current",
        "SELECT p.slug, f.public_id, f.name, f.size, f.digest
         FROM products p JOIN files f ON f.id = p.file_id ORDER BY p.position, p.id";
}

/// The files that customers of the products get now, each with its product's slug, in the seller's order.
pub async fn current_files(tx: &mut Tx<'_>) -> Result<Vec<(String, File)>, StoreError> {
    let rows: Vec<(String, PublicId, String, i64, Vec<u8>)> = tx.all(&CURRENT, binds![]).await?;
    let files = rows.into_iter().map(|(slug, id, name, size, digest)| {
        let digest = digest.try_into().map_err(|_| broken("a file's digest"))?;
        let file = File {
            id,
            name,
            size,
            digest,
        };
        Ok((slug, file))
    });
    files.collect()
}

/// The customer's own download, wherever it stands; `None` for a stranger.
pub async fn one(
    tx: &mut Tx<'_>,
    customer: i64,
    download: PublicId,
) -> Result<Option<Download>, StoreError> {
    tx.optional(&ONE, binds![download, customer]).await
}

/// The granted downloads of the customer's order, in its order. None for a stranger.
pub async fn of_order(
    tx: &mut Tx<'_>,
    customer: i64,
    order: PublicId,
) -> Result<Vec<Download>, StoreError> {
    tx.all(&OF_ORDER, binds![order, customer]).await
}

/// The customer's granted downloads, of the newest order first.
pub async fn of_customer(
    tx: &mut Tx<'_>,
    customer: i64,
    limit: i64,
    offset: i64,
) -> Result<Vec<Download>, StoreError> {
    tx.all(&OF_CUSTOMER, binds![customer, limit, offset]).await
}
