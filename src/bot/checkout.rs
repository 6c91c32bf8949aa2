//! The fast path: the question before a payment has a deadline, so it goes past every queue. Its approval and "row done"
//! are one transaction; the answer goes straight out after the commit.

use super::face::Face;
use super::screens;
use super::vital::PreCheckout;
use crate::bus::{HandlerError, Turn};
use crate::clock::Millis;
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
                return self.refuse_busy(&asked).await;
            }
        };
        let language =
            language.unwrap_or_else(|| Language::from_code(Some(&asked.from.language_code)));
        let reason;
        let answer = match approval {
            Approval::Approved => PreCheckoutAnswer::Approve,
            Approval::Refused(why) => {
                let l = self.shopfront.localizer(language);
                reason = screens::refusal(&l, why);
                PreCheckoutAnswer::Refuse(&reason)
            }
        };
        self.store.points().pass("checkout.approved").await;
        if self.is_late(turn) {
            return self.undo(&asked.id, "it took too long").await;
        }
        match self
            .client
            .answer_pre_checkout_query(&asked.id, answer)
            .await
        {
            Ok(()) => Ok(()),
            Err(error) if error.is_query_too_old() => {
                self.undo(&asked.id, "Telegram has given it up").await
            }
            Err(error) => {
                // Whether it arrived is unknown: the approval ends by itself within a minute.
                tracing::warn!(%error, "a pre-checkout query could not be answered");
                Ok(())
            }
        }
    }

    async fn refuse_busy(&self, asked: &PreCheckout) -> Result<(), HandlerError> {
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
        Ok(())
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
