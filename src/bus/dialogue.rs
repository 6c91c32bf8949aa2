//! Where a chat's conversation stands, buffered for one update and stored with what the update did.

use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// The buffered dialogue of a turn. Its text is the face's affair.
#[derive(Clone, Debug, Default)]
pub struct Dialogue {
    current: Option<String>,
    dirty: bool,
}

sql! {
    LOAD = "dialogue.load", "SELECT state FROM dialogues WHERE chat_id = $1";
    STORE = "dialogue.store",
        "INSERT INTO dialogues (chat_id, state, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (chat_id) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at";
    REPLACE = "dialogue.replace",
        "UPDATE dialogues SET state = $3, updated_at = $4 WHERE chat_id = $1 AND state = $2";
    CLEAR_IF = "dialogue.clear_if", "DELETE FROM dialogues WHERE chat_id = $1 AND state = $2";
    CLEAR = "dialogue.clear", "DELETE FROM dialogues WHERE chat_id = $1";
}

impl Dialogue {
    /// `dirty` says that the text is in memory only as yet.
    pub(super) fn new(current: Option<String>, dirty: bool) -> Self {
        Self { current, dirty }
    }

    /// The stored or changed text.
    pub fn get(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// Changes it; `None` ends the dialogue. Nothing is stored before the turn commits.
    pub fn set(&mut self, state: Option<String>) {
        if self.current != state {
            self.current = state;
            self.dirty = true;
        }
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    pub(super) async fn store(&self, tx: &mut Tx<'_>, chat: i64) -> Result<(), StoreError> {
        let now = tx.now();
        match &self.current {
            Some(state) => tx.execute(&STORE, binds![chat, state, now]).await?,
            None => tx.execute(&CLEAR, binds![chat]).await?,
        };
        Ok(())
    }
}

/// The stored text of a chat's dialogue.
pub async fn load(tx: &mut Tx<'_>, chat: i64) -> Result<Option<String>, StoreError> {
    Ok(tx
        .optional::<(String,)>(&LOAD, binds![chat])
        .await?
        .map(|row| row.0))
}

/// Replaces a chat's dialogue outside of a turn, if its text still is `from`; `None` ends it. Answers whether it did. A turn
/// that is at work at this moment may store its own afterwards: that is what the customer did last.
pub async fn replace(
    tx: &mut Tx<'_>,
    chat: i64,
    from: &str,
    to: Option<String>,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let changed = match to {
        Some(to) => tx.execute(&REPLACE, binds![chat, from, to, now]).await?,
        None => tx.execute(&CLEAR_IF, binds![chat, from]).await?,
    };
    Ok(changed > 0)
}
