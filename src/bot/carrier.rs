//! Carries letters to chats: their words are made here, in the language that each letter names.

mod confirmed;

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde_json::value::RawValue;

use super::face::Face;
use super::screens::{self, Goods, Localizer, Login, Screen};
use crate::bus::outbox::Claimed;
use crate::bus::{Carrier, Outcome};
use crate::i18n::devices;
use crate::shop::access::Way;
use crate::shop::confirmations::Channel;
use crate::shop::customers;
use crate::shop::downloads::{self, view::Download};
use crate::shop::keys::reveal::{self, RevealError};
use crate::shop::letters::{self, Letter};
use crate::shop::orders::view::{self, OrderView};
use crate::shop::orders::{by_mail, link};
use crate::shop::payments::{Method, attempt, payload};
use crate::shop::staff::news;
use crate::shop::texts::Texts;
use crate::store::{PublicId, StoreError};
use crate::telegram::{CallError, Invoice, Message};

/// Why a letter has no words.
#[derive(Debug, thiserror::Error)]
enum Wordless {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Reveal(#[from] RevealError),
    #[error("{0}")]
    Gone(&'static str),
}

/// A letter that failed so often, in about four minutes, is told by mail as well; its chat goes on being tried.
const MAIL_AFTER: i64 = 10;
/// Telegram asks for a pause that is too long to wait for.
const LONG_PAUSE: Duration = Duration::from_mins(5);

/// What happens instead, if the chat can't be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instead {
    Nothing,
    /// A mail about this order; staff are told where there is no address.
    Mail {
        order: PublicId,
        /// How often the letter was tried, this time counted.
        tries: i64,
    },
}

impl Instead {
    /// The order that a mail is to tell of after this failure.
    fn mail(self, error: &CallError) -> Option<PublicId> {
        let Instead::Mail { order, tries } = self else {
            return None;
        };
        let is_time = match error {
            CallError::Blocked(_) | CallError::Refused { .. } => true,
            CallError::Wait(pause) => *pause >= LONG_PAUSE,
            CallError::NotSent(_)
            | CallError::Unauthorized
            | CallError::Conflict(_)
            | CallError::Unknown(_) => tries >= MAIL_AFTER,
        };
        is_time.then_some(order)
    }
}

impl Carrier for Face {
    fn carry<'a>(&'a self, letter: &'a Claimed) -> BoxFuture<'a, Outcome> {
        async move {
            match self.send(letter).await {
                Ok(outcome) => outcome,
                Err(Wordless::Store(error)) if error.is_transient() => {
                    Outcome::Retry(error.to_string())
                }
                Err(error) => Outcome::Refused {
                    reason: error.to_string(),
                    alert: true,
                },
            }
        }
        .boxed()
    }
}

impl Face {
    async fn send(&self, claimed: &Claimed) -> Result<Outcome, Wordless> {
        let (language, letter) = letters::read(claimed)?;
        let l = self.shopfront.localizer(language);
        let Some(chat) = claimed.chat else {
            return Err(Wordless::Gone("a letter for a chat names none"));
        };
        let screen = match letter {
            Letter::Invoice { attempt } => return self.invoice(&l, attempt).await,
            Letter::Delivery { order } | Letter::Redelivery { order, .. } => {
                let again = matches!(letter, Letter::Redelivery { .. });
                let instead = Instead::Mail {
                    order,
                    tries: claimed.attempts,
                };
                return self.deliver(&l, chat, order, again, instead).await;
            }
            Letter::InvoiceRefused { order, .. } => screens::invoice_refused(&l, order),
            Letter::Expired { order } => screens::expired(&l, order),
            Letter::Backorder { order, refunded } => screens::backorder(&l, order, refunded),
            Letter::Returned {
                order, money, why, ..
            } => screens::returned(&l, order, money, why),
            Letter::Refunded { order, money, .. } => screens::refunded(&l, order, money),
            Letter::Trouble { .. } => screens::trouble(&l),
            Letter::Alert { batch, .. } => return self.tell(&l, chat, batch).await,
            Letter::Refund { .. } => return Err(Wordless::Gone("a refund goes to its provider")),
            Letter::Code { .. }
            | Letter::MailCode { .. }
            | Letter::MailChanged { .. }
            | Letter::MailLogin { .. }
            | Letter::MailPassword { .. }
            | Letter::MailVk { .. }
            | Letter::MailOrder { .. } => {
                return Err(Wordless::Gone("codes and mails go by their senders"));
            }
            Letter::VkChanged { linked, .. } => screens::vk_changed(&l, linked),
            Letter::LoggedIn {
                session,
                at,
                way,
                agent,
                from,
            } => {
                let login = Login {
                    session,
                    at,
                    way: Way::from_word(&way),
                    with: devices::browser(&agent),
                    from: devices::network(&from),
                };
                screens::logged_in(&l, &login)
            }
            Letter::PasswordSet { at, .. } => screens::password_set(&l, at),
            Letter::Forgotten { channel, at, .. } => screens::forgotten(&l, channel, at),
            Letter::Confirmed {
                confirmation,
                channel,
                at,
            } => {
                let by = Some(confirmation);
                return self.confirmed(&l, chat, by, channel, at).await;
            }
            Letter::NumberShared { at, .. } => {
                return self.confirmed(&l, chat, None, Channel::Phone, at).await;
            }
            Letter::PhoneTaken { .. } => screens::phone_taken(&l),
            Letter::EmailTaken { .. } => screens::email_taken(&l),
            Letter::CodeUnsent { .. } => screens::code_unsent(&l),
            Letter::EmailUnreachable { .. } => screens::email_unreachable(&l),
        };
        Ok(self.text(chat, &screen, Instead::Nothing).await)
    }

