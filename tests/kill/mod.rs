//! `kill -9`, again and again, mostly just after money moved: afterwards every charge has its key or its refund, no key
//! was shown to two people, and the books are clean.

mod books;
mod buyers;
mod customers;
mod files;
mod mortal;
mod peers;
mod registering;
mod world;

use kiosk::clock::Clock;

use self::books::{LEASED, SENDING, count, expect_clean};
use self::buyers::{Crowd, a_bad_moment, more_money};
use crate::on_both_engines;
use crate::support::child::Child;
use crate::support::shop::{emulator, stock};

const KILLS: usize = 60;
const KEYS: i64 = 2_000;

on_both_engines! {
    async fn sixty_kills_lose_no_key_and_no_money(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        stock(&store, KEYS).await;
        let emulator = emulator().await;
        let control = emulator.control();
        let mut child = Child::start(&db, &emulator.url()).await;
        let mut crowd = Crowd::gather(&control);
        let mut after_money = 0;
        for kill in 0..KILLS {
            after_money += usize::from(a_bad_moment(&control, kill).await);
            child.kill().await;
            child = Child::start(&db, &emulator.url()).await;
        }
        crowd.rest().await;
        // The reconciler reads the list when the shop opens.
        child.kill().await;
        let child = Child::start(&db, &emulator.url()).await;
        let charges = expect_clean(&store, &control, &crowd.users).await;
        assert!(charges > KILLS / 2, "there was money: {charges}");
        println!("{KILLS} kills, {after_money} after money moved, {charges} charges");
        child.terminate().await;
        store.close().await;
    }

    async fn a_stop_under_load_is_orderly_and_leaves_nothing_leased(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        stock(&store, KEYS).await;
        let emulator = emulator().await;
        let control = emulator.control();
        let _crowd = Crowd::gather(&control);
        for _ in 0..5 {
            let child = Child::start(&db, &emulator.url()).await;
            more_money(&control, 3).await;
            child.terminate().await;
            assert_eq!(count(&store, &SENDING).await, 0, "no letter is left on its way");
            if store.is_shared() {
                assert_eq!(count(&store, &LEASED).await, 0, "no lane is left leased");
            }
        }
        store.close().await;
    }
}
