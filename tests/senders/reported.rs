//! What providers tell of codes, on its whole way: from the webhook of the open shop to the books of sends, and on to the
//! next sender where a code did not arrive.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use kiosk::app::{CabinetSettings, WebSettings};
use kiosk::senders::settings::{Channel, GatewaySettings, Settings, WhatsappSettings};
use kiosk::senders::{Around, build};
use kiosk::store::{Store, StoreError};
use kiosk::{binds, sql};
use reqwest::{Client, StatusCode};
use secrecy::SecretString;
use url::Url;

use super::{nobody, phone_account};
use crate::on_both_engines;
use crate::support::db::TestDb;
use crate::support::phones::gateway::{self, Gateway};
use crate::support::phones::whatsapp::{self, Graph};
use crate::support::shop::{LiveShop, SLUG};

/// How long what is told of may take to be written down.
const PATIENCE: Duration = Duration::from_secs(20);
const ANNS: &str = "+79990001122";
const BOBS: &str = "+79990003344";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

sql! {
    SENDS = "reported.sends", "SELECT sender, state, changed_at FROM confirmation_sends ORDER BY id";
    PUT_OFF = "reported.put_off",
        "SELECT COUNT(*) FROM inbox WHERE source LIKE 'phone:%' AND state = 'new' AND due_at > received_at";
    FACTS = "reported.facts", "SELECT state, event_id FROM inbox WHERE source LIKE 'phone:%' ORDER BY seq";
}

/// A shop that asks for a number, and those who carry its codes: the Gateway first.
struct Reported {
    shop: LiveShop,
    gateway: Gateway,
    graph: Graph,
}

fn accounts(gateway: &Gateway, graph: &Graph) -> Settings {
    let gateway = GatewaySettings {
        api_url: gateway.provider().url(),
        token: SecretString::from(gateway::TOKEN.to_owned()),
        username: None,
    };
    let whatsapp = WhatsappSettings {
        api_url: graph.provider().url(),
        version: whatsapp::VERSION.to_owned(),
        token: SecretString::from(whatsapp::TOKEN.to_owned()),
        number_id: whatsapp::NUMBER.to_owned(),
        template: whatsapp::TEMPLATE.to_owned(),
        languages: vec!["en_US".to_owned()],
        app_secret: Some(SecretString::from(SECRET.to_owned())),
        verify_token: Some(SecretString::from("a word of our own".to_owned())),
    };
    let channels = [Channel::Gateway(gateway), Channel::Whatsapp(whatsapp)];
    Settings {
        phone: channels.map(phone_account).to_vec(),
        ..nobody()
    }
}

impl Reported {
    async fn open(db: &TestDb) -> Self {
        let (gateway, graph) = tokio::join!(Gateway::start(), Graph::start());
        let accounts = accounts(&gateway, &graph);
        let shop = LiveShop::open_with(db, 3, |settings| {
            settings.shopfront.rules.needs.phone = true;
            settings.shopfront.public_url = Some("https://shop.example.com".to_owned());
            settings.web = Some(WebSettings {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                is_public: false,
                address_header: None,
                accel_prefix: None,
                cabinet: CabinetSettings::default(),
            });
            let around = Around {
                shop: "Zeta shop".to_owned(),
                public_url: Url::parse("https://shop.example.com").ok(),
                clock: settings.clock.clone(),
            };
            settings.senders = build(&accounts, &around).expect("senders");
        })
        .await;
        Self {
            shop,
            gateway,
            graph,
        }
    }

    /// Somebody types a number, and a code is on its way.
    async fn asks(&self, name: &str, number: &str) -> i64 {
        let user = self.shop.customer(name, "en");
        let command = format!("/start p_{SLUG}");
        self.shop.hears(user, &command, "Zeta, one month").await;
        self.shop.press(user, "⚡ Buy now");
        self.shop.reads(user, "Or type a mobile number").await;
        self.shop
            .hears(user, number, "How should we send the code")
            .await;
        self.shop.press(user, "✉️ Whichever works");
        self.shop.reads(user, "on its way to").await;
        user
    }

