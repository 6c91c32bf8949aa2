//! A customer takes away what is kept of them, and leaves.

use std::collections::BTreeSet;

use kiosk::bus::dialogue;
use kiosk::bus::inbox::{self, Birth, Fact};
use kiosk::shop::access::erase::{self, EraseError, Erased};
use kiosk::shop::access::export::{self, COVERED, ExportError, Keys, LEFT_OUT};
use kiosk::shop::access::sessions::FRESH;
use kiosk::shop::access::token::Token;
use kiosk::shop::confirmations::begin::{self, Wish};
use kiosk::shop::confirmations::{Asker, Target, WayIn};
use kiosk::shop::customers::consents::{self, Matter};
use kiosk::shop::customers::profile::{self, GivenName};
use kiosk::shop::customers::{self, Customer, Email};
use kiosk::shop::letters::{self, Letter};
use kiosk::shop::orders::State;
use kiosk::shop::payments::settle::Settled;
use kiosk::shop::staff::{self, Role};
use kiosk::shop::{audit, payments};
use kiosk::store::{Location, PublicId, StoreError};
use kiosk::{binds, sql};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::access::rig::Cabinet;
use crate::on_both_engines;
use crate::sales::rig::{PRICE, SLUG, Shop};
use crate::support::db::TestDb;

const ID: i64 = 700_700_700_700;
const BOB: i64 = 5;
/// What says who she is, in each place where it stands.
const CANARIES: [&str; 9] = [
    "Canary-Name",
    "Canary-Given",
    "79990000777",
    "canary.mail",
    "Canary-Words",
    "CanaryFox",
    "198.51.100.0",
    "canary-talk",
    "700700700700",
];

sql! {
    DONE = "test.leaving.done", "UPDATE inbox SET state = 'done' WHERE state = 'new'";
    DEAD = "test.leaving.dead", "UPDATE inbox SET state = 'dead', error = 'Canary-Words' WHERE event_id = $1";
    TALK = "test.leaving.talk", "INSERT INTO dialogues (chat_id, state, updated_at) VALUES ($1, 'canary-talk', 1)";
    CLAIM = "test.leaving.claim",
        "UPDATE outbox SET state = 'sending', lease_until = 1 WHERE state = 'pending' AND kind = 'mail_password'";
    UNCLAIM = "test.leaving.unclaim",
        "UPDATE outbox SET state = 'pending', lease_until = NULL WHERE state = 'sending'";
    SEND = "test.leaving.send",
        "UPDATE outbox SET state = 'sending', lease_until = 1 WHERE state = 'pending' AND dedup_key = $1";
    SENT = "test.leaving.sent",
        "UPDATE outbox SET state = $2, lease_until = NULL WHERE state = 'sending' AND dedup_key = $1";
    STATES = "test.leaving.states", "SELECT kind, state FROM outbox WHERE payload <> '{}' ORDER BY id";
    BODIES = "test.leaving.bodies", "SELECT event_id, raw FROM inbox WHERE lane = $1 ORDER BY seq";
    KEPT = "test.leaving.kept",
        "SELECT (SELECT COUNT(*) FROM orders WHERE customer_id = $1), (SELECT COUNT(*) FROM payments),
             (SELECT COUNT(*) FROM keys WHERE state = 'sold'), (SELECT COUNT(*) FROM consents WHERE customer_id = $1)";
    CART = "test.leaving.cart", "INSERT INTO carts (customer_id, version, changed_at) VALUES ($1, 1, 1)";
    CART_LINE = "test.leaving.cart_line",
        "INSERT INTO cart_lines (customer_id, product_id, quantity, prices, added_at)
         SELECT $1, id, 1, '{}', 1 FROM products WHERE slug = $2";
    REVIVE = "test.leaving.revive", "UPDATE customers SET phone = '+79990000777', phone_confirmed_at = 1 WHERE id = $1";
    REPLACED = "test.leaving.replaced",
        "UPDATE confirmations SET replaced = 'canary.mail@older.example' WHERE customer_id = $1 AND purpose = 'email'";
    SENT_BY = "test.leaving.sent_by",
        "INSERT INTO confirmation_sends (public_id, confirmation_id, round, sender, state, created_at, changed_at)
         SELECT public_id, id, 1, 'mail:main', 'sending', 1, 1 FROM confirmations
         WHERE customer_id = $1 AND purpose = 'email'";
    BANK = "test.leaving.bank", "UPDATE payments SET provider_charge_id = 'bank-1'";
    VK = "test.leaving.vk", "UPDATE customers SET vk_user_id = 777 WHERE id = $1";
}

