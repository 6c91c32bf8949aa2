//! The same update twice, also after a restart, and the same button pressed twice: the end is that of once.

use kiosk::store::StoreError;
use kiosk::{binds, sql};
use kiosk_emulator::{Message, PayOptions};

use super::registration::{ANNS, NUMBER, everything, profile, wants};
use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::post::Post;
use crate::support::shop::LiveShop;

const TERMS: &str = "00000001";
const LOGIN: &str = "https://shop.example.com/login/";

sql! {
    OWED = "twice.owed", "SELECT COUNT(*) FROM inbox WHERE screen_owed IS NOT NULL";
    BOOKS = "twice.books",
        "SELECT (SELECT COUNT(*) FROM confirmations), (SELECT COUNT(*) FROM confirmation_sends),
             (SELECT COUNT(*) FROM consents), (SELECT COUNT(*) FROM login_links),
             (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM payment_attempts), (SELECT COUNT(*) FROM outbox)";
}

/// What a repeat must not change.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    chat: Vec<(i64, u32, String)>,
    sent: usize,
    books: (i64, i64, i64, i64, i64, i64, i64),
}

/// A shop with everything, and Ann in it.
struct Twice<'d> {
    db: &'d TestDb,
    shop: LiveShop,
    post: Post,
    ann: i64,
}

impl<'d> Twice<'d> {
    async fn open(db: &'d TestDb) -> Self {
        let (shop, post) = LiveShop::open_posting(db, 3, |settings, post| {
            everything(settings, post, TERMS);
            settings.shopfront.public_url = Some("https://shop.example.com".to_owned());
            settings.shopfront.opens_cabinet = true;
        })
        .await;
        let ann = shop.customer("Ann", "en");
        Self {
            db,
            shop,
            post,
            ann,
        }
    }

    /// Returns when nothing is left to do, and every screen is drawn.
    async fn quiet(&self) {
        let owed = async || {
            let read = self.shop.store.read("twice.owed", |tx| {
                Box::pin(async move { tx.one::<(i64,)>(&OWED, binds![]).await })
            });
            read.await
                .map_err(|error: StoreError| error)
                .expect("a look")
                .0
        };
        self.shop.quiet().await;
        while owed().await > 0 {
            tokio::task::yield_now().await;
        }
    }

    async fn standing(&self) -> Standing {
        self.quiet().await;
        let read = self.shop.store.read("twice.books", |tx| {
            Box::pin(async move { tx.one(&BOOKS, binds![]).await })
        });
        let books = read.await.map_err(|error: StoreError| error);
        let chat = self.shop.control.messages(self.ann);
        let chat = chat
            .into_iter()
            .map(|it| (it.message_id, it.edits, it.text));
        Standing {
            chat: chat.collect(),
            sent: self.post.count(NUMBER) + self.post.count(ANNS),
            books: books.expect("the books"),
        }
    }

    /// The newest update comes twice more, and once more after a restart.
    async fn comes_again(mut self, what: &str) -> Self {
        let before = self.standing().await;
        let newest = self.shop.control.updates_log().pop().expect("an update");
        self.shop.control.redeliver(newest.update_id, 2);
        assert_eq!(self.standing().await, before, "{what}, again");
        let post = self.post.clone();
        let change = |settings: &mut kiosk::app::Settings| {
            everything(settings, &post, TERMS);
            settings.shopfront.public_url = Some("https://shop.example.com".to_owned());
            settings.shopfront.opens_cabinet = true;
        };
        self.shop = self.shop.reopen_with(self.db, async |_| {}, change).await;
        self.shop.control.redeliver(newest.update_id, 1);
        assert_eq!(self.standing().await, before, "{what}, after a restart");
        self
    }

    async fn says(self, text: &str, words: &str) -> Self {
        self.shop.hears(self.ann, text, words).await;
        self.comes_again(text).await
    }

    async fn taps(self, label: &str, words: &str) -> Self {
        self.shop.taps(self.ann, label, words).await;
        self.comes_again(label).await
    }

