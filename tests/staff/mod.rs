//! The people who run the shop: how they become staff, what they are told, and what they can do at the desk.

mod alerts;
mod desk;
mod roles;

use kiosk::shop::staff::{self, Role};
use kiosk::store::StoreError;

use crate::support::shop::LiveShop;

/// Somebody who has written to the bot, and has a role.
async fn member(shop: &LiveShop, name: &str, language: &str, role: Role) -> i64 {
    let person = shop.customer(name, language);
    shop.control.say(person, "/start");
    shop.reads(person, "Zeta shop").await;
    shop.app
        .store()
        .write("test.member", move |tx| {
            Box::pin(staff::put(tx, person, role, true))
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("a member of staff");
    person
}