/// What an audit found in a transaction that is rolled back.
#[derive(Debug)]
struct Findings(Vec<&'static str>);

impl From<StoreError> for Findings {
    fn from(error: StoreError) -> Self {
        panic!("{error}")
    }
}

struct World {
    shop: Shop,
    cabinet: Cabinet,
    ann: Customer,
    bob: Customer,
    session: Token,
}

fn fact(event: &str, kind: &'static str, lane: Option<i64>, raw: &str) -> Fact {
    Fact {
        source: "telegram:42".to_owned(),
        event_id: event.to_owned(),
        kind,
        lane,
        raw: raw.as_bytes().to_vec(),
        birth: Birth::New,
    }
}

impl World {
    /// Ann has bought, talked, logged in, and left traces everywhere.
    async fn open(db: &TestDb) -> Self {
        let shop = Shop::with_keys(db, 3).await;
        let cabinet = Cabinet::of(shop.store.clone(), shop.clock.clone(), shop.vault.clone());
        let ann = cabinet.customer(ID, "Canary-Name").await;
        let bob = cabinet.known(BOB, "+79995551234", "bob@example.com").await;
        let (id, vault) = (ann.id, cabinet.vault.clone());
        cabinet
            .write(move |tx| {
                let vault = vault.clone();
                Box::pin(async move {
                    let phone = customers::Phone::read("+79990000777").expect("a phone");
                    let email = Email::read("canary.mail@example.com").expect("an address");
                    customers::take_phone(tx, id, &phone).await?;
                    let confirmation = PublicId::random(tx)?;
                    customers::take_email(tx, id, &email, confirmation).await?;
                    profile::set_given_name(tx, id, GivenName::read("Canary-Given").as_ref())
                        .await?;
                    consents::give(tx, id, Matter::Terms, "2026-01").await?;
                    tx.execute(&VK, binds![id]).await?;
                    tx.execute(&TALK, binds![ID]).await?;
                    // She asks for a way in, and for another address.
                    for (asker, text) in [
                        (Asker::Visitor(WayIn::Login), "canary.mail@example.com"),
                        (Asker::Customer(id), "canary.mail@other.example"),
                    ] {
                        let target = Target::Email(Email::read(text).expect("an address"));
                        begin::begin(
                            tx,
                            &vault,
                            &Wish {
                                asker,
                                target,
                                address: None,
                                by: None,
                            },
                        )
                        .await?;
                    }
                    Ok(())
                })
            })
            .await;
        let (order, payload) = shop.invoiced(&ann, "a").await;
        let settled = shop.settle(&Shop::charge(&ann, &payload, "charge-1")).await;
        assert_eq!(settled, Settled::Fulfilled(order));
        cabinet.write(move |tx| Box::pin(async move {
            let ann = format!("{{\"id\":{ID},\"is_bot\":false,\"first_name\":\"Canary-Name\"}}");
            let of = |event: &str, text: &str| {
                let raw = format!("{{\"message\":{{\"from\":{ann},\"chat\":{{\"id\":{ID}}},\"text\":\"{text}\"}}}}");
                fact(event, "message", Some(ID), &raw)
            };
            let facts = [
                of("said", "Canary-Words"),
                fact("asked", "pre_checkout_query", None, &format!("{{\"pre_checkout_query\":{{\"from\":{ann}}}}}")),
                fact("moved", "star_transaction", None, &format!("{{\"id\":\"c\",\"user\":{ID},\"payload\":null}}")),
                fact("forwarded", "message", Some(BOB), &format!("{{\"message\":{{\"forward_from\":{ann},\"text\":\"x\"}}}}")),
                fact("bobs", "message", Some(BOB), "{\"message\":{\"from\":{\"id\":5},\"text\":\"7007007007001\"}}"),
            ];
            inbox::store(tx, &facts).await?;
            tx.execute(&DONE, binds![]).await?;
            let mut unreadable = of("unreadable", "Canary-Words");
            unreadable.birth = Birth::Dead("Canary-Words can't be read".to_owned());
            inbox::store(tx, &[unreadable, of("waits", "Hello")]).await.map(|_| ())
        })).await;
        cabinet.set_password(ann.id, "слон ест ананас").await;
        let session = cabinet
            .session_by(ann.id, "198.51.100.7", "CanaryFox 1.0")
            .await;
        cabinet.link(ann.id).await;
        put_in_cart(&cabinet, ann.id).await;
        Self {
            shop,
            cabinet,
            ann,
            bob,
            session,
        }
    }

    /// A letter to her that has come so far; `pending` is the beginning.
    async fn writes(&self, letter: Letter, state: &'static str) {
        let ann = self.ann.clone();
        self.cabinet
            .write(move |tx| {
                let (ann, letter) = (ann.clone(), letter.clone());
                Box::pin(async move {
                    letters::post(tx, &ann, &letter).await?;
                    let key = letter.dedup_key();
                    if state != "pending" {
                        tx.execute(&SEND, binds![key.clone()]).await?;
                        tx.execute(&SENT, binds![key, state]).await?;
                    }
                    Ok(())
                })
            })
            .await;
    }

    async fn erase(&self) -> Result<Erased, EraseError> {
        erase::erase(&self.cabinet.store, self.ann.id).await
    }

    async fn refused(&self) -> EraseError {
        let before = self.cabinet.sessions(self.ann.id).await.len();
        let error = self.erase().await.expect_err("refused");
        let after = self.cabinet.sessions(self.ann.id).await.len();
        assert_eq!(before, after, "nothing is changed");
        error
    }

    async fn export(&self, keys: Keys) -> Result<Value, ExportError> {
        let session = self.cabinet.find(&self.session).await.expect("a session");
        export::export(&self.cabinet.store, &self.cabinet.vault, &session, keys).await
    }

    async fn close(&self) {
        self.shop.store.close().await;
        self.shop.watch.close().await;
    }
}

async fn put_in_cart(cabinet: &Cabinet, customer: i64) {
    cabinet
        .write(move |tx| {
            Box::pin(async move {
                tx.execute(&CART, binds![customer]).await?;
                tx.execute(&CART_LINE, binds![customer, SLUG])
                    .await
                    .map(|_| ())
            })
        })
        .await;
}

/// Everything that the database holds, as bytes.
async fn dump(db: &TestDb) -> Vec<u8> {
    let url = match db.location() {
        Location::Sqlite(path) => {
            let read = |ending: &str| {
                std::fs::read(format!("{}{ending}", path.display())).unwrap_or_default()
            };
            return [read(""), read("-wal")].concat();
        }
        Location::Postgres(url) => url,
    };
    let mut conn = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let mut all = Vec::new();
    for table in tables {
        // Bytes are written as hexadecimal digits, so each column of them is read as it is, too.
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT CAST(t AS TEXT) FROM {table} t"
        )));
        for row in rows.fetch_all(&mut conn).await.unwrap() {
            all.extend_from_slice(row.get::<String, _>(0).as_bytes());
        }
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(column_name AS TEXT) FROM information_schema.columns
                WHERE table_name = $1 AND data_type = 'bytea'",
        )
        .bind(&table)
        .fetch_all(&mut conn)
        .await
        .unwrap();
        for column in columns {
            let rows = sqlx::query(AssertSqlSafe(format!(
                "SELECT {column} FROM {table} WHERE {column} IS NOT NULL"
            )));
            for row in rows.fetch_all(&mut conn).await.unwrap() {
                all.extend_from_slice(&row.get::<Vec<u8>, _>(0));
            }
        }
    }
    all
}

