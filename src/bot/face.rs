//! The face: takes a turn's update apart, finds its handler, and sees to it that every update ends with a screen.

use std::sync::{Arc, OnceLock};

use dptree::prelude::*;
use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;
use teloxide::types::{CallbackQuery, Message, Update, UpdateKind};
use teloxide::utils::command::BotCommands;

use super::callback::Callback;
use super::handlers::timed;
use super::intake::apologise;
use super::place::Place;
use super::screens::Localizer;
use super::sealed;
use super::visit::Visit;
use super::vital::{Payment, Person, Vital};
use crate::bus::inbox::Stored;
use crate::bus::{Handler as Handles, HandlerError, Handling, Turn, dialogue, outbox};
use crate::i18n::Zone;
use crate::shop::confirmations::senders::Messenger;
use crate::shop::customers::{self, Customer, Region};
use crate::shop::money::Currency;
use crate::shop::orders::place::Rules;
use crate::shop::payments::settle::{Charge, Settled};
use crate::shop::payments::{Method, Offer, news};
use crate::shop::staff::invites;
use crate::shop::texts::{Language, Texts};
use crate::shop::vault::Vault;
use crate::store::{Store, StoreError, Tx};
use crate::telegram::Client;

/// The bot's name without its `@`, as soon as Telegram has told it. Only commands that name a bot need it.
pub type Username = Arc<OnceLock<String>>;

/// What the shop says of itself, and how it sells.
#[derive(Clone, Debug)]
pub struct Shopfront {
    /// Its name.
    pub name: String,
    /// Under the name on the main menu; empty for ours.
    pub greeting: Texts,
    /// Whom customers can talk to; empty for nobody.
    pub support: Texts,
    /// The terms of sale, or where they are; empty for ours.
    pub terms: Texts,
    /// What becomes of customers' data, or where that is told; empty for ours.
    pub privacy: Texts,
    /// Where its clocks are.
    pub zone: Zone,
    /// Under which customers reach its pages, without a slash at the end; `None` without pages.
    pub public_url: Option<String>,
    /// What is asked and allowed when an order is placed. The ways to pay are in the order of their buttons.
    pub rules: Rules,
    /// What Telegram calls the bank's provider by, for invoices by card.
    pub provider_token: Option<SecretString>,
    /// The currency in which prices are shown beside Stars.
    pub currency: Currency,
    /// The country of a typed number without its country code.
    pub region: Option<Region>,
    /// By what codes come to phones that prove a number.
    pub messengers: Vec<Messenger>,
    /// Whether anybody sends mails.
    pub sends_mails: bool,
    /// Whether a one-time link from the chat opens the cabinet.
    pub opens_cabinet: bool,
    /// Whether the cabinet has a page on which a VK account is linked.
    pub links_vk: bool,
}

impl Shopfront {
    /// How the shop speaks to somebody of this language.
    pub(super) fn localizer(&self, language: Language) -> Localizer {
        Localizer {
            language,
            zone: self.zone.clone(),
            currencies: self.rules.offers.iter().map(|it| it.currency).collect(),
        }
    }

    /// The offer of this way to pay, if the shop makes it.
    pub(super) fn offer(&self, method: Method) -> Option<Offer> {
        let mut offers = self.rules.offers.iter().copied();
        offers.find(|offer| offer.method == method)
    }
}

/// The commands of customers, and the one of staff. Their descriptions are in the locales.
#[derive(BotCommands, Clone, Debug, PartialEq, Eq)]
#[command(rename_rule = "lowercase")]
pub enum Command {
    /// The menu, or what a deep link names.
    Start(String),
    /// The main menu.
    Menu,
    /// What is for sale.
    Catalog,
    /// What the customer means to buy.
    Cart,
    /// The customer's orders.
    Orders,
    /// The customer's keys.
    Keys,
    /// The customer's own page.
    Profile,
    /// The choice of languages.
    Language,
    /// How it works.
    Help,
    /// Whom to talk to.
    Support,
    /// Help with a payment.
    Paysupport,
    /// Terms of sale.
    Terms,
    /// What becomes of customers' data.
    Privacy,
    /// Out of whatever it is.
    Cancel,
    /// The staff desk; for everybody else there is no such command.
    Admin,
}

