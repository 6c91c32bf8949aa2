//! The way from the chat into the cabinet: a link that opens it once.

use kiosk::shop::access::device::Device;
use kiosk::shop::access::links::{self, Used};
use kiosk::shop::access::token::Token;

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::shop::LiveShop;

const LOGIN: &str = "https://shop.example.com/login/";

async fn shop(db: &TestDb, is_open: bool) -> LiveShop {
    LiveShop::open_with(db, 1, |settings| {
        settings.shopfront.public_url = Some("https://shop.example.com".to_owned());
        settings.shopfront.opens_cabinet = is_open;
    })
    .await
}

/// The link on a new page of the customer's own.
async fn link(shop: &LiveShop, user: i64) -> String {
    shop.hears(user, "/profile", "Your profile").await;
    let shown = shop.taps(user, "🔐 My account on the web", LOGIN).await;
    let (_, rest) = shown.text.split_once(LOGIN).expect("a link");
    rest.split_whitespace().next().expect("a token").to_owned()
}

async fn opens(shop: &LiveShop, token: &str) -> bool {
    let token: Token = token.parse().expect("a token");
    let used = shop
        .store
        .write("rig.consume", move |tx| {
            let token = token.clone();
            Box::pin(async move {
                let device = Device::seen(None, None);
                links::consume(tx, &token, &device, None).await
            })
        })
        .await
        .expect("a try");
    matches!(used, Used::Welcome(_))
}

on_both_engines! {
    async fn a_link_opens_the_cabinet_once_and_ends_the_one_before(db: TestDb) {
        let shop = shop(&db, true).await;
        let ann = shop.customer("Ann", "en");
        let first = link(&shop, ann).await;
        let second = link(&shop, ann).await;
        assert_ne!(first, second);
        assert!(!opens(&shop, &first).await);
        assert!(opens(&shop, &second).await);
        assert!(!opens(&shop, &second).await);
        shop.close().await;
    }

    async fn a_closed_way_has_no_button(db: TestDb) {
        let shop = shop(&db, false).await;
        let ann = shop.customer("Ann", "en");
        let page = shop.hears(ann, "/profile", "Your profile").await;
        let mut labels = page.keyboard.iter().flatten();
        assert!(labels.all(|it| !it.text.contains("on the web")), "{page:?}");
        // An old button that was kept leads to the page.
        shop.control.press_forged(ann, page.message_id, "aCo");
        shop.hears(ann, "/help", "How it works").await;
        let chat = shop.control.messages(ann);
        assert!(chat.iter().all(|it| !it.text.contains(LOGIN)), "{chat:?}");
        shop.close().await;
    }
}
