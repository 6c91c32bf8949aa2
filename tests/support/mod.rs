//! The rig: what every test of this folder stands on.

pub mod child;
pub mod db;
pub mod log;
pub mod phones;
pub mod post;
pub mod python;
pub mod rivals;
pub mod shop;
pub mod smtp;
pub mod tools;

/// Makes two tests of each story, one per engine: `async fn name(db: TestDb) { … }`.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: TestDb) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn story($db: $crate::support::db::TestDb) $body

            #[tokio::test]
            async fn sqlite() {
                story($crate::support::db::TestDb::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                story($crate::support::db::TestDb::postgres().await).await;
            }
        }
    )+};
}
