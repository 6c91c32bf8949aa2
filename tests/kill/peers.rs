//! Two processes on one PostgreSQL: either is killed, stopped or replaced by another version while customers buy.

use std::path::PathBuf;

use kiosk::clock::Clock;
use kiosk::store::Store;
use kiosk::{binds, sql};
use tokio::process::Command;

use super::books::{SENDING, count, expect_clean};
use super::buyers::{Crowd, a_bad_moment, chance, more_money};
use super::{KEYS, KILLS};
use crate::support::child::{Child, command, command_of};
use crate::support::db::TestDb;
use crate::support::shop::{emulator, stock};

/// A program of an earlier version, for a look at versions side by side; without it both are this one.
const OLDER: &str = "KIOSK_TEST_OLDER";

sql! {
    OWNERS = "peers.owners",
        "SELECT COUNT(DISTINCT owner) FROM lanes WHERE owner IS NOT NULL";
    LATER = "peers.later",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'adds what a later version needs', TRUE, '\\x00', 0)";
    COLUMN = "peers.column", "ALTER TABLE orders ADD COLUMN later_note TEXT";
    TABLE = "peers.table", "CREATE TABLE later_things (id BIGINT PRIMARY KEY)";
}

/// The program of the first process: an earlier version's if the environment names one.
fn older(db: &TestDb) -> Command {
    match std::env::var_os(OLDER) {
        Some(program) => command_of(PathBuf::from(program), db),
        None => command(db),
    }
}

async fn older_child(db: &TestDb, api_url: &str) -> Child {
    Child::start_as(older(db), api_url).await
}

async fn run(store: &Store, sql: &'static kiosk::store::Sql) {
    store
        .write("peers.run", move |tx| {
            Box::pin(async move { tx.execute(sql, binds![]).await })
        })
        .await
        .expect("it runs");
}

#[tokio::test]
async fn either_of_two_processes_killed_again_and_again_loses_no_key_and_no_money() {
    let db = TestDb::postgres().await;
    let store = db.store(&Clock::system()).await;
    stock(&store, KEYS).await;
    let emulator = emulator().await;
    let (control, url) = (emulator.control(), emulator.url());
    let mut pair = [Child::start(&db, &url).await, Child::start(&db, &url).await];
    let mut crowd = Crowd::gather(&control);
    let mut after_money = 0;
    for kill in 0..KILLS {
        after_money += usize::from(a_bad_moment(&control, kill).await);
        let victim = usize::from(chance(2));
        let next = Child::start(&db, &url).await;
        std::mem::replace(&mut pair[victim], next).kill().await;
    }
    crowd.rest().await;
    // The reconciler reads the list when the shop opens.
    for child in pair {
        child.kill().await;
    }
    let last = Child::start(&db, &url).await;
    let charges = expect_clean(&store, &control, &crowd.users).await;
    assert!(charges > KILLS / 2, "there was money: {charges}");
    println!("{KILLS} kills of either, {after_money} after money moved, {charges} charges");
    last.terminate().await;
    store.close().await;
}

#[tokio::test]
async fn the_shop_goes_on_while_its_processes_are_replaced_one_after_another() {
    let db = TestDb::postgres().await;
    let store = db.store(&Clock::system()).await;
    stock(&store, KEYS).await;
    let emulator = emulator().await;
    let (control, url) = (emulator.control(), emulator.url());
    let mut pair = [older_child(&db, &url).await, Child::start(&db, &url).await];
    let mut crowd = Crowd::gather(&control);
    for round in 0..8 {
        assert!(more_money(&control, 3).await, "customers buy on");
        let next = Child::start(&db, &url).await;
        std::mem::replace(&mut pair[round % 2], next)
            .terminate()
            .await;
    }
    assert!(more_money(&control, 3).await, "customers buy on");
    crowd.rest().await;
    let [one, two] = pair;
    one.terminate().await;
    two.terminate().await;
    assert_eq!(count(&store, &SENDING).await, 0, "no letter is on its way");
    assert_eq!(count(&store, &OWNERS).await, 0, "no lane is left leased");
    let last = Child::start(&db, &url).await;
    expect_clean(&store, &control, &crowd.users).await;
    last.terminate().await;
    store.close().await;
}

#[tokio::test]
async fn an_older_version_goes_on_beside_a_newer_one_and_can_come_back() {
    let db = TestDb::postgres().await;
    let store = db.store(&Clock::system()).await;
    stock(&store, KEYS).await;
    let emulator = emulator().await;
    let (control, url) = (emulator.control(), emulator.url());
    let old = older_child(&db, &url).await;
    let mut crowd = Crowd::gather(&control);
    assert!(more_money(&control, 3).await, "customers buy");
    // What the start of a later version does to the database.
    for step in [&LATER, &COLUMN, &TABLE] {
        run(&store, step).await;
    }
    let new = Child::start(&db, &url).await;
    assert!(more_money(&control, 6).await, "customers buy from both");
    old.kill().await;
    assert!(more_money(&control, 3).await, "customers buy from the new");
    new.terminate().await;
    let old = Child::start(&db, &url).await;
    assert!(more_money(&control, 3).await, "customers buy from the old");
    crowd.rest().await;
    old.terminate().await;
    let last = Child::start(&db, &url).await;
    expect_clean(&store, &control, &crowd.users).await;
    last.terminate().await;
    store.close().await;
}
