//! A running shop on the emulator: the whole program but for its command line.

use std::time::Duration;

use kiosk::app::{App, Settings};
use kiosk::bot::face::Shopfront;
use kiosk::clock::Clock;
use kiosk::i18n::Zone;
use kiosk::senders::Senders;
use kiosk::shop::audit::{self, Finding};
use kiosk::shop::customers::Region;
use kiosk::shop::money::Currency;
use kiosk::shop::orders::place::Rules;
use kiosk::shop::payments::{Method, Offer};
use kiosk::shop::texts::{Language, Texts};
use kiosk::shop::vault::{KeyText, MasterKey, Vault};
use kiosk::store::{Location, Sql, Store, StoreError, Tx};
use kiosk::{binds, sql};
use kiosk_emulator::{Control, CustomerSpec, Emulator, Message, Options};

use super::db::TestDb;
use super::post::Post;

/// The token that the emulator takes.
pub const TOKEN: &str = "4242:test-token-of-the-emulated-bot";
/// What is sold.
pub const SLUG: &str = "zeta-month";
/// The shop's master key.
pub const MASTER: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

sql! {
    PRODUCT = "rig.product",
        "INSERT INTO products (slug, kind, title, description, prices, position, created_at, updated_at)
         VALUES ($1, 'stock', '{\"en\":\"Zeta, one month\",\"ru\":\"Zeta, месяц\"}',
             '{\"en\":\"One key.\",\"ru\":\"Один ключ.\"}', '{\"XTR\":250}', 1, 0, 0)
         RETURNING id";
    KEY = "rig.key",
        "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
         VALUES ($1, $2, $3, $4, 0, 0)";
    BUSY = "rig.busy",
        "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'new')
              + (SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'sending'))";
}

sql! {
    SHUT = "rig.shut",
        sqlite: "CREATE TRIGGER inbox_shut BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'shut'); END",
        postgres: "CREATE TRIGGER inbox_shut BEFORE INSERT ON inbox
            FOR EACH ROW EXECUTE FUNCTION kiosk_refuse('shut')";
    UNSHUT = "rig.unshut",
        sqlite: "DROP TRIGGER inbox_shut",
        postgres: "DROP TRIGGER inbox_shut ON inbox";
}

/// A shop, its Telegram and its database.
pub struct LiveShop {
    pub app: App,
    pub emulator: Emulator,
    pub control: Control,
    pub store: Store,
    pub clock: Clock,
}

/// Settings of a shop on `database` that talks to `api_url`.
pub fn settings(database: &Location, api_url: &str) -> Settings {
    Settings {
        database: database.clone(),
        connections: 8,
        master_key: MasterKey::from_base64(MASTER).expect("a master key"),
        api_url: api_url.to_owned(),
        token: TOKEN.into(),
        webhook_secret: None,
        shopfront: Shopfront {
            name: "Zeta shop".to_owned(),
            greeting: Texts::default(),
            support: Texts::from_iter([(Language::En, "@zeta_support".to_owned())]),
            terms: Texts::default(),
            zone: Zone::UTC,
            privacy: Texts::default(),
            rules: Rules {
                hold: Duration::from_mins(15),
                offers: vec![Offer::new(Method::Stars, Currency::RUB)],
                most_open: 3,
                most_held: 100,
                has_pages: true,
                needs: kiosk::shop::customers::registration::Requirements::default(),
            },
            provider_token: None,
            currency: Currency::RUB,
            region: Region::read("RU"),
            messengers: Vec::new(),
            sends_mails: false,
            opens_cabinet: false,
            links_vk: false,
            public_url: None,
        },
        files: None,
        senders: Senders::default(),
        owners: Vec::new(),
        web: None,
        ops_listen: Some(([127, 0, 0, 1], 0).into()),
        telegram_restarts: false,
        clock: Clock::system(),
    }
}

