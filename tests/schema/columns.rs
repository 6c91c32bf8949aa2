//! Both engines have the same tables, columns and indexes, apart from what only several processes need.

use kiosk::binds;
use kiosk::store::Store;

use crate::schema::{clock, statement};
use crate::support::db::TestDb;

type Column = (String, String, String, bool);

async fn columns(store: &Store, text: &str) -> Vec<Column> {
    let sql = statement(text);
    let mut columns: Vec<Column> = store
        .read("test.columns", move |tx| {
            Box::pin(async move { tx.all(sql, binds![]).await })
        })
        .await
        .unwrap();
    columns.sort();
    columns
}

async fn names(store: &Store, text: &str) -> Vec<String> {
    let sql = statement(text);
    let rows: Vec<(String,)> = store
        .read("test.names", move |tx| {
            Box::pin(async move { tx.all(sql, binds![]).await })
        })
        .await
        .unwrap();
    rows.into_iter().map(|row| row.0).collect()
}

#[tokio::test]
async fn both_engines_have_the_same_tables_columns_and_indexes() {
    let (lite, pg) = (TestDb::sqlite().await, TestDb::postgres().await);
    let (lite, pg) = (lite.store(&clock()).await, pg.store(&clock()).await);
    let on_sqlite = columns(
        &lite,
        "SELECT m.name, c.name, CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' ELSE lower(c.type) END,
             c.\"notnull\" OR c.pk
         FROM sqlite_master m, pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> '_sqlx_migrations'",
    )
    .await;
    let on_postgres = columns(
        &pg,
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT), is_nullable = 'NO'
         FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name NOT IN ('_sqlx_migrations', 'lanes')",
    )
    .await;
    assert!(on_sqlite.len() > 100, "{on_sqlite:?}");
    assert_eq!(on_sqlite, on_postgres);
    let on_sqlite = names(
        &lite,
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
    )
    .await;
    let on_postgres = names(
        &pg,
        "SELECT CAST(c.relname AS TEXT) FROM pg_index i
         JOIN pg_class c ON c.oid = i.indexrelid
         JOIN pg_class t ON t.oid = i.indrelid AND t.relnamespace = CAST(current_schema() AS regnamespace)
         WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
             AND t.relname NOT IN ('lanes', '_sqlx_migrations')
         ORDER BY c.relname COLLATE \"C\"",
    )
    .await;
    assert_eq!(on_sqlite, on_postgres);
}