type Schema = Handler<'static, Result<(), HandlerError>>;

/// The Telegram face of the shop. Cheap to clone.
#[derive(Clone)]
pub struct Face {
    pub(super) client: Client,
    pub(super) store: Store,
    pub(super) vault: Vault,
    pub(super) shopfront: Arc<Shopfront>,
    username: Username,
    schema: Schema,
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Face")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl Face {
    /// A face for the bot `username`.
    pub fn new(
        client: Client,
        store: Store,
        vault: Vault,
        shopfront: Arc<Shopfront>,
        username: Username,
    ) -> Self {
        Self {
            client,
            store,
            vault,
            shopfront,
            username,
            schema: schema(),
        }
    }

    async fn update(&self, turn: Arc<Turn>) -> Result<(), HandlerError> {
        let raw = sealed::open(&self.vault, &turn.row().raw)
            .map_err(|error| HandlerError::Final(error.to_string()))?;
        let Some(vital) = Vital::read(&raw) else {
            return Err(HandlerError::Final("no JSON object".to_owned()));
        };
        // Money first, and by our own reading: nothing that Telegram adds to an update may cost a payment.
        if let Some(asked) = vital.pre_checkout {
            return self.pre_checkout(&turn, asked).await;
        }
        if let Some(paid) = vital.successful_payment {
            return timed("payment", self.paid(&turn, vital.from.as_ref(), paid)).await;
        }
        if let Some(back) = vital.refunded_payment {
            let charge = back.telegram_payment_charge_id;
            return timed("refund", news::went_back(&turn, Method::Stars, charge)).await;
        }
        if vital.unreadable_payment {
            let why = "news of a payment that can't be read: look it up at Telegram";
            return Err(HandlerError::Final(why.to_owned()));
        }
        let (Some(chat), Some(person)) = (vital.chat, vital.from) else {
            return Ok(());
        };
        if !vital.is_private {
            return Ok(());
        }
        let customer = self.customer(&person).await?;
        let update: Update =
            serde_json::from_slice(&raw).map_err(|error| HandlerError::Final(error.to_string()))?;
        if matches!(update.kind, UpdateKind::Error(_)) {
            let why = "an update that this version can't read";
            return Err(HandlerError::Final(why.to_owned()));
        }
        let visit = Visit::new(self.clone(), Some(turn), customer, chat, vital.tap);
        if let Some(contact) = vital.contact {
            return timed("contact", visit.contact(&contact)).await;
        }
        let input = dptree::deps![Arc::new(visit), update, self.username.clone()];
        match self.schema.dispatch(input).await {
            std::ops::ControlFlow::Break(result) => result,
            std::ops::ControlFlow::Continue(_) => Ok(()),
        }
    }

    async fn paid(
        &self,
        turn: &Turn,
        payer: Option<&Person>,
        paid: Payment,
    ) -> Result<(), HandlerError> {
        let charge = Charge {
            method: Method::of_invoice(&paid.currency),
            charge_id: paid.telegram_payment_charge_id,
            provider_charge_id: Some(paid.provider_payment_charge_id).filter(|id| !id.is_empty()),
            payer: payer.map(|person| person.id),
            currency: paid.currency,
            amount: paid.total_amount,
            payload: paid.invoice_payload,
        };
        let settled = news::came(turn, &self.vault, charge).await?;
        // The keys, or the word about them, are a letter: this turn owes no screen of its own.
        turn.drew();
        match settled {
            Settled::Fulfilled(_) | Settled::Repeat => tracing::debug!(?settled, "paid"),
            Settled::Backorder(_) | Settled::Returned(..) | Settled::Unmatched => {
                tracing::warn!(?settled, "money that needs a look");
            }
        }
        Ok(())
    }

