//! The button beside the field for messages: it opens the Mini App where customers can be let in by it.

use std::net::SocketAddr;
use std::time::Duration;

use kiosk::app::{CabinetSettings, Settings, WebSettings};
use kiosk::shop::access::Way;
use kiosk_emulator::{Fault, FaultKind, View};

use crate::on_both_engines;
use crate::support::shop::LiveShop;

const SITE: &str = "https://shop.example.com";
const BOTH: [Way; 2] = [Way::Link, Way::App];
const PATIENCE: Duration = Duration::from_secs(20);

/// Pages at an address, with these ways in.
fn reached(settings: &mut Settings, public_url: &str, ways: &[Way]) {
    settings.shopfront.public_url = Some(public_url.to_owned());
    settings.web = Some(WebSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        is_public: false,
        address_header: None,
        accel_prefix: None,
        cabinet: CabinetSettings {
            ways: ways.to_vec(),
            ..CabinetSettings::default()
        },
    });
}

/// Waits until the menu button was asked for so often, and answers how it was set, in order: an address, or none.
async fn set(shop: &LiveShop, looks: usize) -> Vec<Option<String>> {
    let look = move |view: &View<'_>| {
        let done = |method: &'static str| {
            view.calls()
                .iter()
                .filter(move |it| it.ok && it.method == method)
        };
        let addresses = done("setChatMenuButton").map(|call| {
            let url = &call.params["menu_button"]["web_app"]["url"];
            url.as_str().map(str::to_owned)
        });
        (done("getChatMenuButton").count() >= looks).then(|| addresses.collect())
    };
    let waited = shop.control.wait(PATIENCE, look).await;
    waited.expect("the bot looks at its menu button")
}

on_both_engines! {
    async fn the_menu_button_opens_the_app_over_https_and_goes_away_with_it(db: TestDb) {
        let mut shop = LiveShop::open_with(&db, 1, |settings| reached(settings, SITE, &BOTH)).await;
        let app = || Some(format!("{SITE}/app"));
        // The look comes first, the call after it.
        let first = shop.control.wait(PATIENCE, |view| {
            view.calls().iter().find(|it| it.method == "setChatMenuButton").cloned()
        });
        let first = first.await.expect("the button is set");
        assert_eq!(first.params["menu_button"]["text"], "Account · Кабинет");
        assert!(first.params.get("chat_id").is_none(), "for every chat");
        let opened: [(&str, &[Way]); 4] = [(SITE, &BOTH), ("http://shop.example.com", &BOTH), (SITE, &[Way::Link]), (SITE, &BOTH)];
        let wished = [vec![app()], vec![app(), None], vec![app(), None], vec![app(), None, app()]];
        for (at, ((site, ways), wished)) in opened.into_iter().zip(wished).enumerate() {
            shop = shop.reopen_with(&db, async |_| {}, |settings| reached(settings, site, ways)).await;
            set(&shop, at + 2).await;
            // Whatever follows the look has been asked for when the program has stopped.
            shop.quiet().await;
            shop.control.wait(PATIENCE, |view| {
                let sets = view.calls().iter().filter(|it| it.method == "setChatMenuButton");
                (sets.count() >= wished.len()).then_some(())
            }).await.expect("the button is set");
            assert_eq!(set(&shop, at + 2).await, wished, "{site} {ways:?}");
        }
        shop.close().await;
    }

    async fn a_refused_button_stops_nothing_and_a_lost_call_is_made_again(db: TestDb) {
        let mut shop = LiveShop::open_with(&db, 1, |_| ()).await;
        let refused = FaultKind::Status { code: 400, description: "Bad Request: menu button Web App URL is invalid".to_owned() };
        for (kind, is_set) in [(refused, false), (FaultKind::DropBefore, true)] {
            shop = shop.reopen_with(&db, async |control| {
                control.fault(Fault::once("setChatMenuButton", kind));
            }, |settings| reached(settings, SITE, &BOTH)).await;
            let tried = shop.control.wait(PATIENCE, |view| {
                view.calls().iter().any(|it| it.method == "setChatMenuButton" && it.ok == is_set).then_some(())
            });
            tried.await.expect("a try");
            let ann = shop.customer("Ann", "en");
            shop.hears(ann, "/start", "Zeta shop").await;
        }
        shop.close().await;
    }
}