    async fn text(&self, chat: i64, screen: &Screen, instead: Instead) -> Outcome {
        let markup = screen.reply_markup();
        self.message(chat, &screen.html, markup.as_deref(), instead)
            .await
    }

    async fn message(
        &self,
        chat: i64,
        html: &str,
        reply_markup: Option<&RawValue>,
        instead: Instead,
    ) -> Outcome {
        let message = Message {
            chat_id: chat,
            html,
            reply_markup,
            protect_content: false,
        };
        match self.client.send_message(&message).await {
            Ok(_) => Outcome::Sent,
            Err(error) => self.failed(chat, error, instead).await,
        }
    }

    /// News for a member of staff. A letter of news that can't arrive makes no news of its own.
    async fn tell(&self, l: &Localizer, chat: i64, batch: PublicId) -> Result<Outcome, Wordless> {
        let news = self
            .store
            .read("staff.news", move |tx| Box::pin(news::of_batch(tx, batch)))
            .await?;
        let outcome = match news {
            Some(news) => {
                self.text(chat, &screens::news(l, &news), Instead::Nothing)
                    .await
            }
            None => Outcome::Refused {
                reason: "the news are too old".to_owned(),
                alert: false,
            },
        };
        Ok(match outcome {
            Outcome::Refused { reason, .. } => Outcome::Refused {
                reason,
                alert: false,
            },
            outcome => outcome,
        })
    }