/// A product with its keys, `zeta-month-0001` and so on.
pub async fn stock(store: &Store, keys: i64) {
    let master = MasterKey::from_base64(MASTER).expect("a master key");
    let vault = Vault::open(store, &master).await.expect("a vault");
    store
        .write("rig.stock", move |tx| {
            let vault = vault.clone();
            Box::pin(async move {
                let (product,): (i64,) = tx.one(&PRODUCT, binds![SLUG]).await?;
                for at in 1..=keys {
                    let text = KeyText::new(format!("{SLUG}-{at:04}"));
                    let sealed = vault.seal(product, &text).expect("sealed");
                    let binds = binds![product, at, sealed.fingerprint, sealed.ciphertext];
                    tx.execute(&KEY, binds).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await
        .expect("stocked");
}

/// Facts and letters that are not finished.
async fn busy(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.one::<(i64,)>(&BUSY, binds![]).await.map(|row| row.0)
}

/// What a strict audit finds in the first snapshot in which nothing is left to do. A shop that is open hears news at any
/// time, and what came a moment ago is no finding.
pub async fn quiet_audit(store: &Store) -> Vec<Finding> {
    loop {
        let seen = store
            .snapshot("rig.audit", |tx| {
                Box::pin(async move {
                    let busy = busy(tx).await?;
                    Ok::<_, StoreError>((busy, audit::audit(tx, true).await?))
                })
            })
            .await;
        let (busy, findings) = seen.expect("an audit");
        if busy == 0 {
            return findings;
        }
    }
}

/// An emulator that takes [`TOKEN`].
pub async fn emulator() -> Emulator {
    let options = Options {
        token: Some(TOKEN.to_owned()),
        ..Options::default()
    };
    kiosk_emulator::start(options).await.expect("an emulator")
}

impl LiveShop {
    /// A shop with `keys` keys, open.
    pub async fn open(db: &TestDb, keys: i64) -> Self {
        Self::open_with(db, keys, |_| {}).await
    }

    /// The same with other settings.
    pub async fn open_with(db: &TestDb, keys: i64, change: impl FnOnce(&mut Settings)) -> Self {
        Self::open_posting(db, keys, |settings, _| change(settings))
            .await
            .0
    }

    /// The same with a post, which `change` may put to use: its senders put everything into the emulator's mailbox.
    pub async fn open_posting(
        db: &TestDb,
        keys: i64,
        change: impl FnOnce(&mut Settings, &Post),
    ) -> (Self, Post) {
        let store = db.store(&Clock::system()).await;
        stock(&store, keys).await;
        let emulator = emulator().await;
        let post = Post::new(&emulator.control());
        let mut settings = settings(db.location(), &emulator.url());
        change(&mut settings, &post);
        let clock = settings.clock.clone();
        let app = App::start(settings).await.expect("the shop starts");
        let shop = Self {
            app,
            control: emulator.control(),
            emulator,
            store,
            clock,
        };
        (shop, post)
    }

    /// A customer who speaks `language`.
    pub fn customer(&self, name: &str, language: &str) -> i64 {
        self.control
            .customer(CustomerSpec::named(name).speaking(language))
    }

    /// The next text with these words in it.
    pub async fn reads(&self, user: i64, words: &str) -> Message {
        self.control
            .wait_for_text(user, words)
            .await
            .unwrap_or_else(|_| {
                panic!(
                    "{words:?} never came; the chat: {:#?}",
                    self.control
                        .messages(user)
                        .iter()
                        .map(|message| message.text.clone())
                        .collect::<Vec<_>>()
                )
            })
    }

    /// Presses the newest button with this label.
    pub fn press(&self, user: i64, label: &str) -> String {
        self.control
            .press_text(user, label)
            .unwrap_or_else(|error| {
                panic!(
                    "{label:?}: {error:?}; {:#?}",
                    self.control.last_message(user)
                )
            })
    }

    /// Says something, and waits for the answer with these words.
    pub async fn hears(&self, user: i64, text: &str, words: &str) -> Message {
        let said = self.control.say(user, text).message_id;
        self.comes(user, words, move |message| message.message_id > said)
            .await
    }

    /// Says something and waits for the answer; then the same update comes twice more, and nothing is said to that.
    pub async fn hears_once(&self, user: i64, text: &str, words: &str) {
        let said = self.control.say(user, text);
        let number = said.message_id;
        self.comes(user, words, move |message| message.message_id > number)
            .await;
        self.quiet().await;
        let messages = self.control.messages(user).len();
        self.control
            .redeliver(said.update_id.expect("an update"), 2);
        self.quiet().await;
        let after = self.control.messages(user).len();
        assert_eq!(after, messages, "a repeat of {text} says nothing");
    }

    /// Taps a button, and waits for the screen with these words: it is another one than before.
    pub async fn taps(&self, user: i64, label: &str, words: &str) -> Message {
        let before = self.control.last_message(user).expect("a screen");
        self.press(user, label);
        self.comes(user, words, move |message| {
            message.message_id > before.message_id
                || (message.message_id == before.message_id && message.text != before.text)
        })
        .await
    }

    async fn comes(
        &self,
        user: i64,
        words: &str,
        fits: impl Fn(&Message) -> bool + Send + Sync + 'static,
    ) -> Message {
        let found = self
            .control
            .wait_for_message(user, |it| fits(it) && it.text.contains(words))
            .await;
        found.unwrap_or_else(|_| {
            panic!(
                "{words:?} never came: {:#?}",
                self.control.last_message(user)
            )
        })
    }

    /// An order from the deep link to its invoice, which is returned.
    pub async fn invoice(&self, user: i64) -> Message {
        let before = self.invoices(user);
        let last = self.control.last_message(user);
        let last = last.map_or(0, |message| message.message_id);
        self.control.say(user, &format!("/start p_{SLUG}"));
        let card = self.button(user, "⚡ Buy now", move |id| id > last).await;
        self.control.press(user, card.0, &card.1).expect("a tap");
        let methods = self
            .button(user, "⭐ Pay with Stars", move |id| id == card.0)
            .await;
        self.control
            .press(user, methods.0, &methods.1)
            .expect("a tap");
        self.control
            .wait_for_message(user, move |message| {
                message.invoice.is_some() && !before.contains(&message.message_id)
            })
            .await
            .expect("an invoice")
    }

    /// Waits for a button with this label under such a message: the message and the button's code.
    async fn button(
        &self,
        user: i64,
        label: &'static str,
        under: impl Fn(i64) -> bool + Send + Sync + 'static,
    ) -> (i64, String) {
        let code = move |message: &Message| {
            let found = message.keyboard.iter().flatten();
            let mut found = found.filter(|button| button.text == label);
            found.next().and_then(|button| button.callback_data.clone())
        };
        let message = self
            .control
            .wait_for_message(user, move |message| {
                under(message.message_id) && code(message).is_some()
            })
            .await
            .unwrap_or_else(|_| panic!("no button {label:?}"));
        (message.message_id, code(&message).expect("seen above"))
    }

    fn invoices(&self, user: i64) -> Vec<i64> {
        let messages = self.control.messages(user);
        let invoices = messages.iter().filter(|message| message.invoice.is_some());
        invoices.map(|message| message.message_id).collect()
    }

    /// Returns when nothing is left to do.
    pub async fn quiet(&self) {
        loop {
            while self.busy().await > 0 {
                tokio::task::yield_now().await;
            }
            // What the last letters made Telegram tell us is taken too.
            self.control
                .wait_until_confirmed()
                .await
                .expect("all updates are taken");
            if self.busy().await == 0 {
                return;
            }
        }
    }

    async fn busy(&self) -> i64 {
        self.store
            .read("rig.busy", |tx| Box::pin(busy(tx)))
            .await
            .expect("a look")
    }

    /// Nothing can be stored in the inbox from now on.
    pub async fn shut_inbox(&self) {
        self.change(&SHUT).await;
    }

    /// The inbox takes facts again.
    pub async fn open_inbox(&self) {
        self.change(&UNSHUT).await;
    }

    async fn change(&self, sql: &'static Sql) {
        self.store
            .write("rig.change", move |tx| {
                Box::pin(async move { tx.execute(sql, &[]).await })
            })
            .await
            .map_err(|error: StoreError| error)
            .expect("changed");
    }

    /// What a strict audit finds when nothing is left to do.
    pub async fn audit(&self) -> Vec<Finding> {
        quiet_audit(&self.store).await
    }

    /// Closes the shop and opens it again, on the same Telegram.
    pub async fn reopen(self, db: &TestDb) -> Self {
        self.reopen_with(db, async |_| {}, |_| {}).await
    }

    /// The same with other settings, and with something that happens while it is closed.
    pub async fn reopen_with(
        self,
        db: &TestDb,
        meanwhile: impl AsyncFnOnce(&Control),
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        self.app
            .stop(Duration::from_secs(30))
            .await
            .expect("the shop stops");
        meanwhile(&self.control).await;
        let mut settings = settings(db.location(), &self.emulator.url());
        change(&mut settings);
        let clock = settings.clock.clone();
        let app = App::start(settings).await.expect("the shop starts");
        Self { app, clock, ..self }
    }

    /// Waits for quiet, expects clean books, and closes.
    pub async fn close(self) {
        self.quiet().await;
        assert_eq!(self.audit().await, [], "the books are clean");
        self.app
            .stop(Duration::from_secs(30))
            .await
            .expect("the shop stops");
        self.store.close().await;
        self.emulator.stop().await;
    }
}
