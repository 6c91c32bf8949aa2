//! Migrations over rows that are there: what is kept, and what a new rule takes.

use kiosk::store::Location;
use sqlx::{Connection, PgConnection, Row, raw_sql};

use crate::support::db::TestDb;

/// Three who confirmed the same number, one after another and two at the same moment, and two who did not.
const CUSTOMERS: &str = "INSERT INTO customers (telegram_id, name, language, created_at, phone, phone_confirmed_at) VALUES
    (1, 'Ann', 'en', 1, '+79990000001', 5), (2, 'Bob', 'en', 1, '+79990000001', 9), (3, 'Eve', 'ru', 1, '+79990000001', 9),
    (4, 'Dan', 'ru', 1, '+79990000002', 7), (5, 'Flo', 'ru', 1, NULL, NULL)";
const LEFT: &str =
    "SELECT telegram_id, phone, phone_confirmed_at FROM customers ORDER BY telegram_id";

type Left = (i64, Option<String>, Option<i64>);

fn expected() -> Vec<Left> {
    let phone = |text: &str| Some(text.to_owned());
    vec![
        (1, None, None),
        (2, None, None),
        (3, phone("+79990000001"), Some(9)),
        (4, phone("+79990000002"), Some(7)),
        (5, None, None),
    ]
}

#[test]
fn a_number_of_several_stays_with_the_latest_on_sqlite() {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    for batch in [
        include_str!("../../migrations/sqlite/0001_shop.sql"),
        include_str!("../../migrations/sqlite/0002_storefront.sql"),
        CUSTOMERS,
        include_str!("../../migrations/sqlite/0003_customers.sql"),
    ] {
        conn.execute_batch(batch).unwrap();
    }
    let mut look = conn.prepare(LEFT).unwrap();
    let rows = look.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let left: Vec<Left> = rows.unwrap().map(Result::unwrap).collect();
    assert_eq!(left, expected());
}

#[tokio::test]
async fn a_number_of_several_stays_with_the_latest_on_postgres() {
    let db = TestDb::postgres().await;
    let Location::Postgres(url) = db.location() else {
        panic!("PostgreSQL");
    };
    let mut conn = PgConnection::connect(url).await.unwrap();
    for batch in [
        "CREATE SCHEMA old; SET search_path TO old",
        include_str!("../../migrations/postgres/0001_shop.sql"),
        include_str!("../../migrations/postgres/0002_storefront.sql"),
        CUSTOMERS,
        include_str!("../../migrations/postgres/0003_customers.sql"),
    ] {
        raw_sql(batch).execute(&mut conn).await.unwrap();
    }
    let rows = raw_sql(LEFT).fetch_all(&mut conn).await.unwrap();
    let left: Vec<Left> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    assert_eq!(left, expected());
    conn.close().await.unwrap();
}