    /// The customer behind a person. Who has blocked the bot and is back gets the deliveries that could not reach them.
    async fn customer(&self, person: &Person) -> Result<Customer, StoreError> {
        let id = person.id;
        let name = person.name();
        let found = self
            .store
            .read("customers.find", move |tx| {
                Box::pin(customers::by_telegram_id(tx, id))
            })
            .await?;
        match found {
            Some(customer) if customer.name == name && !customer.is_blocked => Ok(customer),
            _ => {
                let (name, code) = (name, person.language_code.clone());
                self.store
                    .write("customers.meet", move |tx| {
                        let (name, code) = (name.clone(), code.clone());
                        Box::pin(async move {
                            let customer = customers::meet(tx, id, &name, Some(&code)).await?;
                            if customers::set_blocked(tx, id, false).await? {
                                for kind in ["delivery", "redelivery", "backorder", "refunded"] {
                                    outbox::revive(tx, id, kind).await?;
                                }
                            }
                            Ok(customer)
                        })
                    })
                    .await
            }
        }
    }

    /// Draws the screen that a crash swallowed, in a new message.
    pub async fn owed(&self, chat: i64) -> Result<(), HandlerError> {
        let (customer, dialogue) = self
            .store
            .read("face.owed", move |tx| {
                Box::pin(async move {
                    let customer = customers::by_telegram_id(tx, chat).await?;
                    Ok::<_, StoreError>((customer, dialogue::load(tx, chat).await?))
                })
            })
            .await?;
        let Some(customer) = customer else {
            return Ok(());
        };
        let place = Place::read(dialogue.as_deref());
        Visit::new(self.clone(), None, customer, chat, None)
            .redraw(place)
            .await
    }
}

impl Handles for Face {
    fn handle(&self, turn: Arc<Turn>) -> Handling<'_> {
        self.update(turn).boxed()
    }

    fn buried<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        row: &'t Stored,
    ) -> BoxFuture<'t, Result<(), StoreError>> {
        apologise(tx, row).boxed()
    }
}

fn schema() -> Schema {
    dptree::entry()
        .branch(
            dptree::filter_map(|update: Update| match update.kind {
                UpdateKind::Message(message) => Some(message),
                _ => None,
            })
            .branch(
                dptree::filter_map(|message: Message, username: Username| {
                    let username = username.get().map_or("", String::as_str);
                    Command::parse(message.text()?, username).ok()
                })
                .endpoint(command),
            )
            .endpoint(other_message),
        )
        .branch(
            dptree::filter_map(|update: Update| match update.kind {
                UpdateKind::CallbackQuery(query) => Some(query),
                _ => None,
            })
            .endpoint(tap),
        )
}

async fn command(visit: Arc<Visit>, command: Command) -> Result<(), HandlerError> {
    timed(command.handler(), obey(&visit, command)).await
}

async fn obey(visit: &Visit, command: Command) -> Result<(), HandlerError> {
    match command {
        Command::Start(link) => match link.trim().strip_prefix(invites::PREFIX) {
            Some(token) => visit.join(token).await,
            None => visit.start(&link).await,
        },
        Command::Admin => visit.admin().await,
        Command::Menu => visit.menu().await,
        Command::Cancel => visit.leave().await,
        Command::Catalog => visit.catalogue(0).await,
        Command::Cart => visit.cart().await,
        Command::Orders => visit.orders(0).await,
        Command::Keys => visit.keys(0).await,
        Command::Profile => visit.profile().await,
        Command::Language => visit.language(None).await,
        Command::Help => visit.help().await,
        Command::Support => visit.support().await,
        Command::Paysupport => visit.paysupport().await,
        Command::Terms => visit.terms().await,
        Command::Privacy => visit.privacy().await,
    }
}

async fn other_message(visit: Arc<Visit>, message: Message) -> Result<(), HandlerError> {
    timed("text", visit.said(message.text())).await
}

async fn tap(visit: Arc<Visit>, query: CallbackQuery) -> Result<(), HandlerError> {
    let wish = Callback::decode(query.data.as_deref().unwrap_or_default());
    let wish = match wish {
        Ok(wish) => wish,
        Err(unfit) => return timed("tap.unfit", visit.unfit(unfit)).await,
    };
    timed(wish.handler(), visit.wish(wish)).await
}
