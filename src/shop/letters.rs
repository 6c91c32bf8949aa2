//! The letters that the shop posts: what each refers to, who goes first, and what a repeat would mean. Their words are
//! made when they are sent, in the language that the letter names, so that a repeat says the same.

use serde::{Deserialize, Serialize};

use super::confirmations::Channel;
use super::customers::Customer;
use super::money::Money;
use super::texts::Language;
use crate::bus::outbox::{self, Claimed, Priority, Semantics};
use crate::store::{PublicId, StoreError, Tx};

/// A letter with its references.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// An invoice for the customer to pay.
    Invoice {
        /// The attempt that it asks for.
        attempt: PublicId,
    },
    /// The invoice could not be made: another way to pay must be chosen.
    InvoiceRefused {
        /// The order.
        order: PublicId,
        /// The attempt that failed.
        attempt: PublicId,
    },
    /// The keys of an order, as soon as they are the customer's.
    Delivery {
        /// The order.
        order: PublicId,
    },
    /// The keys of an order once more, because the customer asked.
    Redelivery {
        /// The order.
        order: PublicId,
        /// The update that asked.
        asked: i64,
    },
    /// A hold that ran out.
    Expired {
        /// The order.
        order: PublicId,
    },
    /// Paid, but the keys were gone by then.
    Backorder {
        /// The order.
        order: PublicId,
        /// Whether the money goes back by itself.
        refunded: bool,
    },
    /// Money that did not fit and goes back.
    Returned {
        /// The order that it was meant for.
        order: PublicId,
        /// The refund that carries it.
        refund: PublicId,
        /// What came.
        money: Money,
        /// Why it goes back.
        why: Misfit,
    },
    /// All the money of an order went back.
    Refunded {
        /// The order.
        order: PublicId,
        /// The refund.
        refund: PublicId,
        /// How much.
        money: Money,
    },
    /// A call to the provider: give this money back.
    Refund {
        /// The refund.
        refund: PublicId,
    },
    /// Something of the customer's could not be handled.
    Trouble {
        /// The update.
        asked: i64,
    },
    /// News for a member of staff.
    Alert {
        /// The batch of news.
        batch: PublicId,
        /// Who is told.
        to: i64,
    },
    /// A code on its way to a phone, by the senders.
    Code {
        /// What it confirms.
        confirmation: PublicId,
        /// Which of its codes.
        round: i64,
        /// How many senders have carried it without its arriving.
        after: i64,
    },
    /// A code and a link on their way to an e-mail address.
    MailCode {
        /// What they confirm.
        confirmation: PublicId,
        /// Which of its codes.
        round: i64,
    },
    /// To the address that another one has just taken the place of.
    MailChanged {
        /// What confirmed the other one. It keeps the old address.
        confirmation: PublicId,
    },
    /// To the customer's address: somebody has opened the cabinet.
    MailLogin {
        /// The session.
        session: PublicId,
        /// Whose cabinet.
        to: i64,
        /// When, in milliseconds UTC.
        at: i64,
        /// By which way, in a word of the program.
        way: String,
        /// With what, shortened.
        agent: String,
    },
    /// To the customer's address: the cabinet has another password.
    MailPassword {
        /// The change.
        change: PublicId,
        /// Whose cabinet.
        to: i64,
        /// When, in milliseconds UTC.
        at: i64,
    },
    /// To the customer's address: a VK account was linked, or is linked no more.
    MailVk {
        /// The change.
        change: PublicId,
        /// Whose account.
        to: i64,
        /// When, in milliseconds UTC.
        at: i64,
        /// Whether one is linked now.
        linked: bool,
    },
    /// To the customer's address: the chat could not be reached with an order's keys, which are on its page.
    MailOrder {
        /// The order.
        order: PublicId,
        /// Whose it is.
        to: i64,
    },
    /// A VK account was linked, or is linked no more.
    VkChanged {
        /// The change.
        change: PublicId,
        /// Whether one is linked now.
        linked: bool,
    },
    /// To the customer's chat: somebody has opened the cabinet.
    LoggedIn {
        /// The session.
        session: PublicId,
        /// When, in milliseconds UTC.
        at: i64,
        /// By which way, in a word of the program.
        way: String,
        /// With what, as the browser names itself, shortened. Empty where it did not say.
        agent: String,
        /// Its neighbourhood on the network. Empty where that is not known.
        from: String,
    },
    /// To the customer's chat: the cabinet has another password.
    PasswordSet {
        /// The change.
        change: PublicId,
        /// When, in milliseconds UTC.
        at: i64,
    },
    /// To the customer's chat: a number or an address was confirmed on a page.
    Confirmed {
        /// What confirmed it.
        confirmation: PublicId,
        /// Which of them it is. What it is stands in the confirmation.
        channel: Channel,
        /// When, in milliseconds UTC.
        at: i64,
    },
    /// To the customer's chat: the number that VK has confirmed is theirs here, too.
    NumberShared {
        /// The change.
        change: PublicId,
        /// When, in milliseconds UTC.
        at: i64,
    },
    /// To the customer's chat: their number or address was forgotten on a page.
    Forgotten {
        /// The change.
        change: PublicId,
        /// Which of them it was.
        channel: Channel,
        /// When, in milliseconds UTC.
        at: i64,
    },
    /// Another customer has proved that a phone number is theirs.
    PhoneTaken {
        /// The event.
        taken: PublicId,
    },
    /// Another customer has proved that an e-mail address is theirs.
    EmailTaken {
        /// The event.
        taken: PublicId,
    },
    /// No sender could carry a code: another way must be chosen.
    CodeUnsent {
        /// What it would have confirmed.
        confirmation: PublicId,
        /// Which of its codes.
        round: i64,
    },
    /// There is no such e-mail address.
    EmailUnreachable {
        /// What was to be confirmed.
        confirmation: PublicId,
        /// Which of its codes.
        round: i64,
    },
}