    async fn told(&self, path: &str, headers: Vec<(String, Vec<u8>)>, body: String) -> StatusCode {
        let pages = self.shop.app.web().expect("pages");
        let mut request = Client::new().post(format!("http://{pages}/webhooks/phone/{path}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(body).send().await.expect("an answer").status()
    }

    /// The Gateway tells of a code; with another token it is somebody else who does.
    async fn gateway_tells(&self, token: &str, reference: &str, status: &str) -> StatusCode {
        let second = self.shop.clock.now() / 1_000;
        let body = gateway::report(reference, status, second);
        let headers = gateway::signed(token, second, &body);
        self.told("gateway-main", headers, body).await
    }

    async fn whatsapp_tells(&self, secret: &str, reference: &str, status: &str) -> StatusCode {
        let second = self.shop.clock.now() / 1_000;
        let body = whatsapp::news(whatsapp::NUMBER, &[(reference, status, second)]);
        let headers = whatsapp::signed(secret, &body);
        self.told("whatsapp-main", headers, body).await
    }

    /// Returns when the books of sends say this, in their order.
    async fn sends_are(&self, expected: &[(&str, &str)]) -> Vec<i64> {
        let since = Instant::now();
        loop {
            let sends = sends(&self.shop.store).await;
            let said = sends.iter().map(|it| (it.0.as_str(), it.1.as_str()));
            if said.eq(expected.iter().copied()) {
                return sends.into_iter().map(|it| it.2).collect();
            }
            assert!(since.elapsed() < PATIENCE, "{sends:?}, not {expected:?}");
            tokio::task::yield_now().await;
        }
    }

    /// What the inbox keeps of reports.
    async fn facts(&self) -> Vec<(String, String)> {
        let facts = self.shop.store.read("reported.facts", |tx| {
            Box::pin(async move { tx.all(&FACTS, binds![]).await })
        });
        facts
            .await
            .map_err(|error: StoreError| error)
            .expect("facts")
    }

    /// Returns when a report was looked at too early.
    async fn is_put_off(&self) {
        let put_off = async || {
            let read = self.shop.store.read("reported.put_off", |tx| {
                Box::pin(async move { tx.one::<(i64,)>(&PUT_OFF, binds![]).await })
            });
            read.await
                .map_err(|error: StoreError| error)
                .expect("a look")
                .0
        };
        let since = Instant::now();
        while put_off().await == 0 {
            assert!(since.elapsed() < PATIENCE, "nobody has looked at it");
            tokio::task::yield_now().await;
        }
    }

    /// Whose number the Gateway was given, and with which code.
    fn by_gateway(&self) -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        let sent = self.gateway.sent();
        let sent = sent
            .iter()
            .map(|it| (text(&it["phone_number"]), text(&it["code"])));
        sent.collect()
    }
}

async fn sends(store: &Store) -> Vec<(String, String, i64)> {
    let sends = store.read("reported.sends", |tx| {
        Box::pin(async move { tx.all(&SENDS, binds![]).await })
    });
    sends
        .await
        .map_err(|error: StoreError| error)
        .expect("sends")
}

const ACCEPTED: (&str, &str) = ("gateway:main", "accepted");
const DELIVERED: (&str, &str) = ("gateway:main", "delivered");
const BY_WHATSAPP: (&str, &str) = ("whatsapp:main", "accepted");
const FAILED: (&str, &str) = ("whatsapp:main", "undelivered");

on_both_engines! {
    async fn a_delivery_is_written_down_once_and_a_forged_one_not_at_all(db: TestDb) {
        let it = Reported::open(&db).await;
        let ann = it.asks("Ann", ANNS).await;
        it.sends_are(&[ACCEPTED]).await;
        let reference = "1000001";
        assert_eq!(it.gateway_tells("AAFguessed", reference, "delivered").await, StatusCode::NOT_FOUND);
        assert_eq!(it.whatsapp_tells("guessed", "wamid.1", "failed").await, StatusCode::NOT_FOUND);
        assert_eq!(it.facts().await, []);
        assert_eq!(it.gateway_tells(gateway::TOKEN, reference, "delivered").await, StatusCode::OK);
        let changed = it.sends_are(&[DELIVERED]).await;
        for _ in 0..3 {
            assert_eq!(it.gateway_tells(gateway::TOKEN, reference, "delivered").await, StatusCode::OK);
        }
        it.shop.quiet().await;
        assert_eq!(it.sends_are(&[DELIVERED]).await, changed, "a repeat changes nothing");
        assert_eq!(it.facts().await, [("done".to_owned(), format!("{reference}:delivered"))]);
        let (_, code) = it.by_gateway().remove(0);
        it.shop.hears(ann, &code, "number is confirmed").await;
        it.shop.close().await;
    }

    async fn a_code_that_did_not_arrive_is_carried_by_the_next_and_then_the_customer_is_told(db: TestDb) {
        let it = Reported::open(&db).await;
        it.asks("Ann", ANNS).await;
        it.sends_are(&[ACCEPTED]).await;
        let bob = it.asks("Bob", BOBS).await;
        it.sends_are(&[ACCEPTED, BY_WHATSAPP]).await;
        for _ in 0..2 {
            assert_eq!(it.whatsapp_tells(SECRET, "wamid.1", "failed").await, StatusCode::OK);
        }
        it.sends_are(&[ACCEPTED, FAILED, ACCEPTED]).await;
        it.shop.quiet().await;
        let carried = it.by_gateway();
        assert_eq!(carried.iter().filter(|it| it.0 == BOBS).count(), 1, "once: {carried:?}");
        let text = &it.graph.sent()[0]["template"]["components"][0]["parameters"][0]["text"];
        assert_eq!(carried[1], (BOBS.to_owned(), text.as_str().expect("text").to_owned()), "the same code");
        // Who is last to carry it could not either.
        assert_eq!(it.gateway_tells(gateway::TOKEN, "1000002", "expired").await, StatusCode::OK);
        it.shop.reads(bob, "We could not send the code").await;
        it.sends_are(&[ACCEPTED, FAILED, ("gateway:main", "undelivered")]).await;
        it.shop.close().await;
    }

    async fn a_report_that_is_faster_than_its_senders_answer_is_not_lost(db: TestDb) {
        let it = Reported::open(&db).await;
        let held = it.shop.app.store().points().hold("confirmations.called");
        it.asks("Ann", ANNS).await;
        held.reached().await;
        assert_eq!(it.gateway_tells(gateway::TOKEN, "1000001", "revoked").await, StatusCode::OK);
        it.is_put_off().await;
        it.sends_are(&[("gateway:main", "sending")]).await;
        drop(held);
        it.sends_are(&[("gateway:main", "undelivered"), BY_WHATSAPP]).await;
        let text = &it.graph.sent()[0]["template"]["components"][0]["parameters"][0]["text"];
        assert_eq!(it.by_gateway(), [(ANNS.to_owned(), text.as_str().expect("text").to_owned())]);
        it.shop.quiet().await;
        assert_eq!(it.facts().await, [("done".to_owned(), "1000001:undelivered".to_owned())]);
        it.shop.close().await;
    }
}