fn holds(dump: &[u8], word: &str) -> bool {
    dump.windows(word.len()).any(|part| part == word.as_bytes())
}

on_both_engines! {
    async fn whoever_is_erased_leaves_no_trace_but_in_the_books(db: TestDb) {
        let world = World::open(&db).await;
        let World { shop, cabinet, ann, bob, session } = &world;
        // The Telegram id is a number on SQLite and not to be seen in its file as text; the rest is there before.
        let before = dump(&db).await;
        for canary in CANARIES {
            assert!(holds(&before, canary), "{canary} is nowhere: the test sees nothing");
        }
        // Money that no order asked for, and staff have decided.
        shop.settle(&Shop::charge(ann, "", "charge-0")).await;
        cabinet.write(|tx| Box::pin(kiosk::bus::attention::resolve(tx, "payment.unmatched", "stars:charge-0"))).await;
        // Mails for orders whose keys the chat could not take, and news of the time when she was of the staff.
        for (order, state) in [(1, "pending"), (2, "sent"), (3, "dead")] {
            let order = PublicId([order; 16]);
            world.writes(Letter::MailOrder { order, to: ID }, state).await;
        }
        let batch = PublicId([4; 16]);
        world.writes(Letter::Alert { batch, to: ID }, "sent").await;
        // One mail more, not sent yet.
        cabinet.log_in("+79990000777", "слон ест ананас").await;
        assert_eq!(world.erase().await.unwrap(), Erased::Done);
        assert_eq!(world.erase().await.unwrap(), Erased::Already);
        assert_eq!(cabinet.find(session).await, None);
        assert_eq!(cabinet.sessions(ann.id).await, []);
        // The books are as they were.
        let id = ann.id;
        let kept: (i64, i64, i64, i64) = cabinet.read(move |tx| Box::pin(async move { tx.one(&KEPT, binds![id]).await })).await;
        assert_eq!(kept, (1, 2, 1, 1));
        // What waited is handled: the person comes again, as somebody new.
        let left: Vec<(String, Vec<u8>)> = cabinet.read(|tx| Box::pin(async move { tx.all(&BODIES, binds![ID]).await })).await;
        assert_eq!(left.iter().map(|(event, _)| event.as_str()).collect::<Vec<_>>(), ["waits"]);
        cabinet.write(|tx| Box::pin(tx.execute(&DONE, binds![]))).await;
        shop.expect_clean_books().await;
        // The audit would see it.
        let findings = cabinet.store.write("test.revive", move |tx| Box::pin(async move {
            tx.execute(&REVIVE, binds![id]).await?;
            let findings = audit::audit(tx, true).await?;
            Err::<(), _>(Findings(findings.into_iter().map(|it| it.check).collect()))
        })).await.unwrap_err();
        assert_eq!(findings.0, ["erased-and-known"]);
        let again = cabinet.customer(ID, "Somebody").await;
        assert_ne!(again.id, ann.id);
        assert_eq!(erase::erase(&cabinet.store, again.id).await.unwrap(), Erased::Done);
        shop.expect_clean_books().await;
        // Bob is who he was, and what he said is there.
        let bobs: Vec<(String, Vec<u8>)> = cabinet.read(|tx| Box::pin(async move { tx.all(&BODIES, binds![BOB]).await })).await;
        assert_eq!(bobs.len(), 2);
        assert_eq!(bobs[0].1, b"{}", "what Ann wrote, forwarded by Bob");
        assert!(holds(&bobs[1].1, "7007007007001"));
        assert_eq!(cabinet.customer(BOB, "Ann").await.id, bob.id);
        world.close().await;
        let after = dump(&db).await;
        let after = String::from_utf8_lossy(&after).replace("7007007007001", "");
        let left: Vec<&str> = CANARIES.into_iter().filter(|canary| after.contains(canary)).collect();
        assert_eq!(left, Vec::<&str>::new());
    }

    async fn what_was_under_way_writes_nothing_to_somebody_who_is_erased(db: TestDb) {
        let world = World::open(&db).await;
        let World { shop, cabinet, ann, .. } = &world;
        assert_eq!(world.erase().await.unwrap(), Erased::Done);
        // Forms that were sent before, and read after.
        let (id, vault, store) = (ann.id, cabinet.vault.clone(), &cabinet.store);
        cabinet.write(move |tx| Box::pin(async move {
            profile::set_given_name(tx, id, GivenName::read("Canary-Given").as_ref()).await
        })).await;
        let begun = store.write("test.begin", move |tx| {
            let vault = vault.clone();
            Box::pin(async move {
                let target = Target::Email(Email::read("canary.mail@other.example").expect("an address"));
                begin::begin(tx, &vault, &Wish { asker: Asker::Customer(id), target, address: None, by: None }).await
            })
        });
        assert!(begun.await.is_err());
        let taken = store.write("test.take_phone", move |tx| Box::pin(async move {
            let phone = customers::Phone::read("+79990000777").expect("a phone");
            customers::take_phone(tx, id, &phone).await
        }));
        assert!(taken.await.is_err());
        let taken = store.write("test.take_email", move |tx| Box::pin(async move {
            let email = Email::read("canary.mail@example.com").expect("an address");
            customers::take_email(tx, id, &email, PublicId([1; 16])).await
        }));
        assert!(taken.await.is_err());
        cabinet.write(|tx| Box::pin(tx.execute(&DONE, binds![]))).await;
        shop.expect_clean_books().await;
        world.close().await;
        let after = dump(&db).await;
        for canary in ["Canary-Given", "canary.mail", "79990000777"] {
            assert!(!holds(&after, canary), "{canary}");
        }
    }

    async fn nobody_is_erased_while_something_is_unfinished(db: TestDb) {
        let world = World::open(&db).await;
        let World { shop, cabinet, ann, .. } = &world;
        // A letter on its way at this moment.
        cabinet.write(|tx| Box::pin(tx.execute(&CLAIM, binds![]))).await;
        assert!(matches!(world.refused().await, EraseError::Letter));
        cabinet.write(|tx| Box::pin(tx.execute(&UNCLAIM, binds![]))).await;
        // An open order.
        let (order, payload) = shop.invoiced(ann, "b").await;
        assert!(matches!(world.refused().await, EraseError::Order(id) if id == order));
        shop.cancel(ann, order).await;
        // Late money for it that goes back.
        let settled = shop.settle(&Shop::charge(ann, &payload, "charge-2")).await;
        assert!(matches!(settled, Settled::Fulfilled(_)), "{settled:?}");
        let settled = shop.settle(&Shop::charge(ann, &payload, "charge-3")).await;
        assert!(matches!(settled, Settled::Returned(..)), "{settled:?}");
        assert!(matches!(world.refused().await, EraseError::Money));
        for refund in shop.refunds().await {
            shop.store.write("refunds.done", move |tx| Box::pin(payments::refund::succeeded(tx, refund))).await.unwrap();
        }
        // News of money that nobody could handle.
        cabinet.write(|tx| Box::pin(async move {
            let raw = "{\"message\":{\"successful_payment\":{}}}";
            inbox::store(tx, &[fact("paid", "message", Some(ID), raw)]).await?;
            tx.execute(&DEAD, binds!["paid"]).await.map(|_| ())
        })).await;
        assert!(matches!(world.refused().await, EraseError::Money));
        cabinet.write(|tx| Box::pin(async move {
            let dead = inbox::dead(tx, 10).await?;
            for fact in dead {
                inbox::drop_dead(tx, fact.seq).await?;
            }
            Ok(())
        })).await;
        // Money that no order asked for: staff decide.
        shop.settle(&Shop::charge(ann, "", "charge-4")).await;
        assert!(matches!(world.refused().await, EraseError::Money));
        cabinet.write(|tx| Box::pin(kiosk::bus::attention::resolve(tx, "payment.unmatched", "stars:charge-4"))).await;
        // A role.
        cabinet.write(|tx| Box::pin(async move { staff::put(tx, ID, Role::Support, false).await.map(|_| ()) })).await;
        assert!(matches!(world.refused().await, EraseError::Staff));
        cabinet.write(|tx| Box::pin(async move { staff::remove(tx, ID, true).await.map(|_| ()) })).await;
        assert_eq!(world.erase().await.unwrap(), Erased::Done);
        assert_eq!(shop.state(ann, order).await, State::Fulfilled);
        assert_eq!(erase::erase(&cabinet.store, 12_345).await.unwrap(), Erased::Already);
        cabinet.write(|tx| Box::pin(tx.execute(&DONE, binds![]))).await;
        shop.expect_clean_books().await;
    }

    async fn an_erasure_and_a_login_at_once_leave_no_session(db: TestDb) {
        let world = World::open(&db).await;
        let World { cabinet, ann, .. } = &world;
        let link = cabinet.link(ann.id).await;
        let held = cabinet.store.is_shared().then(|| cabinet.store.points().hold("access.erase"));
        let (store, id) = (cabinet.store.clone(), ann.id);
        let erasing = tokio::spawn(async move { erase::erase(&store, id).await });
        if let Some(held) = held {
            held.reached().await;
            let entering = tokio::spawn({ let (cabinet, link) = (cabinet.clone(), link.clone()); async move { cabinet.consume(&link).await } });
            tokio::task::yield_now().await;
            drop(held);
            assert!(entering.await.unwrap().is_none());
        }
        assert_eq!(erasing.await.unwrap().unwrap(), Erased::Done);
        assert!(cabinet.consume(&link).await.is_none());
        assert_eq!(cabinet.sessions(ann.id).await, []);
        // Somebody who still holds the customer's row begins no session.
        let begun = cabinet.store.write("test.begin", move |tx| Box::pin(async move {
            let device = crate::access::rig::anywhere();
            kiosk::shop::access::sessions::begin(tx, id, kiosk::shop::access::Way::App, &device, None).await
        })).await;
        assert!(begun.is_err());
    }

    async fn an_export_has_everything_that_is_kept_of_a_customer_and_nothing_of_others(db: TestDb) {
        let world = World::open(&db).await;
        let World { shop, cabinet, bob, .. } = &world;
        shop.place(bob, "bobs").await.unwrap();
        cabinet.write(|tx| Box::pin(async move { staff::put(tx, ID, Role::Support, false).await.map(|_| ()) })).await;
        let id = world.ann.id;
        cabinet.write(move |tx| Box::pin(async move {
            for (sql, binds) in [(&REPLACED, binds![id]), (&SENT_BY, binds![id]), (&BANK, binds![])] {
                tx.execute(sql, binds).await?;
            }
            Ok(())
        })).await;
        let all = world.export(Keys::Listed).await.unwrap();
        assert_eq!(all["profile"]["telegram_name"], "Canary-Name");
        assert_eq!(all["profile"]["given_name"], "Canary-Given");
        assert_eq!(all["profile"]["phone"], "+79990000777");
        assert_eq!(all["profile"]["email"], "canary.mail@example.com");
        assert_eq!(all["profile"]["telegram_id"], ID);
        assert_eq!(all["profile"]["vk_user_id"], 777);
        assert_eq!(all["profile"]["staff_role"], "support");
        assert_eq!(all["profile"]["known_since"], "2023-11-14T22:13:20Z");
        assert_eq!(all["consents"][0]["version"], "2026-01");
        assert_eq!(all["profile"]["phone_confirmed_at"], "2023-11-14T22:13:20Z");
        assert_eq!(all["profile"]["email_confirmed_at"], "2023-11-14T22:13:20Z");
        assert_eq!(all["confirmations"].as_array().unwrap().len(), 2);
        assert_eq!(all["confirmations"][1]["instead_of"], "canary.mail@older.example");
        assert_eq!(all["confirmations"][1]["sends"][0]["by"], "mail:main");
        assert_eq!(all["confirmations"][1]["sends"][0]["state"], "sending");
        assert_eq!(all["cart"][0]["product"], SLUG);
        assert_eq!(all["orders"].as_array().unwrap().len(), 1);
        assert_eq!(all["orders"][0]["lines"][0]["quantity"], 1);
        assert_eq!(all["orders"][0]["keys"][0]["state"], "sold");
        assert_eq!(all["payments"][0]["charge"], "charge-1");
        assert_eq!(all["payments"][0]["charge_at_the_bank"], "bank-1");
        assert_eq!(all["payments"][0]["amount_minor"], PRICE);
        let sessions = all["sessions"].as_array().unwrap();
        assert!(sessions.iter().any(|it| it["browser"] == "CanaryFox 1.0" && it["network"] == "198.51.100.0/24"));
        assert!(all["password_set_at"].is_string());
        let text = all.to_string();
        for not_in_it in ["zeta-month-0001", "argon2id", "bob@example.com", "79995551234"] {
            assert!(!text.contains(not_in_it), "{not_in_it}");
        }
        // The keys' text: after a fresh login.
        let with_keys = world.export(Keys::Shown).await.unwrap();
        assert_eq!(with_keys["orders"][0]["keys"][0]["text"], "zeta-month-0001");
        let shown = world.export(Keys::Listed).await.unwrap();
        assert!(shown["orders"][0]["keys"][0]["shown_at"].is_string(), "that it was shown is written down");
        cabinet.clock.advance(FRESH);
        assert!(matches!(world.export(Keys::Shown).await, Err(ExportError::NotFresh)));
        world.export(Keys::Listed).await.unwrap();
    }

    async fn each_table_that_names_a_customer_is_exported_or_left_out_for_a_reason(db: TestDb) {
        let store = db.store(&kiosk::clock::Clock::frozen(1)).await;
        let names = crate::access::rig::columns(&store).await;
        // How a customer is named: by their row, by Telegram's id, and by what belongs to their orders.
        let naming = ["customer_id", "telegram_id", "payer_telegram_id", "chat_id", "lane", "used_by", "order_id", "unit_id", "payment_id",
            "download_id", "confirmation_id"];
        let naming: BTreeSet<&str> = names.iter()
            .filter(|(_, column)| naming.contains(&column.as_str()))
            .map(|(table, _)| table.as_str()).collect();
        // What follows from orders and keys that are in it, or has no person in it.
        let history = ["order_events", "key_events"];
        let known: BTreeSet<&str> = COVERED.into_iter().chain(LEFT_OUT.map(|(table, _)| table)).chain(history).collect();
        let forgotten: Vec<&&str> = naming.difference(&known).collect();
        assert!(forgotten.is_empty(), "an export knows nothing of {forgotten:?}");
        let tables: BTreeSet<&str> = names.iter().map(|(table, _)| table.as_str()).collect();
        let gone: Vec<&&str> = known.difference(&tables).filter(|table| **table != "lanes").collect();
        assert!(gone.is_empty(), "there is no {gone:?}");
        assert!(naming.len() > 15, "{naming:?}");
        store.close().await;
    }
}

#[tokio::test]
async fn letters_that_were_not_sent_are_cancelled_and_the_conversation_ends() {
    let db = TestDb::sqlite().await;
    let world = World::open(&db).await;
    world.erase().await.unwrap();
    let talk = world
        .cabinet
        .read(|tx| Box::pin(dialogue::load(tx, ID)))
        .await;
    assert_eq!(talk, None);
    let left: Vec<(String, String)> = world
        .cabinet
        .read(|tx| Box::pin(tx.all(&STATES, binds![])))
        .await;
    // A code's letter names a confirmation that is gone: it has nobody to go to.
    let waits = left
        .iter()
        .filter(|(kind, state)| kind != "mail_code" && state == "pending");
    assert_eq!(waits.count(), 0, "{left:?}");
}