/// Why money does not fit its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misfit {
    /// The order is paid already.
    Excess,
    /// Less than was asked.
    Short,
    /// Another currency than was asked.
    WrongCurrency,
}

/// A letter as it is stored: with the language that it will speak.
#[derive(Debug, Serialize, Deserialize)]
struct Stored<L> {
    language: Language,
    #[serde(flatten)]
    letter: L,
}

impl Letter {
    /// The word for the outbox and for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Letter::Invoice { .. } => "invoice",
            Letter::InvoiceRefused { .. } => "invoice_refused",
            Letter::Delivery { .. } => "delivery",
            Letter::Redelivery { .. } => "redelivery",
            Letter::Expired { .. } => "expired",
            Letter::Backorder { .. } => "backorder",
            Letter::Returned { .. } => "returned",
            Letter::Refunded { .. } => "refunded",
            Letter::Refund { .. } => "refund",
            Letter::Trouble { .. } => "trouble",
            Letter::Alert { .. } => "alert",
            Letter::Code { .. } => "code",
            Letter::MailCode { .. } => "mail_code",
            Letter::MailChanged { .. } => "mail_changed",
            Letter::MailLogin { .. } => "mail_login",
            Letter::MailPassword { .. } => "mail_password",
            Letter::MailVk { .. } => "mail_vk",
            Letter::VkChanged { .. } => "vk_changed",
            Letter::MailOrder { .. } => "mail_order",
            Letter::LoggedIn { .. } => "logged_in",
            Letter::PasswordSet { .. } => "password_set",
            Letter::Confirmed { .. } => "confirmed",
            Letter::NumberShared { .. } => "number_shared",
            Letter::Forgotten { .. } => "forgotten",
            Letter::PhoneTaken { .. } => "phone_taken",
            Letter::EmailTaken { .. } => "email_taken",
            Letter::CodeUnsent { .. } => "code_unsent",
            Letter::EmailUnreachable { .. } => "email_unreachable",
        }
    }

    /// The same key again is the same letter.
    pub fn dedup_key(&self) -> String {
        let kind = self.kind();
        match self {
            Letter::Invoice { attempt } | Letter::InvoiceRefused { attempt, .. } => {
                format!("{kind}:{attempt}")
            }
            Letter::Delivery { order }
            | Letter::Expired { order }
            | Letter::MailOrder { order, .. }
            | Letter::Backorder { order, .. } => format!("{kind}:{order}"),
            Letter::Redelivery { order, asked } => format!("{kind}:{order}:{asked}"),
            Letter::Returned { refund, .. }
            | Letter::Refunded { refund, .. }
            | Letter::Refund { refund } => format!("{kind}:{refund}"),
            Letter::Trouble { asked } => format!("{kind}:{asked}"),
            Letter::Alert { batch, to } => format!("{kind}:{batch}:{to}"),
            Letter::Code {
                confirmation,
                round,
                after,
            } => format!("{kind}:{confirmation}:{round}:{after}"),
            Letter::MailCode {
                confirmation,
                round,
            }
            | Letter::CodeUnsent {
                confirmation,
                round,
            }
            | Letter::EmailUnreachable {
                confirmation,
                round,
            } => format!("{kind}:{confirmation}:{round}"),
            Letter::MailChanged { confirmation } | Letter::Confirmed { confirmation, .. } => {
                format!("{kind}:{confirmation}")
            }
            Letter::MailLogin { session, .. } | Letter::LoggedIn { session, .. } => {
                format!("{kind}:{session}")
            }
            Letter::MailPassword { change, .. }
            | Letter::MailVk { change, .. }
            | Letter::VkChanged { change, .. }
            | Letter::NumberShared { change, .. }
            | Letter::PasswordSet { change, .. }
            | Letter::Forgotten { change, .. } => format!("{kind}:{change}"),
            Letter::PhoneTaken { taken } | Letter::EmailTaken { taken } => {
                format!("{kind}:{taken}")
            }
        }
    }

    fn priority(&self) -> Priority {
        match self {
            Letter::Delivery { .. } | Letter::Redelivery { .. } | Letter::MailOrder { .. } => {
                Priority::Delivery
            }
            Letter::Refund { .. } => Priority::Refund,
            Letter::Invoice { .. } => Priority::Invoice,
            Letter::Code { .. } | Letter::MailCode { .. } => Priority::Code,
            Letter::InvoiceRefused { .. }
            | Letter::Expired { .. }
            | Letter::Backorder { .. }
            | Letter::Returned { .. }
            | Letter::Refunded { .. }
            | Letter::Trouble { .. }
            | Letter::MailChanged { .. }
            | Letter::MailLogin { .. }
            | Letter::MailPassword { .. }
            | Letter::MailVk { .. }
            | Letter::VkChanged { .. }
            | Letter::LoggedIn { .. }
            | Letter::PasswordSet { .. }
            | Letter::Confirmed { .. }
            | Letter::NumberShared { .. }
            | Letter::Forgotten { .. }
            | Letter::PhoneTaken { .. }
            | Letter::EmailTaken { .. }
            | Letter::CodeUnsent { .. }
            | Letter::EmailUnreachable { .. } => Priority::Notice,
            Letter::Alert { .. } => Priority::Alert,
        }
    }

    fn semantics(&self) -> Semantics {
        match self {
            Letter::Invoice { .. } => Semantics::AtMostOnce,
            _ => Semantics::AtLeastOnce,
        }
    }

    /// Whether it is a mail.
    pub fn is_mail(&self) -> bool {
        matches!(
            self,
            Letter::MailCode { .. }
                | Letter::MailChanged { .. }
                | Letter::MailLogin { .. }
                | Letter::MailPassword { .. }
                | Letter::MailVk { .. }
                | Letter::MailOrder { .. }
        )
    }

    /// Whether it is a message in its customer's chat. Others neither wait for the chat nor hold it up.
    fn goes_to_chat(&self) -> bool {
        !(self.is_mail() || matches!(self, Letter::Refund { .. } | Letter::Code { .. }))
    }
}

/// Posts a letter to a customer, or about one (a refund, a code and a mail have no chat of their own).
pub async fn post(tx: &mut Tx<'_>, to: &Customer, letter: &Letter) -> Result<(), StoreError> {
    let stored = Stored {
        language: to.language,
        letter,
    };
    let payload = serde_json::to_string(&stored).map_err(broken)?;
    let chat = letter.goes_to_chat().then_some(to.telegram_id);
    let letter = outbox::Letter {
        dedup_key: &letter.dedup_key(),
        kind: letter.kind(),
        chat,
        priority: letter.priority(),
        semantics: letter.semantics(),
        payload: &payload,
    };
    outbox::post(tx, &letter).await
}

/// Reads a claimed letter back.
pub fn read(claimed: &Claimed) -> Result<(Language, Letter), StoreError> {
    let stored: Stored<Letter> = serde_json::from_str(&claimed.payload).map_err(broken)?;
    Ok((stored.language, stored.letter))
}

fn broken(error: serde_json::Error) -> StoreError {
    StoreError::because("letters", crate::store::ErrorKind::Decode, error)
}
