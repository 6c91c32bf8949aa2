//! A customer links their VK account in the cabinet: by a login at VK that belongs to this browser and this session alone,
//! with or without the number that VK has confirmed.

use std::sync::Arc;
use std::time::Duration;

use kiosk::app::{CabinetSettings, WebSettings};
use kiosk::senders::settings::{Channel, PhoneAccount, VkIdSettings, VkSettings};
use kiosk::senders::{Connections, VkId, build};
use kiosk::shop::access::Way;
use kiosk::shop::access::sessions::FRESH;
use kiosk::shop::access::vk::link;
use kiosk::shop::confirmations::guess::Guess;
use kiosk::shop::confirmations::senders::Messenger;
use kiosk::shop::confirmations::{Asker, WayIn};
use kiosk::shop::customers::Customer;
use kiosk::web::doors::VkDoor;
use kiosk::web::exchange::Exchanges;
use reqwest::StatusCode;
use secrecy::SecretString;
use url::Url;

use super::browser::{Answer, Browser, Otherwise, Pages};
use crate::confirmations::rig::phone;
use crate::on_both_engines;
use crate::senders::{around, nobody};
use crate::support::db::TestDb;
use crate::support::phones::Fault;
use crate::support::phones::vk::{self, Vk};
use crate::support::shop::LiveShop;

const PAGE: &str = "/cabinet/vk";
const LINK: &str = "/cabinet/vk/link";
const PHONE: &str = "+79990000001";
const OTHER: &str = "+79990000002";
const COMMUNITY: &str = "https://vk.example.com/zeta_shop";

/// Pages whose customers can link VK, with codes by a community.
pub async fn open(db: &TestDb, id: &vk::VkId) -> Pages {
    let connections = Connections::new(Duration::from_secs(10)).unwrap();
    let settings = settings(id);
    let redirect = "https://shop.example.com/cabinet/vk/back".parse().unwrap();
    let otherwise = Otherwise {
        vk: Some(VkDoor {
            community: settings.community.clone(),
            exchanges: Exchanges::default(),
            login: Arc::new(VkId::new(connections, settings, redirect)),
        }),
        messengers: Some(vec![Messenger::Telegram, Messenger::Vk]),
        ..Otherwise::default()
    };
    Pages::open_with(db, otherwise).await
}

fn settings(id: &vk::VkId) -> VkIdSettings {
    VkIdSettings {
        url: id.provider().url(),
        client_id: "51234567".to_owned(),
        community: Some(COMMUNITY.parse().unwrap()),
    }
}