    /// The keys and the links to the files, in as many messages as they need. Keys are marked as shown before they leave.
    async fn deliver(
        &self,
        l: &Localizer,
        chat: i64,
        order: PublicId,
        again: bool,
        instead: Instead,
    ) -> Result<Outcome, Wordless> {
        let (sealed, downloads) = self
            .store
            .write("keys.reveal", move |tx| {
                Box::pin(async move {
                    let Some(customer) = customers::by_telegram_id(tx, chat).await? else {
                        return Ok((Vec::new(), Vec::new()));
                    };
                    let sealed = reveal::of_order(tx, customer.id, order).await?;
                    let downloads = downloads::view::of_order(tx, customer.id, order).await?;
                    Ok::<_, StoreError>((sealed, downloads))
                })
            })
            .await?;
        if sealed.is_empty() && downloads.is_empty() {
            // Its money went back in the meantime: another letter says so.
            return Ok(Outcome::Refused {
                reason: "the order has nothing to deliver any more".to_owned(),
                alert: false,
            });
        }
        self.store.points().pass("keys.revealed").await;
        let keys = reveal::open(&self.vault, sealed)?;
        let keys: Vec<(Texts, &str)> = keys
            .iter()
            .map(|key| (key.title.clone(), key.text.expose()))
            .collect();
        let page = self.page(order).await?;
        let files: Vec<(Download, Option<String>)> = downloads
            .into_iter()
            .map(|download| {
                let link = self.download_page(&download);
                (download, link)
            })
            .collect();
        let goods = Goods {
            keys: &keys,
            files: &files,
            page: page.as_deref(),
            now: self.store.clock().now(),
        };
        let messages = if again {
            screens::delivery_again(l, order, &goods)
        } else {
            screens::delivery(l, order, &goods)
        };
        for html in messages {
            let screen = Screen {
                html,
                keyboard: Vec::new(),
                photo: None,
            };
            let outcome = self.text(chat, &screen, instead).await;
            if outcome != Outcome::Sent {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Sent)
    }

    /// The address of the order's page, if the shop has pages.
    pub(super) async fn page(&self, order: PublicId) -> Result<Option<String>, StoreError> {
        let Some(public_url) = &self.shopfront.public_url else {
            return Ok(None);
        };
        let vault = self.vault.clone();
        let token = self
            .store
            .read("orders.link", move |tx| {
                let vault = vault.clone();
                Box::pin(async move { link::token(tx, &vault, order).await })
            })
            .await?;
        Ok(token.map(|token| format!("{public_url}/o/{token}")))
    }

    /// The address of a download's page, if the shop has pages.
    fn download_page(&self, download: &Download) -> Option<String> {
        let public_url = self.shopfront.public_url.as_ref()?;
        let token = downloads::link::page(&self.vault, download.id, download.link_version);
        Some(format!("{public_url}/d/{token}"))
    }

    async fn invoice(&self, l: &Localizer, id: PublicId) -> Result<Outcome, Wordless> {
        let (invoice, order) = self
            .store
            .read("attempts.invoice", move |tx| {
                Box::pin(async move {
                    let invoice = attempt::invoice(tx, id).await?;
                    let order = view::one(tx, invoice.customer, invoice.order).await?;
                    Ok::<_, StoreError>((invoice, order))
                })
            })
            .await?;
        let Some(order): Option<OrderView> = order.filter(|_| invoice.is_wanted) else {
            return Ok(Outcome::Refused {
                reason: "the order is no longer open".to_owned(),
                alert: false,
            });
        };
        let lines = invoice
            .lines
            .iter()
            .map(|(slug, quantity)| (slug.as_str(), *quantity));
        let provider_token = match (invoice.method, &self.shopfront.provider_token) {
            (Method::Stars, _) => "",
            (Method::TelegramCard, Some(token)) => token.expose_secret(),
            (Method::TelegramCard, None) => {
                let reason = "telegram.provider_token is no longer set".to_owned();
                return self.refused(id, reason).await;
            }
        };
        let call = Invoice {
            chat_id: invoice.chat,
            title: &screens::invoice_title(l, order.id),
            description: &screens::invoice_description(l, &order),
            payload: &payload::encode(&self.vault, id, lines),
            currency: invoice.money.currency.code(),
            provider_token,
            amount: invoice.money.minor,
            start_parameter: "menu",
            reply_markup: None,
        };
        match self.client.send_invoice(&call).await {
            Ok(_) => Ok(Outcome::Sent),
            Err(CallError::Refused { description, .. }) => self.refused(id, description).await,
            Err(error) => Ok(self.failed(invoice.chat, error, Instead::Nothing).await),
        }
    }

    /// Telegram won't ask for this money: the customer chooses another way, and staff learn why.
    async fn refused(&self, attempt: PublicId, reason: String) -> Result<Outcome, Wordless> {
        self.store
            .write("attempts.refused", move |tx| {
                Box::pin(attempt::refused(tx, attempt))
            })
            .await?;
        let alert = true;
        Ok(Outcome::Refused { reason, alert })
    }

    /// What a failed call means for its letter.
    async fn failed(&self, chat: i64, error: CallError, instead: Instead) -> Outcome {
        let reason = error.to_string();
        let is_unknown = error.is_chat_not_found();
        let is_gone = is_unknown || matches!(error, CallError::Blocked(_));
        let is_told = self.unreached(chat, is_gone, instead.mail(&error)).await;
        match error {
            CallError::Wait(pause) => Outcome::Wait(pause),
            CallError::NotSent(_) | CallError::Unauthorized | CallError::Conflict(_) => {
                Outcome::Retry(reason)
            }
            CallError::Unknown(_) => Outcome::Unknown(reason),
            // Where all chats are unknown, it is the bot that is another one.
            CallError::Refused { .. } => Outcome::Refused {
                reason,
                alert: !(is_unknown && is_told),
            },
            CallError::Blocked(_) => Outcome::Refused {
                reason,
                alert: instead != Instead::Nothing && !is_told,
            },
        }
    }

    /// Notes that the customer has blocked the bot, and has an order told by mail. Answers whether it is.
    async fn unreached(&self, chat: i64, is_gone: bool, order: Option<PublicId>) -> bool {
        let front = &self.shopfront;
        let can_mail = front.sends_mails && front.public_url.is_some();
        let order = order.filter(|_| can_mail);
        if !is_gone && order.is_none() {
            return false;
        }
        let noted = self
            .store
            .write("customers.unreached", move |tx| {
                Box::pin(async move {
                    if is_gone {
                        customers::set_blocked(tx, chat, true).await?;
                    }
                    match order {
                        Some(order) => by_mail::tell(tx, chat, order).await,
                        None => Ok(false),
                    }
                })
            })
            .await;
        noted.unwrap_or_else(|error: StoreError| {
            tracing::warn!(%error, "can't note that a customer can't be reached");
            false
        })
    }
}
