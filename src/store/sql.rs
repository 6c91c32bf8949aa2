//! A statement has a name, one text per engine, and a meter. Binds and rows speak four types: BIGINT, TEXT, bytes, bool.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::StoreError;

/// A named statement. Made by [`sql!`](crate::sql) as a `static` beside the function that runs it.
#[derive(Debug)]
pub struct Sql {
    /// `room.use_case.what`: the name in metrics, slow-query warnings and errors.
    pub name: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
    /// The text for PostgreSQL.
    pub postgres: &'static str,
    meter: Meter,
}

/// Upper bounds of the timing buckets, in microseconds.
pub const BUCKETS_MICROS: [u64; 10] = [5, 10, 25, 50, 100, 250, 1_000, 5_000, 25_000, 250_000];

/// Statements slower than this are worth a warning.
const SLOW: Duration = Duration::from_millis(250);

#[derive(Debug)]
struct Meter {
    listed: AtomicBool,
    count: AtomicU64,
    nanos: AtomicU64,
    buckets: [AtomicU64; BUCKETS_MICROS.len()],
}

/// What a statement's meter shows.
#[derive(Debug, Clone)]
pub struct Timing {
    /// The statement's name.
    pub name: &'static str,
    /// How many times it ran in this process.
    pub count: u64,
    /// Time spent in it, in nanoseconds.
    pub nanos: u64,
    /// Cumulative counts for [`BUCKETS_MICROS`].
    pub buckets: [u64; BUCKETS_MICROS.len()],
}

static USED: Mutex<Vec<&'static Sql>> = Mutex::new(Vec::new());

impl Sql {
    /// For the macro.
    #[doc(hidden)]
    pub const fn new(name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        let meter = Meter {
            listed: AtomicBool::new(false),
            count: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
            buckets: [const { AtomicU64::new(0) }; BUCKETS_MICROS.len()],
        };
        Self {
            name,
            sqlite,
            postgres,
            meter,
        }
    }

    pub(super) fn took(&'static self, elapsed: Duration) {
        let meter = &self.meter;
        if !meter.listed.swap(true, Ordering::Relaxed) {
            USED.lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push(self);
        }
        meter.count.fetch_add(1, Ordering::Relaxed);
        meter
            .nanos
            .fetch_add(elapsed.as_nanos() as u64, Ordering::Relaxed);
        let micros = elapsed.as_micros() as u64;
        let bucket = BUCKETS_MICROS.partition_point(|&bound| bound < micros);
        if let Some(bucket) = meter.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        if elapsed >= SLOW {
            tracing::warn!(
                statement = self.name,
                millis = elapsed.as_millis() as u64,
                "slow statement"
            );
        }
    }
}

/// The timings of every statement that has run in this process, by name.
pub fn timings() -> Vec<Timing> {
    let used = USED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut all: Vec<Timing> = used
        .iter()
        .map(|sql| {
            let mut sum = 0;
            Timing {
                name: sql.name,
                count: sql.meter.count.load(Ordering::Relaxed),
                nanos: sql.meter.nanos.load(Ordering::Relaxed),
                buckets: std::array::from_fn(|at| {
                    sum += sql.meter.buckets[at].load(Ordering::Relaxed);
                    sum
                }),
            }
        })
        .collect();
    all.sort_by_key(|timing| timing.name);
    all
}

/// A statement that has run in this process, by its name: for tests that ask the planner about it.
pub fn used(name: &str) -> Option<&'static Sql> {
    let used = USED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    used.iter().find(|sql| sql.name == name).copied()
}

/// SQLite's spelling of a statement: `$2` is a *name* there, numbered by where it first stands, and `?2` is a number.
#[doc(hidden)]
pub const fn numbered<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    assert!(text.len() == N, "the text's own length is asked for");
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        let is_bind = text[at] == b'$' && at + 1 < N && text[at + 1].is_ascii_digit();
        bytes[at] = if is_bind { b'?' } else { text[at] };
        at += 1;
    }
    bytes
}

/// [`numbered`] is text again: it changes nothing but ASCII.
#[doc(hidden)]
pub const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("a statement is UTF-8"),
    }
}