/// Begins in this browser: where it is sent.
async fn goes(browser: &Browser) -> Url {
    let page = browser.submits(PAGE, LINK, &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let (now, address) = page.header("refresh").split_once("; url=").expect("a way");
    assert_eq!(now, "0");
    page.shows("/authorize?");
    address.parse().expect("an address")
}

/// The person agrees at VK: the way back.
fn back(id: &vk::VkId, address: &Url) -> String {
    let came = id.agree(address);
    format!(
        "/cabinet/vk/back?code={}&state={}&device_id={}",
        came.code, came.state, came.device_id
    )
}

/// All of it in one browser.
async fn links(browser: &Browser, id: &vk::VkId) -> Answer {
    let address = goes(browser).await;
    browser.get(&back(id, &address)).await
}

async fn linked(pages: &Pages, customer: &Customer) -> Option<i64> {
    let id = customer.id;
    pages
        .cabinet
        .read(move |tx| Box::pin(link::of(tx, id)))
        .await
}

async fn number(pages: &Pages, customer: &Customer) -> Option<String> {
    pages.desk.profile(customer).await.phone
}

on_both_engines! {
    async fn who_shares_the_number_has_it_confirmed_and_who_does_not_is_linked_alone(db: TestDb) {
        let id = vk::VkId::start(None).await;
        let pages = open(&db, &id).await;
        let ann = pages.shop.customer(1).await;
        let browser = pages.logged_in(ann.id).await;
        browser.get("/cabinet/profile").await.shows(PAGE);
        browser.get(PAGE).await.shows("not linked");
        let done = links(&browser, &id).await;
        assert_eq!(done.place(), "/cabinet/vk?done=linked");
        assert_eq!((linked(&pages, &ann).await, number(&pages, &ann).await), (Some(501), None));
        let page = browser.get(done.place()).await;
        page.shows("You have not shared a number");
        page.shows("linked, id 501");
        page.shows("once you allow us to write to you there");
        page.shows(COMMUNITY);
        assert_eq!(pages.cabinet.letters("vk_changed").await, 1);
        // The same account once more, with the number.
        id.is_used_by(501, Some("7 999 000 00 01"));
        assert_eq!(links(&browser, &id).await.place(), "/cabinet/vk?done=number");
        assert_eq!(number(&pages, &ann).await.as_deref(), Some(PHONE));
        assert_eq!(pages.cabinet.letters("vk_changed").await, 1, "nothing has changed");
        assert_eq!(pages.cabinet.letters("number_shared").await, 1);
        assert_eq!(links(&browser, &id).await.place(), "/cabinet/vk?done=number");
        assert_eq!(pages.cabinet.letters("number_shared").await, 1, "it was theirs already");
        // An export tells it, and unlinking ends it.
        let file = browser.submits("/cabinet/data", "/cabinet/data/export", &[]).await;
        file.shows("501");
        let gone = browser.submits(PAGE, "/cabinet/vk/unlink", &[]).await;
        assert_eq!(gone.place(), "/cabinet/vk?done=unlinked");
        browser.get(gone.place()).await.shows("no longer linked");
        assert_eq!(linked(&pages, &ann).await, None);
        assert_eq!(number(&pages, &ann).await.as_deref(), Some(PHONE), "the number stays");
        assert_eq!(pages.cabinet.letters("vk_changed").await, 2);
        pages.desk.expect_clean_books().await;
    }

    async fn another_number_is_taken_by_a_button_only_and_from_nobody_unheard(db: TestDb) {
        let id = vk::VkId::start(Some(OTHER)).await;
        let pages = open(&db, &id).await;
        let ann = pages.cabinet.known(1, PHONE, "ann@example.com").await;
        let bob = pages.cabinet.known(2, OTHER, "bob@example.com").await;
        let browser = pages.logged_in(ann.id).await;
        assert_eq!(links(&browser, &id).await.place(), "/cabinet/vk?done=asks");
        assert_eq!(number(&pages, &ann).await.as_deref(), Some(PHONE), "she is asked first");
        let page = browser.get(PAGE).await;
        page.shows(OTHER);
        page.shows(PHONE);
        // No other browser, no other session and no made-up cookie take it.
        let asks = browser.cookie("kiosk-vk-number").unwrap();
        let thief = pages.logged_in(ann.id).await;
        for cookie in [asks.as_str(), "79990000002.99999999999999.AAAA", "x"] {
            thief.set_cookie("kiosk-vk-number", cookie);
            let form = thief.get(PAGE).await.token();
            let taken = thief.post("/cabinet/vk/phone", &[("form", form.as_str())]).await;
            assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY, "{cookie}");
        }
        assert_eq!(number(&pages, &ann).await.as_deref(), Some(PHONE));
        // She keeps the one so far.
        let kept = browser.submits(PAGE, "/cabinet/vk/phone", &[("keep", "yes")]).await;
        assert_eq!(kept.place(), PAGE);
        assert!(!browser.get(PAGE).await.text.contains("/cabinet/vk/phone"));
        // Then she takes the other, and who had it is told.
        links(&browser, &id).await;
        let taken = browser.submits(PAGE, "/cabinet/vk/phone", &[]).await;
        assert_eq!(taken.place(), "/cabinet/vk?done=taken");
        assert_eq!(number(&pages, &ann).await.as_deref(), Some(OTHER));
        assert_eq!(number(&pages, &bob).await, None);
        assert_eq!(pages.cabinet.letters("phone_taken").await, 1);
        assert_eq!(pages.cabinet.letters("mail_vk").await, 1, "linked once");
        // An answer that comes too late finds nothing.
        id.is_used_by(501, Some(PHONE));
        links(&browser, &id).await;
        let form = browser.get(PAGE).await.token();
        pages.shop.clock.advance(Duration::from_mins(10));
        let late = browser.post("/cabinet/vk/phone", &[("form", form.as_str())]).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(number(&pages, &ann).await.as_deref(), Some(OTHER));
        pages.desk.expect_clean_books().await;
    }

    async fn an_account_that_another_customer_has_stays_theirs(db: TestDb) {
        let id = vk::VkId::start(Some(PHONE)).await;
        let pages = open(&db, &id).await;
        let (ann, bob) = (pages.shop.customer(1).await, pages.shop.customer(2).await);
        let (hers, his) = (pages.logged_in(ann.id).await, pages.logged_in(bob.id).await);
        links(&hers, &id).await;
        let refused = links(&his, &id).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        refused.shows("linked by another customer");
        assert_eq!((linked(&pages, &bob).await, number(&pages, &bob).await), (None, None));
        assert_eq!((linked(&pages, &ann).await, number(&pages, &ann).await.as_deref()), (Some(501), Some(PHONE)));
        // As soon as she gives it up, he can have it, and the number that goes with it.
        hers.submits(PAGE, "/cabinet/vk/unlink", &[]).await;
        assert_eq!(links(&his, &id).await.place(), "/cabinet/vk?done=number");
        assert_eq!((linked(&pages, &bob).await, number(&pages, &ann).await), (Some(501), None));
        assert_eq!(pages.cabinet.letters("phone_taken").await, 1, "she is told");
        // Who links another account has one, not two.
        id.is_used_by(777, None);
        links(&his, &id).await;
        assert_eq!(linked(&pages, &bob).await, Some(777));
        pages.desk.expect_clean_books().await;
    }

    async fn the_way_back_belongs_to_the_browser_and_the_session_that_began_and_is_good_once(db: TestDb) {
        let id = vk::VkId::start(Some(PHONE)).await;
        let pages = open(&db, &id).await;
        let (ann, eve) = (pages.shop.customer(1).await, pages.shop.customer(2).await);
        let (hers, others) = (pages.logged_in(ann.id).await, pages.logged_in(eve.id).await);
        // Eve begins, and lures Ann's browser into the way back of her own account: Ann would get codes to Eve's VK.
        let evil = back(&id, &goes(&others).await);
        let planted = others.cookie("kiosk-vk").unwrap();
        let lured = hers.get(&evil).await;
        assert_eq!(lured.status, StatusCode::UNPROCESSABLE_ENTITY);
        lured.shows("no longer good");
        // Not even with a cookie that she has planted there, nor with one of Ann's own from another session.
        hers.set_cookie("kiosk-vk", &planted);
        assert_eq!(hers.get(&evil).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let second = pages.logged_in(ann.id).await;
        let own = back(&id, &goes(&second).await);
        hers.set_cookie("kiosk-vk", &second.cookie("kiosk-vk").unwrap());
        assert_eq!(hers.get(&own).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(linked(&pages, &ann).await, None);
        assert_eq!(id.provider().heard().len(), 0, "VK is not even asked");
        // A state that is not the one that was sent; and what was kept is gone after one try.
        let address = goes(&hers).await;
        let came = id.agree(&address);
        let crooked = format!("/cabinet/vk/back?code={}&state=x&device_id={}", came.code, came.device_id);
        let straight = crooked.replace("state=x", &format!("state={}", came.state));
        assert_eq!(hers.get(&crooked).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(hers.get(&straight).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(linked(&pages, &ann).await, None);
        // The right one, and the same twice: at once by a copy of the cookie, and later.
        let straight = back(&id, &goes(&hers).await);
        let copy = hers.cookie("kiosk-vk").unwrap();
        assert_eq!(hers.get(&straight).await.place(), "/cabinet/vk?done=number");
        let again = hers.get(&straight).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        again.shows("linked, id 501");
        hers.set_cookie("kiosk-vk", &copy);
        assert_eq!(hers.get(&straight).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(pages.cabinet.letters("vk_changed").await, 1);
        // Who was too long at VK begins again.
        let late = back(&id, &goes(&hers).await);
        pages.shop.clock.advance(Duration::from_mins(10));
        assert_eq!(hers.get(&late).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        // Without a session there is nothing, whatever the cookie.
        let stranger = pages.browser();
        stranger.set_cookie("kiosk-vk", &copy);
        assert_eq!(stranger.get(&straight).await.place(), "/login");
        pages.desk.expect_clean_books().await;
    }

    async fn a_found_browser_and_a_form_from_elsewhere_change_nothing(db: TestDb) {
        let id = vk::VkId::start(None).await;
        let pages = open(&db, &id).await;
        let ann = pages.shop.customer(1).await;
        let browser = pages.logged_in(ann.id).await;
        links(&browser, &id).await;
        for path in [LINK, "/cabinet/vk/unlink", "/cabinet/vk/phone"] {
            for form in ["", "x"] {
                assert_eq!(browser.post(path, &[("form", form)]).await.status, StatusCode::FORBIDDEN, "{path}");
            }
            assert!(browser.get(path).await.status.is_client_error(), "{path} is a form's");
        }
        pages.shop.clock.advance(FRESH);
        for path in [LINK, "/cabinet/vk/unlink"] {
            let old = browser.submits(PAGE, path, &[]).await;
            old.shows("Please log in once more");
            assert!(old.header("refresh").is_empty());
        }
        assert_eq!(linked(&pages, &ann).await, Some(501));
    }

    async fn vk_that_is_away_or_refuses_changes_nothing_and_says_so(db: TestDb) {
        let id = vk::VkId::start(Some(PHONE)).await;
        let pages = open(&db, &id).await;
        let ann = pages.shop.customer(1).await;
        let browser = pages.logged_in(ann.id).await;
        for fault in [Fault::Page(502, "<html>"), Fault::Cut, Fault::TooMany(1)] {
            let address = goes(&browser).await;
            id.provider().fail(fault);
            let away = browser.get(&back(&id, &address)).await;
            assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
            away.shows("VK does not answer at the moment");
        }
        let address = goes(&browser).await;
        let used = back(&id, &address);
        let wrong = used.replace("code=code-", "code=made-up-");
        browser.get(&wrong).await.shows("no longer good");
        // They did not agree.
        let address = goes(&browser).await;
        let state = address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let declined = browser.get(&format!("/cabinet/vk/back?error=access_denied&state={state}")).await;
        assert_eq!(declined.status, StatusCode::UNPROCESSABLE_ENTITY);
        declined.shows("you did not agree at VK");
        assert_eq!((linked(&pages, &ann).await, number(&pages, &ann).await), (None, None));
        assert_eq!(pages.cabinet.letters("vk_changed").await, 0);
    }

    async fn who_comes_back_again_and_again_has_the_shop_ask_only_so_often(db: TestDb) {
        let id = vk::VkId::start(Some(PHONE)).await;
        let pages = open(&db, &id).await;
        let ann = pages.shop.customer(1).await;
        let browser = pages.logged_in(ann.id).await;
        let made_up = back(&id, &goes(&browser).await).replace("code=code-", "code=made-up-");
        let copy = browser.cookie("kiosk-vk").unwrap();
        let mut refused = 0;
        for _ in 0..30 {
            browser.set_cookie("kiosk-vk", &copy);
            let answer = browser.get(&made_up).await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                answer.shows("Too many attempts");
                refused += 1;
            }
        }
        let asked = id.provider().heard().len();
        assert!(asked <= 20 && refused == 30 - asked, "{asked} {refused}");
        pages.shop.clock.advance(Duration::from_mins(15));
        let browser = pages.logged_in(ann.id).await;
        assert_eq!(links(&browser, &id).await.place(), "/cabinet/vk?done=number");
    }

    async fn without_an_application_at_vk_there_is_no_page(db: TestDb) {
        let pages = Pages::open(&db).await;
        let ann = pages.shop.customer(1).await;
        let browser = pages.logged_in(ann.id).await;
        let profile = browser.get("/cabinet/profile").await;
        assert!(!profile.text.contains(PAGE));
        let form = profile.token();
        for path in [PAGE, "/cabinet/vk/back?code=1&state=2"] {
            assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in [LINK, "/cabinet/vk/phone", "/cabinet/vk/unlink"] {
            assert_eq!(browser.post(path, &[("form", form.as_str())]).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    async fn a_code_on_its_way_to_an_account_that_is_unlinked_opens_nothing(db: TestDb) {
        let id = vk::VkId::start(None).await;
        let pages = open(&db, &id).await;
        let ann = pages.cabinet.known(1, PHONE, "ann@example.com").await;
        let browser = pages.logged_in(ann.id).await;
        links(&browser, &id).await;
        let visitor = Asker::Visitor(WayIn::Login);
        let begun = pages.desk.begun(visitor, phone(PHONE)).await;
        let code = pages.desk.code(begun, 1).await;
        browser.submits(PAGE, "/cabinet/vk/unlink", &[]).await;
        assert_eq!(pages.desk.guess(visitor, begun, &code).await, Guess::Expired);
    }

    async fn from_the_chat_to_vk_and_back_over_a_restart_and_then_a_code_comes_there(db: TestDb) {
        let (id, community) = (vk::VkId::start(Some(PHONE)).await, Vk::start().await);
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let senders = || {
            let account = PhoneAccount {
                name: "main".to_owned(),
                channel: Channel::Vk(VkSettings {
                    api_url: community.provider().url(),
                    token: SecretString::from(vk::TOKEN.to_owned()),
                }),
                most_a_day: None,
                skip: Vec::new(),
            };
            build(&kiosk::senders::settings::Settings { phone: vec![account], ..nobody() }, &around()).unwrap()
        };
        let change = |settings: &mut kiosk::app::Settings| {
            settings.senders = senders();
            settings.shopfront.opens_cabinet = true;
            settings.web = Some(WebSettings {
                listen,
                is_public: true,
                address_header: None,
                accel_prefix: None,
                cabinet: CabinetSettings {
                    ways: vec![Way::Link, Way::Phone],
                    vk: Some(self::settings(&id)),
                    ..CabinetSettings::default()
                },
            });
        };
        let shop = LiveShop::open_with(&db, 1, change).await;
        let ann = shop.customer("Ann", "en");
        shop.hears(ann, "/profile", "VK: not linked").await;
        let told = shop.taps(ann, "🔗 Link VK", "/login/").await;
        let (_, path) = told.text.split_once(&format!("http://{listen}")).expect("a link");
        let path = path.split_whitespace().next().unwrap();
        assert!(path.ends_with("/vk"), "{path}");
        let browser = Browser::at(&format!("http://{listen}"));
        assert_eq!(browser.submits(path, path, &[]).await.place(), PAGE);
        let way_back = back(&id, &goes(&browser).await);
        let shop = shop.reopen_with(&db, async |_| {}, change).await;
        assert_eq!(browser.get(&way_back).await.place(), "/cabinet/vk?done=number");
        shop.reads(ann, "A VK account was linked").await;
        shop.reads(ann, "Your phone number is now +7999***0001").await;
        let profile = shop.hears(ann, "/profile", "VK: linked").await;
        assert!(profile.text.contains(PHONE), "{}", profile.text);
        // She lets the community write to her, and the code to her number comes there.
        community.permit(501);
        let other = Browser::at(&format!("http://{listen}"));
        let asks = other.submits("/login", "/login/phone", &[("phone", PHONE)]).await;
        assert_eq!(asks.place(), "/login/code");
        shop.quiet().await;
        let message = community.messages().pop().expect("a message");
        let code: String = message.text.chars().take_while(char::is_ascii_digit).collect();
        assert_eq!((message.user, code.len()), (501, 6));
        assert_eq!(other.submits("/login/code", "/login/code", &[("code", &code)]).await.place(), "/cabinet");
        // Unlinked in the cabinet, she is told in the chat, and nothing goes there any more.
        browser.submits(PAGE, "/cabinet/vk/unlink", &[]).await;
        shop.reads(ann, "no longer linked here").await;
        shop.hears(ann, "/profile", "VK: not linked").await;
        shop.close().await;
    }

    async fn a_profile_says_nothing_of_vk_where_none_can_be_linked(db: TestDb) {
        let shop = LiveShop::open_with(&db, 1, |settings| {
            settings.shopfront.public_url = Some("https://shop.example.com".to_owned());
            settings.shopfront.opens_cabinet = true;
        })
        .await;
        let ann = shop.customer("Ann", "en");
        let page = shop.hears(ann, "/profile", "Your profile").await;
        assert!(!page.text.contains("VK"), "{}", page.text);
        assert!(page.keyboard.iter().flatten().all(|it| !it.text.contains("VK")), "{page:?}");
        shop.close().await;
    }
}
