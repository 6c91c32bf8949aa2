//! Registration before an order: name, phone, e-mail and consents, through restarts, repeats and second thoughts.

use kiosk::app::Settings;
use kiosk::shop::customers::registration::Requirements;
use kiosk::shop::customers::{self, profile::Profile};
use kiosk::store::StoreError;

use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::post::Post;
use crate::support::shop::{LiveShop, SLUG};

pub(super) const ANNS: &str = "ann@example.com";
pub(super) const NUMBER: &str = "+79990001122";

pub(super) fn everything(settings: &mut Settings, post: &Post, terms: &str) {
    settings.senders = post.senders();
    settings.shopfront.rules.needs = Requirements {
        name: true,
        phone: true,
        email: true,
        terms: Some(terms.to_owned()),
        privacy: Some("00000007".to_owned()),
    };
}

pub(super) async fn open(db: &TestDb) -> (LiveShop, Post) {
    LiveShop::open_posting(db, 3, |settings, post| {
        everything(settings, post, "00000001");
    })
    .await
}

pub(super) async fn reopened(shop: LiveShop, db: &TestDb, post: &Post, terms: &str) -> LiveShop {
    let change = |settings: &mut Settings| everything(settings, post, terms);
    shop.reopen_with(db, async |_| {}, change).await
}

pub(super) async fn wants(shop: &LiveShop, user: i64, words: &str) {
    shop.hears(user, &format!("/start p_{SLUG}"), "Zeta, one month")
        .await;
    shop.taps(user, "⚡ Buy now", words).await;
}

pub(super) async fn profile(shop: &LiveShop, user: i64) -> Profile {
    shop.store
        .read("rig.profile", move |tx| {
            Box::pin(async move {
                let customer = customers::by_telegram_id(tx, user).await?.expect("met");
                let profile = customers::profile::of(tx, customer.id).await?;
                Ok::<_, StoreError>(profile.expect("known"))
            })
        })
        .await
        .expect("a look")
}