/// Makes a `static` [`Sql`]: `sql! { INSERT = "orders.place.insert", "INSERT …" }`, or with a text per engine where the
/// dialects part: `sql! { LOCK = "…", sqlite: "…", postgres: "…" }`.
#[macro_export]
macro_rules! sql {
    ($($(#[$doc:meta])* $vis:vis $ident:ident = $name:literal, $text:literal;)+) => {
        $($crate::sql! { $(#[$doc])* $vis $ident = $name, sqlite: $text, postgres: $text; })+
    };
    ($($(#[$doc:meta])* $vis:vis $ident:ident = $name:literal, sqlite: $lite:expr, postgres: $pg:expr;)+) => {
        $($(#[$doc])* $vis static $ident: $crate::store::Sql = {
            const LITE: &str = $lite;
            const NUMBERED: [u8; LITE.len()] = $crate::store::numbered(LITE);
            $crate::store::Sql::new($name, $crate::store::text(&NUMBERED), $pg)
        };)+
    };
}

/// One bound value. NULL has a type, because PostgreSQL wants one.
#[derive(Clone, Copy, Debug)]
pub enum Bind<'a> {
    /// A BIGINT.
    Int(Option<i64>),
    /// A TEXT without NUL.
    Text(Option<&'a str>),
    /// BLOB or BYTEA.
    Bytes(Option<&'a [u8]>),
    /// A boolean.
    Bool(Option<bool>),
}

/// What can be bound.
pub trait ToBind {
    /// The value as a bind that borrows from it.
    fn to_bind(&self) -> Bind<'_>;
}

macro_rules! to_bind {
    ($($ty:ty => |$value:ident| $some:expr, $none:expr;)+) => {$(
        impl ToBind for $ty {
            fn to_bind(&self) -> Bind<'_> { let $value = self; $some }
        }
        impl ToBind for Option<$ty> {
            fn to_bind(&self) -> Bind<'_> { self.as_ref().map_or($none, ToBind::to_bind) }
        }
    )+};
}
to_bind! {
    i64 => |value| Bind::Int(Some(*value)), Bind::Int(None);
    bool => |value| Bind::Bool(Some(*value)), Bind::Bool(None);
    String => |value| Bind::Text(Some(value)), Bind::Text(None);
    &str => |value| Bind::Text(Some(value)), Bind::Text(None);
    Vec<u8> => |value| Bind::Bytes(Some(value)), Bind::Bytes(None);
    &[u8] => |value| Bind::Bytes(Some(value)), Bind::Bytes(None);
    [u8; 8] => |value| Bind::Bytes(Some(value)), Bind::Bytes(None);
    [u8; 16] => |value| Bind::Bytes(Some(value)), Bind::Bytes(None);
    [u8; 32] => |value| Bind::Bytes(Some(value)), Bind::Bytes(None);
}
impl<T: ToBind> ToBind for &T {
    fn to_bind(&self) -> Bind<'_> {
        T::to_bind(self)
    }
}

/// Binds values in the order of `$1`, `$2`, …
#[macro_export]
macro_rules! binds {
    () => { &[] as &[$crate::store::Bind<'_>] };
    ($($value:expr),+ $(,)?) => { &[$($crate::store::ToBind::to_bind(&$value)),+] as &[$crate::store::Bind<'_>] };
}

impl rusqlite::ToSql for Bind<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Bind::Int(Some(value)) => ValueRef::Integer(*value),
            Bind::Bool(Some(value)) => ValueRef::Integer(i64::from(*value)),
            Bind::Text(Some(value)) => ValueRef::Text(value.as_bytes()),
            Bind::Bytes(Some(value)) => ValueRef::Blob(value),
            Bind::Int(None) | Bind::Bool(None) | Bind::Text(None) | Bind::Bytes(None) => {
                ValueRef::Null
            }
        }))
    }
}

/// A row of either engine, read by position.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub(super) statement: &'static str,
    pub(super) inner: RowOf<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum RowOf<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a sqlx::postgres::PgRow),
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({})", self.statement)
    }
}

impl Row<'_> {
    /// The column at `index`, from 0.
    pub fn get<T: FromColumn>(&self, index: usize) -> Result<T, StoreError> {
        match self.inner {
            RowOf::Sqlite(row) => {
                T::from_sqlite(row, index).map_err(|e| StoreError::sqlite(self.statement, e))
            }
            RowOf::Postgres(row) => {
                T::from_postgres(row, index).map_err(|e| StoreError::postgres(self.statement, e))
            }
        }
    }
}

/// What a column can be read as.
pub trait FromColumn: Sized {
    #[doc(hidden)]
    fn from_sqlite(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<Self>;
    #[doc(hidden)]
    fn from_postgres(row: &sqlx::postgres::PgRow, index: usize) -> sqlx::Result<Self>;
}

macro_rules! from_column {
    ($($ty:ty),+ $(,)?) => {$(
        impl FromColumn for $ty {
            fn from_sqlite(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<Self> {
                row.get(index)
            }
            fn from_postgres(row: &sqlx::postgres::PgRow, index: usize) -> sqlx::Result<Self> {
                sqlx::Row::try_get(row, index)
            }
        }
    )+};
}
from_column!(
    i64,
    bool,
    String,
    Vec<u8>,
    Option<i64>,
    Option<bool>,
    Option<String>,
    Option<Vec<u8>>,
);

/// Fixed-length bytes: another length is a decode error.
impl<const N: usize> FromColumn for [u8; N] {
    fn from_sqlite(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<Self> {
        let bytes: Vec<u8> = row.get(index)?;
        let length = bytes.len();
        bytes.try_into().map_err(|_| {
            let message = format!("{length} bytes where {N} were expected");
            rusqlite::Error::FromSqlConversionFailure(
                index,
                rusqlite::types::Type::Blob,
                message.into(),
            )
        })
    }
    fn from_postgres(row: &sqlx::postgres::PgRow, index: usize) -> sqlx::Result<Self> {
        let bytes: Vec<u8> = sqlx::Row::try_get(row, index)?;
        let length = bytes.len();
        bytes.try_into().map_err(|_| {
            sqlx::Error::Decode(format!("{length} bytes where {N} were expected").into())
        })
    }
}

/// A type that is read from a whole row.
pub trait FromRow: Sized {
    /// Reads the columns by position.
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError>;
}

macro_rules! from_row_tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: FromColumn),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
                Ok(($(row.get::<$name>($index)?,)+))
            }
        }
    };
}
from_row_tuple!(A 0);
from_row_tuple!(A 0, B 1);
from_row_tuple!(A 0, B 1, C 2);
from_row_tuple!(A 0, B 1, C 2, D 3);
from_row_tuple!(A 0, B 1, C 2, D 3, E 4);
from_row_tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
from_row_tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
from_row_tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Declares a struct whose fields are the columns of a query, in order.
#[macro_export]
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $ty:ty),+ $(,)? }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $ty),+ }
        impl $crate::store::FromRow for $name {
            #[expect(unused_assignments, reason = "the position after the last column")]
            fn from_row(row: &$crate::store::Row<'_>) -> Result<Self, $crate::store::StoreError> {
                let mut at = 0;
                $(let $field = { let value = row.get::<$ty>(at)?; at += 1; value };)+
                Ok(Self { $($field),+ })
            }
        }
    };
}
