//! How much waits, for whoever watches the shop. Each look costs the same with a million orders: it follows an index of
//! the unfinished alone, and counts no further than [`MOST`].

use super::attention;
use crate::clock::Millis;
use crate::store::{StoreError, Tx};
use crate::{row, sql};

/// Nothing is counted further than this.
pub const MOST: i64 = 10_000;

row! {
    /// Facts that wait for their turn.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Facts {
        /// How many.
        pub count: i64,
        /// When the oldest was received.
        pub oldest: Option<i64>,
    }
}

row! {
    /// Letters of one kind that wait to be sent, or to be sent again.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Letters {
        /// Which words they will have.
        pub kind: String,
        /// How many.
        pub count: i64,
        /// When the oldest was posted.
        pub oldest: Millis,
    }
}

/// All that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Facts.
    pub facts: Facts,
    /// Facts that were put aside.
    pub dead_facts: i64,
    /// Letters by kind.
    pub letters: Vec<Letters>,
    /// Letters that were given up.
    pub dead_letters: i64,
    /// Open tasks for staff, by kind.
    pub tasks: Vec<(String, i64)>,
}

sql! {
    FACTS = "waiting.facts",
        "SELECT COUNT(*), MIN(received_at) FROM (
             SELECT received_at FROM inbox WHERE state = 'new' ORDER BY lane, seq LIMIT $1
         ) AS counted";
    DEAD_FACTS = "waiting.dead_facts",
        "SELECT COUNT(*) FROM (
             SELECT seq FROM inbox WHERE state = 'dead' ORDER BY seq LIMIT $1
         ) AS counted";
    LETTERS = "waiting.letters",
        "SELECT kind, COUNT(*), MIN(created_at) FROM (
             SELECT kind, created_at FROM outbox WHERE state = 'pending' ORDER BY priority, id LIMIT $1
         ) AS counted GROUP BY kind ORDER BY kind";
    DEAD_LETTERS = "waiting.dead_letters",
        "SELECT COUNT(*) FROM (
             SELECT chat_id FROM outbox WHERE state = 'dead' ORDER BY chat_id LIMIT $1
         ) AS counted";
}

/// Looks at everything that waits.
pub async fn look(tx: &mut Tx<'_>) -> Result<Waiting, StoreError> {
    let most = crate::binds![MOST];
    Ok(Waiting {
        facts: tx.one(&FACTS, most).await?,
        dead_facts: tx.one::<(i64,)>(&DEAD_FACTS, most).await?.0,
        letters: tx.all(&LETTERS, most).await?,
        dead_letters: tx.one::<(i64,)>(&DEAD_LETTERS, most).await?.0,
        tasks: attention::by_kind(tx, MOST).await?,
    })
}
