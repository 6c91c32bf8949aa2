//! Meeting a customer, and what is known of them at each update.

use super::{Email, Phone};
use crate::shop::texts::Language;
use crate::store::{FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

/// A person known by their Telegram id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The row id: inside only.
    pub id: i64,
    /// Telegram's id, which is also the id of their private chat.
    pub telegram_id: i64,
    /// The name that Telegram gave last.
    pub name: String,
    /// The language that they chose, or Telegram's guess.
    pub language: Language,
    /// Whether they have blocked the bot.
    pub is_blocked: bool,
}

impl Customer {
    /// Somebody whom we have not met, in the chat `telegram_id`.
    pub fn unknown(telegram_id: i64) -> Self {
        Self {
            id: 0,
            telegram_id,
            name: String::new(),
            language: Language::default(),
            is_blocked: false,
        }
    }
}

impl FromRow for Customer {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            telegram_id: row.get(1)?,
            name: row.get(2)?,
            language: Language::from_code(Some(&row.get::<String>(3)?)),
            is_blocked: row.get::<String>(4)? == "blocked",
        })
    }
}

sql! {
    FIND = "customers.find",
        "SELECT id, telegram_id, name, language, state
         FROM customers
         WHERE telegram_id = $1";
    INSERT = "customers.meet.insert",
        "INSERT INTO customers (telegram_id, name, language, created_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (telegram_id) DO NOTHING
         RETURNING id, telegram_id, name, language, state";
    RENAME = "customers.meet.rename",
        "UPDATE customers SET name = $2
         WHERE id = $1";
    SET_LANGUAGE = "customers.set_language",
        "UPDATE customers SET language = $2
         WHERE telegram_id = $1 AND language <> $2";
    BY_ID = "customers.by_id",
        "SELECT id, telegram_id, name, language, state
         FROM customers
         WHERE id = $1";
    LIVING = "customers.living",
        "SELECT id, telegram_id, name, language, state
         FROM customers
         WHERE id = $1 AND erased_at IS NULL";
    BY_PHONE = "customers.by_phone",
        "SELECT id, telegram_id, name, language, state
         FROM customers
         WHERE phone = $1";
    BY_EMAIL = "customers.by_email",
        "SELECT id, telegram_id, name, language, state
         FROM customers
         WHERE email_key = $1";
    SET_STATE = "customers.set_state",
        "UPDATE customers SET state = $2
         WHERE telegram_id = $1 AND state <> $2";
}

sql! {
    LOCK = "customers.lock",
        sqlite: "SELECT id FROM customers WHERE id = $1",
        postgres: "SELECT id FROM customers WHERE id = $1 FOR NO KEY UPDATE";
}

/// Locks the customer's row until the transaction ends, before anything else of theirs is locked.
pub(in crate::shop) async fn lock(tx: &mut Tx<'_>, id: i64) -> Result<(), StoreError> {
    tx.one::<(i64,)>(&LOCK, binds![id]).await.map(|_| ())
}

/// The customer behind a Telegram id, made on the first meeting. A language that they chose stays; the name follows
/// Telegram's.
pub async fn meet(
    tx: &mut Tx<'_>,
    telegram_id: i64,
    name: &str,
    language_code: Option<&str>,
) -> Result<Customer, StoreError> {
    // PostgreSQL refuses NUL in text.
    let name = name.replace('\0', "");
    let mut found = by_telegram_id(tx, telegram_id).await?;
    if found.is_none() {
        let language = Language::from_code(language_code).code();
        let now = tx.now();
        found = tx
            .optional(&INSERT, binds![telegram_id, name, language, now])
            .await?;
    }
    let mut customer = match found {
        Some(customer) => customer,
        // Somebody else has just inserted the row, and it is committed: the insert waited for that.
        None => tx.one(&FIND, binds![telegram_id]).await?,
    };
    if customer.name != name {
        tx.execute(&RENAME, binds![customer.id, name]).await?;
        customer.name = name;
    }
    Ok(customer)
}

/// The customer behind a Telegram id, if we have met.
pub async fn by_telegram_id(
    tx: &mut Tx<'_>,
    telegram_id: i64,
) -> Result<Option<Customer>, StoreError> {
    tx.optional(&FIND, binds![telegram_id]).await
}

/// Keeps the language that a customer chose. Answers whether it is another than before.
pub async fn set_language(
    tx: &mut Tx<'_>,
    telegram_id: i64,
    language: Language,
) -> Result<bool, StoreError> {
    Ok(tx
        .execute(&SET_LANGUAGE, binds![telegram_id, language.code()])
        .await?
        > 0)
}

/// A customer by their row.
pub async fn by_id(tx: &mut Tx<'_>, id: i64) -> Result<Option<Customer>, StoreError> {
    tx.optional(&BY_ID, binds![id]).await
}

/// A customer by their row, unless they are erased.
pub async fn living(tx: &mut Tx<'_>, id: i64) -> Result<Option<Customer>, StoreError> {
    tx.optional(&LIVING, binds![id]).await
}

/// Whose confirmed phone number it is.
pub async fn by_phone(tx: &mut Tx<'_>, phone: &Phone) -> Result<Option<Customer>, StoreError> {
    tx.optional(&BY_PHONE, binds![phone.as_str()]).await
}

/// Whose confirmed e-mail address it is, however it is spelled.
pub async fn by_email(tx: &mut Tx<'_>, email: &Email) -> Result<Option<Customer>, StoreError> {
    tx.optional(&BY_EMAIL, binds![email.key()]).await
}

/// Notes whether a customer has blocked the bot. Answers whether that is news.
pub async fn set_blocked(
    tx: &mut Tx<'_>,
    telegram_id: i64,
    is_blocked: bool,
) -> Result<bool, StoreError> {
    let state = if is_blocked { "blocked" } else { "active" };
    Ok(tx.execute(&SET_STATE, binds![telegram_id, state]).await? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::{Location, Store, migrate};

    #[tokio::test]
    async fn a_customer_keeps_the_chosen_language_and_follows_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("kiosk.db"));
        migrate::run(&location).await.unwrap();
        let store = Store::open(&location, 1, Clock::frozen(1_000))
            .await
            .unwrap();
        let (first, renamed, blocked, again) = store
            .write("test", |tx| {
                Box::pin(async move {
                    let first = meet(tx, 7, "Ann", Some("ru-RU")).await?;
                    set_language(tx, 7, Language::En).await?;
                    let renamed = meet(tx, 7, "Anna", Some("ru")).await?;
                    let blocked = set_blocked(tx, 7, true).await?;
                    let again = set_blocked(tx, 7, true).await?;
                    Ok::<_, StoreError>((first, renamed, blocked, again))
                })
            })
            .await
            .unwrap();
        assert_eq!(first.language, Language::Ru);
        assert_eq!(
            (renamed.id, renamed.name.as_str(), renamed.language),
            (first.id, "Anna", Language::En)
        );
        assert!(blocked && !again);
        let found = store
            .read("test", |tx| Box::pin(by_telegram_id(tx, 7)))
            .await
            .unwrap()
            .unwrap();
        assert!(found.is_blocked);
        assert_eq!(found.name, "Anna");
        store.close().await;
    }
}
