//! The Stars that came and went, as Telegram lists them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::client::{ORDINARY, Pool};
use super::{CallError, Client};

/// A list of 100 may take Telegram a while.
const LIST: Duration = Duration::from_secs(30);

/// Which way Stars went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To the bot: a payment.
    In,
    /// From the bot: a refund, a withdrawal.
    Out,
}

impl Direction {
    /// The word in event ids: a refund has the charge id of its payment.
    pub fn code(self) -> &'static str {
        match self {
            Direction::In => "in",
            Direction::Out => "out",
        }
    }
}

/// One movement of Stars.
#[derive(Clone, Debug)]
pub struct StarTransaction {
    /// For payments and their refunds the charge id.
    pub id: String,
    /// Stars.
    pub amount: i64,
    /// Seconds since 1970 UTC.
    pub date: i64,
    /// Which way.
    pub direction: Direction,
    /// The person who paid or got it, if it was a person.
    pub user: Option<i64>,
    /// The payload of our invoice; present for payments of invoices and for their refunds.
    pub invoice_payload: Option<String>,
    /// The entry as it came.
    pub raw: Box<RawValue>,
}

#[derive(Deserialize)]
struct Transactions {
    transactions: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    amount: i64,
    date: i64,
    source: Option<Partner>,
    receiver: Option<Partner>,
}

#[derive(Deserialize)]
struct Partner {
    user: Option<User>,
    invoice_payload: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: i64,
}

impl StarTransaction {
    fn read(raw: Box<RawValue>) -> Result<Self, CallError> {
        let entry: Entry = serde_json::from_str(raw.get())
            .map_err(|error| CallError::Unknown(format!("an unexpected transaction: {error}")))?;
        let direction = if entry.source.is_some() {
            Direction::In
        } else {
            Direction::Out
        };
        let partner = entry.source.or(entry.receiver);
        let (user, invoice_payload) = partner.map_or((None, None), |partner| {
            (partner.user.map(|user| user.id), partner.invoice_payload)
        });
        Ok(Self {
            id: entry.id,
            amount: entry.amount,
            date: entry.date,
            direction,
            user,
            invoice_payload,
            raw,
        })
    }
}

impl Client {
    /// Movements of Stars from the oldest: skips `offset`, returns `limit` (1 to 100) at the most.
    pub async fn get_star_transactions(
        &self,
        offset: i64,
        limit: u8,
    ) -> Result<Vec<StarTransaction>, CallError> {
        #[derive(Serialize)]
        struct Params {
            offset: i64,
            limit: u8,
        }
        let page: Transactions = self
            .call(
                Pool::Ordinary,
                LIST,
                "getStarTransactions",
                &Params { offset, limit },
            )
            .await?;
        page.transactions
            .into_iter()
            .map(StarTransaction::read)
            .collect()
    }

    /// Gives all Stars of a payment back to its payer. Once done, [`CallError::is_already_refunded`] tells a repeat.
    pub async fn refund_star_payment(&self, user: i64, charge_id: &str) -> Result<(), CallError> {
        #[derive(Serialize)]
        struct Params<'a> {
            user_id: i64,
            telegram_payment_charge_id: &'a str,
        }
        let params = Params {
            user_id: user,
            telegram_payment_charge_id: charge_id,
        };
        let _: bool = self
            .call(Pool::Ordinary, ORDINARY, "refundStarPayment", &params)
            .await?;
        Ok(())
    }
}
