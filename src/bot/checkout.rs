//! The fast path: the question before a payment has a deadline, so it goes past every queue. Its approval and "row done"
//! are one transaction; the answer goes straight out after the commit.

use std::time::Duration;

use super::face::Face;
use super::screens;
use super::vital::PreCheckout;
use crate::bus::{HandlerError, Turn};
use crate::clock::Millis;
use crate::meters;
use crate::shop::customers;
use crate::shop::orders::approve::{self, Approval, Query};
use crate::shop::texts::Language;
use crate::store::{ErrorKind, StoreError};
use crate::telegram::PreCheckoutAnswer;

/// Telegram gives up after 10 s; from our receipt we answer within these milliseconds or not at all.
const DEADLINE: Millis = 8_000;
/// So long a failing database is asked again before the payment is refused.
const RETRY: Millis = 5_000;

impl Face {
    /// Answers a pre-checkout query.
    pub(super) async fn pre_checkout(
        &self,
        turn: &Turn,
        asked: PreCheckout,
    ) -> Result<(), HandlerError> {
        if self.is_late(turn) {
            tracing::warn!(
                seq = turn.row().seq,
                "a pre-checkout query is too old to be answered"
            );
            self.took(turn, "unanswered");
            return Ok(());
        }
        let query = Query {
            id: asked.id.clone(),
            payer: asked.from.id,
            currency: asked.currency.clone(),
            amount: asked.total_amount,
            payload: asked.invoice_payload.clone(),
        };
        let (vault, payer) = (self.vault.clone(), asked.from.id);
        let decided = turn
            .write("orders.approve", move |tx, _| {
                let (vault, query) = (vault.clone(), query.clone());
                Box::pin(async move {
                    let approval = approve::approve(tx, &vault, &query).await?;
                    let customer = customers::by_telegram_id(tx, payer).await?;
                    Ok::<_, StoreError>((approval, customer.map(|customer| customer.language)))
                })
            })
            .await;
        let (approval, language) = match decided {
            Ok((approval, language)) => (approval, language),
            Err(error) if error.kind == ErrorKind::Superseded => return Ok(()),
            Err(error) if self.age(turn) < RETRY => {
                tracing::warn!(%error, "a payment can't be approved yet, trying again");
                return Err(error.into());
            }
            Err(error) => {
                // A clear no in time is better than silence. Should the approval stand after all, it ends by itself.
                tracing::error!(%error, "a payment is refused, because the database does not answer");
                self.refuse_busy(&asked).await;
                self.took(turn, "busy");
                return Ok(());
            }
        };
        let language =
            language.unwrap_or_else(|| Language::from_code(Some(&asked.from.language_code)));
        let reason;
        let (answer, outcome) = match approval {
            Approval::Approved => (PreCheckoutAnswer::Approve, "approved"),
            Approval::Refused(why) => {
                let l = self.shopfront.localizer(language);
                reason = screens::refusal(&l, why);
                (PreCheckoutAnswer::Refuse(&reason), "refused")
            }
        };
        self.store.points().pass("checkout.approved").await;
        if self.is_late(turn) {
            self.took(turn, "undone");
            return self.undo(&asked.id, "it took too long").await;
        }
        match self
            .client
            .answer_pre_checkout_query(&asked.id, answer)
            .await
        {
            Ok(()) => {
                self.took(turn, outcome);
                Ok(())
            }
            Err(error) if error.is_query_too_old() => {
                self.took(turn, "undone");
                self.undo(&asked.id, "Telegram has given it up").await
            }
            Err(error) => {
                // Whether it arrived is unknown: the approval ends by itself within a minute.
                tracing::warn!(%error, "a pre-checkout query could not be answered");
                self.took(turn, "unanswered");
                Ok(())
            }
        }
    }

    async fn refuse_busy(&self, asked: &PreCheckout) {
        let l = self
            .shopfront
            .localizer(Language::from_code(Some(&asked.from.language_code)));
        let words = screens::shop_busy(&l);
        let answer = PreCheckoutAnswer::Refuse(&words);
        if let Err(error) = self
            .client
            .answer_pre_checkout_query(&asked.id, answer)
            .await
        {
            tracing::warn!(%error, "a pre-checkout query could not be refused");
        }
    }

    /// Notes how a query ended, and how long after its receipt.
    fn took(&self, turn: &Turn, outcome: &'static str) {
        let age = Duration::from_millis(self.age(turn).max(0) as u64);
        meters::PRE_CHECKOUT.took([outcome], age);
    }

    /// Milliseconds since our receipt.
    fn age(&self, turn: &Turn) -> Millis {
        self.store.clock().now() - turn.row().received_at
    }

    fn is_late(&self, turn: &Turn) -> bool {
        self.age(turn) > DEADLINE
    }

    async fn undo(&self, query: &str, why: &str) -> Result<(), HandlerError> {
        tracing::warn!(why, "an approval is taken back");
        let query = query.to_owned();
        self.store
            .write_urgent("orders.approve.undo", move |tx| {
                let query = query.clone();
                Box::pin(async move { approve::undo(tx, &query).await })
            })
            .await?;
        Ok(())
    }
}
