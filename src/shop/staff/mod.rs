//! Staff: the people who run the shop, by their Telegram ids. The shop always keeps an owner, unless somebody says in so
//! many words that it shall not.

pub mod dead;
pub mod invites;
pub mod news;
pub mod story;
pub mod tasks;

use std::fmt;

use super::texts::Language;
use crate::clock::Millis;
use crate::store::{ErrorKind, FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

/// What a member of staff may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything that a day brings: tasks, stock, keys.
    Manager,
    /// Looks at orders and works on tasks.
    Support,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Role; 3] = [Role::Owner, Role::Manager, Role::Support];

    /// The word in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Manager => "manager",
            Role::Support => "support",
        }
    }

    /// The role that a word means.
    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether they may add keys to the stock.
    pub fn may_add_keys(self) -> bool {
        match self {
            Role::Owner | Role::Manager => true,
            Role::Support => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Their Telegram id, which is also the id of their chat with the bot.
    pub telegram_id: i64,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub added_at: Millis,
    /// Their name and language; `None` while they have not written to the bot, which can't write to them till then.
    pub known: Option<(String, Language)>,
}

impl FromRow for Member {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (name, language): (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok(Self {
            telegram_id: row.get(0)?,
            role: read(&row.get::<String>(1)?)?,
            added_at: row.get(2)?,
            known: name.map(|name| (name, Language::from_code(language.as_deref()))),
        })
    }
}

fn read(word: &str) -> Result<Role, StoreError> {
    let broken = || {
        let message = format!("the role {word:?}");
        StoreError::because("staff.role", ErrorKind::Decode, message)
    };
    Role::from_word(word).ok_or_else(broken)
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// They were not staff before.
    Added,
    /// They had this role before.
    From(Role),
    /// They had the role already.
    Same,
    /// They are staff no longer; this was their role.
    Removed(Role),
    /// They were not staff.
    Stranger,
    /// Refused: the shop would be left without an owner.
    LastOwner,
}

sql! {
    ROLE = "staff.role", "SELECT role FROM staff WHERE telegram_id = $1";
    LIST = "staff.list",
        "SELECT s.telegram_id, s.role, s.added_at, c.name, c.language
         FROM staff s LEFT JOIN customers c ON c.telegram_id = s.telegram_id
         ORDER BY CASE s.role WHEN 'owner' THEN 1 WHEN 'manager' THEN 2 ELSE 3 END, s.added_at, s.telegram_id";
    PUT = "staff.put",
        "INSERT INTO staff (telegram_id, role, added_at) VALUES ($1, $2, $3)
         ON CONFLICT (telegram_id) DO UPDATE SET role = excluded.role";
    REMOVE = "staff.remove", "DELETE FROM staff WHERE telegram_id = $1";
    OWNERS = "staff.owners", "SELECT COUNT(*) FROM staff WHERE role = 'owner'";
}
sql! {
    // Two owners who take each other's role away at once must not both succeed.
    LOCK_OWNERS = "staff.lock_owners",
        sqlite: "SELECT telegram_id FROM staff WHERE role = 'owner' ORDER BY telegram_id",
        postgres: "SELECT telegram_id FROM staff WHERE role = 'owner' ORDER BY telegram_id FOR UPDATE";
}

/// What this person may do; `None` for everybody who is not staff.
pub async fn role(tx: &mut Tx<'_>, telegram_id: i64) -> Result<Option<Role>, StoreError> {
    let found: Option<(String,)> = tx.optional(&ROLE, binds![telegram_id]).await?;
    found.map(|(word,)| read(&word)).transpose()
}

/// All staff, owners first.
pub async fn list(tx: &mut Tx<'_>) -> Result<Vec<Member>, StoreError> {
    tx.all(&LIST, binds![]).await
}

/// Whether the shop has an owner.
pub async fn has_owner(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let (owners,): (i64,) = tx.one(&OWNERS, binds![]).await?;
    Ok(owners > 0)
}

/// Gives a person a role. The last owner loses theirs only by `force`.
pub async fn put(
    tx: &mut Tx<'_>,
    telegram_id: i64,
    wanted: Role,
    force: bool,
) -> Result<Changed, StoreError> {
    let is_last = is_last_owner(tx, telegram_id).await?;
    let before = role(tx, telegram_id).await?;
    if before == Some(wanted) {
        return Ok(Changed::Same);
    }
    if is_last && !force {
        return Ok(Changed::LastOwner);
    }
    let now = tx.now();
    let word = wanted.as_str();
    tx.execute(&PUT, binds![telegram_id, word, now]).await?;
    if wanted == Role::Owner {
        invites::end_all(tx).await?;
    }
    Ok(before.map_or(Changed::Added, Changed::From))
}

/// Takes a person's role away. The last owner loses theirs only by `force`.
pub async fn remove(tx: &mut Tx<'_>, telegram_id: i64, force: bool) -> Result<Changed, StoreError> {
    let is_last = is_last_owner(tx, telegram_id).await?;
    let Some(before) = role(tx, telegram_id).await? else {
        return Ok(Changed::Stranger);
    };
    if is_last && !force {
        return Ok(Changed::LastOwner);
    }
    tx.execute(&REMOVE, binds![telegram_id]).await?;
    Ok(Changed::Removed(before))
}

/// Makes those whom the settings name owners; whoever else is staff stays so.
pub async fn sync_owners(tx: &mut Tx<'_>, owners: &[i64]) -> Result<(), StoreError> {
    for owner in owners {
        put(tx, *owner, Role::Owner, false).await?;
    }
    Ok(())
}

async fn is_last_owner(tx: &mut Tx<'_>, telegram_id: i64) -> Result<bool, StoreError> {
    let owners: Vec<(i64,)> = tx.all(&LOCK_OWNERS, binds![]).await?;
    Ok(owners == [(telegram_id,)])
}