on_both_engines! {
    async fn a_customer_registers_by_typing_through_restarts_and_repeats(db: TestDb) {
        let (mut shop, post) = open(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann, "What may we call you?").await;
        shop = reopened(shop, &db, &post, "00000001").await;
        shop.hears_once(ann, "Anna", "Or type a mobile number").await;
        shop = reopened(shop, &db, &post, "00000001").await;
        shop.hears_once(ann, NUMBER, "on its way to +7").await;
        shop = reopened(shop, &db, &post, "00000001").await;
        let code = post.code(NUMBER, 1).await;
        shop.hears_once(ann, &code, "asks for a confirmed e-mail address").await;
        shop = reopened(shop, &db, &post, "00000001").await;
        shop.hears_once(ann, ANNS, "on its way to ann@").await;
        shop = reopened(shop, &db, &post, "00000001").await;
        let code = post.code(ANNS, 1).await;
        shop.hears_once(ann, &code, "asks for your consent").await;
        shop = reopened(shop, &db, &post, "00000001").await;
        shop.taps(ann, "✅ I agree", "Is everything right?").await;
        shop = reopened(shop, &db, &post, "00000001").await;
        let before = profile(&shop, ann).await;
        assert_eq!(before.registered_at, None, "not before the end");
        shop.taps(ann, "▶️ Go on with my order", "How would you like to pay?").await;
        let known = profile(&shop, ann).await;
        assert_eq!(known.calls_themselves(), "Anna");
        assert_eq!((known.phone.as_deref(), known.email.as_deref()), (Some(NUMBER), Some(ANNS)));
        let agreed: Vec<_> = known.consents.iter().map(|it| it.version.as_str()).collect();
        assert_eq!(agreed, ["00000001", "00000007"]);
        assert!(known.registered_at.is_some());
        assert_eq!((post.count(NUMBER), post.count(ANNS)), (1, 1));
        shop.close().await;
    }

    async fn each_answer_can_be_changed_before_the_end(db: TestDb) {
        let (shop, post) = open(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann, "What may we call you?").await;
        shop.press(ann, "Ann");
        shop.reads(ann, "Or type a mobile number").await;
        shop.control.share_contact(ann, "79990001122", Some(ann), false);
        shop.reads(ann, "asks for a confirmed e-mail address").await;
        shop.hears(ann, ANNS, "on its way").await;
        shop.hears(ann, &post.code(ANNS, 1).await, "asks for your consent").await;
        shop.taps(ann, "✅ I agree", "Name: Ann").await;
        shop.taps(ann, "✏️ What to call me", "What may we call you?").await;
        shop.hears(ann, "A\u{202e}nna", "A name is one line").await;
        shop.hears(ann, "Anna", "Name: Anna").await;
        shop.taps(ann, "✉️ Another address", "Write").await;
        shop.hears(ann, "new@example.com", "on its way").await;
        shop.hears(ann, &post.code("new@example.com", 1).await, "E-mail: new@example.com").await;
        shop.press(ann, "📱 Another number");
        shop.reads(ann, "Or type a mobile number").await;
        shop.hears(ann, "+79990001133", "on its way").await;
        shop.hears(ann, &post.code("+79990001133", 1).await, "Phone: +79990001133").await;
        shop.taps(ann, "▶️ Go on with my order", "How would you like to pay?").await;
        let known = profile(&shop, ann).await;
        assert_eq!(known.phone.as_deref(), Some("+79990001133"));
        assert_eq!(known.email.as_deref(), Some("new@example.com"));
        shop.close().await;
    }

    async fn who_has_no_name_that_can_be_shown_is_offered_none(db: TestDb) {
        let (shop, _) = open(&db).await;
        let nameless = shop.customer("A\u{202e}nna", "en");
        wants(&shop, nameless, "What may we call you? Write your name.").await;
        let question = shop.control.last_message(nameless).unwrap();
        assert!(!question.text.contains("below"), "{}", question.text);
        let labels: Vec<_> = question.keyboard.iter().flatten().map(|it| it.text.as_str()).collect();
        assert_eq!(labels, ["✖ Not now"]);
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann, "or take the one below").await;
        shop.close().await;
    }

    async fn it_can_be_left_at_each_step_and_goes_on_there(db: TestDb) {
        let (shop, post) = open(&db).await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann, "What may we call you?").await;
        shop.hears(ann, "/cancel", "Zeta shop").await;
        wants(&shop, ann, "What may we call you?").await;
        shop.hears(ann, "Anna", "Or type a mobile number").await;
        shop.hears(ann, "/cancel", "Zeta shop").await;
        wants(&shop, ann, "Or type a mobile number").await;
        shop.control.share_contact(ann, "79990001122", Some(ann), false);
        shop.reads(ann, "asks for a confirmed e-mail address").await;
        shop.hears(ann, "/cancel", "Zeta shop").await;
        wants(&shop, ann, "asks for a confirmed e-mail address").await;
        shop.hears(ann, ANNS, "on its way").await;
        shop.hears(ann, &post.code(ANNS, 1).await, "asks for your consent").await;
        shop.hears(ann, "/cancel", "Zeta shop").await;
        wants(&shop, ann, "asks for your consent").await;
        shop.taps(ann, "✖ Not now", "Zeta shop").await;
        wants(&shop, ann, "asks for your consent").await;
        // Reading what one shall agree to leaves nothing.
        shop.hears(ann, "/terms", "Terms").await;
        shop.press(ann, "✅ I agree");
        shop.reads(ann, "Is everything right?").await;
        shop.close().await;
    }

    async fn new_terms_are_asked_for_again_and_old_buttons_agree_to_nothing_new(db: TestDb) {
        let (mut shop, _) = LiveShop::open_posting(&db, 3, |settings, _| {
            settings.shopfront.rules.needs.terms = Some("00000001".to_owned());
        })
        .await;
        let ann = shop.customer("Ann", "en");
        wants(&shop, ann, "asks for your consent").await;
        shop = shop
            .reopen_with(&db, async |_| {}, |settings| {
                settings.shopfront.rules.needs.terms = Some("00000002".to_owned());
            })
            .await;
        shop.press(ann, "✅ I agree");
        shop.quiet().await;
        assert!(profile(&shop, ann).await.consents.is_empty());
        shop.taps(ann, "✅ I agree", "Your order can go on").await;
        let agreed = profile(&shop, ann).await.consents;
        assert_eq!(agreed.len(), 1);
        assert_eq!(agreed[0].version, "00000002");
        shop.taps(ann, "▶️ Go on with my order", "How would you like to pay?").await;
        shop.hears(ann, "/profile", "Agreed to the terms").await;
        shop.close().await;
    }
}