    /// Taps the newest button of this label twice, before anything is answered. Its answer is there once.
    async fn taps_twice(&self, label: &str, words: &str) {
        let button = |message: &Message| {
            let mut all = message.keyboard.iter().flatten();
            let found = all.find(|it| it.text.contains(label))?;
            Some((message.message_id, found.callback_data.clone()?))
        };
        let chat = self.shop.control.messages(self.ann);
        let (id, data) = chat.iter().rev().find_map(button).expect("such a button");
        let before = self.answers(words);
        let press = || self.shop.control.press(self.ann, id, &data);
        let taps = [press().expect("a tap"), press().expect("a tap")];
        self.shop.reads(self.ann, words).await;
        for tap in taps {
            let answered = self.shop.control.wait_for_callback_answer(&tap).await;
            answered.expect("every tap is answered");
        }
        self.quiet().await;
        assert_eq!(
            self.answers(words),
            before + 1,
            "{label}: {:#?}",
            self.shop.control.messages(self.ann)
        );
    }

    fn answers(&self, words: &str) -> usize {
        let chat = self.shop.control.messages(self.ann);
        chat.iter()
            .filter(|it| it.from_bot && it.text.contains(words))
            .count()
    }

    async fn invoice(&self) -> i64 {
        let found = self
            .shop
            .control
            .wait_for_message(self.ann, |it| it.invoice.is_some());
        found.await.expect("an invoice").message_id
    }
}

on_both_engines! {
    async fn an_update_that_comes_again_changes_nothing_at_any_step(db: TestDb) {
        let mut it = Twice::open(&db).await;
        wants(&it.shop, it.ann, "What may we call you?").await;
        it = it.comes_again("Buy now").await;
        it = it.says("Anna", "Or type a mobile number").await;
        it = it.says(NUMBER, "on its way to +7").await;
        let code = it.post.code(NUMBER, 1).await;
        it = it.says(&code, "asks for a confirmed e-mail address").await;
        it.shop.control.share_contact(it.ann, &NUMBER[1..], Some(it.ann), false);
        it.shop.reads(it.ann, "your number is confirmed").await;
        it = it.comes_again("a contact").await;
        it = it.says(ANNS, "on its way to ann@").await;
        let code = it.post.code(ANNS, 1).await;
        it = it.says(&code, "asks for your consent").await;
        it = it.taps("✅ I agree", "Is everything right?").await;
        it = it.taps("▶️ Go on with my order", "How would you like to pay?").await;
        it.shop.press(it.ann, "⭐ Pay with Stars");
        let invoice = it.invoice().await;
        it = it.comes_again("Pay").await;
        it.shop.control.pay(it.ann, invoice, PayOptions::default()).await;
        it.shop.reads(it.ann, "zeta-month-0001").await;
        it = it.comes_again("the payment").await;
        it = it.says("/profile", "Your profile").await;
        it = it.taps("🔐 My account on the web", LOGIN).await;
        let known = profile(&it.shop, it.ann).await;
        assert_eq!((known.phone.as_deref(), known.email.as_deref()), (Some(NUMBER), Some(ANNS)));
        assert_eq!((known.consents.len(), it.post.count(NUMBER)), (2, 1));
        it.shop.close().await;
    }

    async fn a_button_that_is_pressed_twice_has_one_answer(db: TestDb) {
        let it = Twice::open(&db).await;
        it.shop.hears(it.ann, "/start p_zeta-month", "Zeta, one month").await;
        it.taps_twice("⚡ Buy now", "What may we call you?").await;
        it.taps_twice("Ann", "Or type a mobile number").await;
        it.shop.control.share_contact(it.ann, &NUMBER[1..], Some(it.ann), false);
        it.shop.reads(it.ann, "asks for a confirmed e-mail address").await;
        it.shop.hears(it.ann, ANNS, "on its way to ann@").await;
        let code = it.post.code(ANNS, 1).await;
        it.shop.hears(it.ann, &code, "asks for your consent").await;
        it.taps_twice("✅ I agree", "Is everything right?").await;
        it.taps_twice("▶️ Go on with my order", "How would you like to pay?").await;
        it.taps_twice("⭐ Pay with Stars", "The invoice is in this chat").await;
        let invoices = it.shop.control.messages(it.ann);
        let invoices = invoices.iter().filter(|it| it.invoice.is_some());
        assert_eq!(invoices.count(), 1);
        let invoice = it.invoice().await;
        it.shop.control.pay(it.ann, invoice, PayOptions::default()).await;
        it.shop.reads(it.ann, "zeta-month-0001").await;
        it.shop.hears(it.ann, "/profile", "Your profile").await;
        it.taps_twice("🔐 My account on the web", LOGIN).await;
        let known = profile(&it.shop, it.ann).await;
        assert_eq!((known.consents.len(), it.post.count(ANNS)), (2, 1));
        assert!(known.registered_at.is_some());
        it.shop.close().await;
    }
}
