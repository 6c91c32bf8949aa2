//! The webhook at Telegram: set when the shop opens, and set again when it is found to be another.

use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch;

use crate::bot::vital::Kind;
use crate::clock::Clock;
use crate::telegram::{CallError, Client, WebhookInfo};

/// So many requests Telegram may make at once: the most that it offers, since they end in few commits.
const CONNECTIONS: u8 = 100;
/// How often the webhook is looked at.
const LOOK: Duration = Duration::from_mins(3);
/// Pauses after trouble: from this, doubling, to [`LONGEST`].
const SHORTEST: Duration = Duration::from_secs(1);
/// An outage that ends is noticed after this time at the latest.
const LONGEST: Duration = Duration::from_mins(1);

/// Where Telegram pushes updates to, and what each push must carry.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// What proves that it is Telegram who pushes.
    pub secret: SecretString,
}

impl Webhook {
    /// What of Telegram's view is not as it should be: one word each, nothing if all is well. Whether the secret is the
    /// same Telegram does not tell.
    pub fn differs(&self, info: &WebhookInfo) -> Vec<&'static str> {
        let mut differs = Vec::new();
        if info.url != self.url {
            differs.push("url");
        }
        // Telegram leaves the list out when it is its own default, which is not ours.
        let kinds = info.allowed_updates.as_deref().unwrap_or_default();
        let asked = |kind: Kind| kinds.iter().any(|known| known == kind.name());
        if kinds.len() != Kind::ALL.len() || !Kind::ALL.into_iter().all(asked) {
            differs.push("allowed_updates");
        }
        if info.max_connections != Some(i64::from(CONNECTIONS)) {
            differs.push("max_connections");
        }
        differs
    }

    async fn set(&self, client: &Client) -> Result<(), CallError> {
        let kinds = Kind::ALL.map(Kind::name);
        client
            .set_webhook(&self.url, &self.secret, &kinds, CONNECTIONS)
            .await
    }
}

/// Sets the webhook and keeps it. Several processes may do so: each sets the same.
#[derive(Debug)]
pub struct Upkeep {
    client: Client,
    webhook: Webhook,
    clock: Clock,
    /// The last trouble that was told of, as Telegram dates it.
    told: i64,
}

impl Upkeep {
    /// For the bot of `client`.
    pub fn new(client: Client, webhook: Webhook, clock: Clock) -> Self {
        Self {
            client,
            webhook,
            clock,
            told: 0,
        }
    }

    /// Keeps it until `stop` turns true. The webhook stays when the shop closes: what is pushed meanwhile waits at
    /// Telegram for the next opening.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut is_set = false;
        let mut pause = SHORTEST;
        while !*stop.borrow() {
            let done = if is_set {
                self.look().await
            } else {
                // Always at the start: the secret may be a new one.
                self.webhook.set(&self.client).await
            };
            let wait = match done {
                Ok(()) => {
                    if !is_set {
                        tracing::info!(url = self.webhook.url, "Telegram pushes the bot's updates");
                    }
                    is_set = true;
                    pause = SHORTEST;
                    LOOK
                }
                Err(error) => {
                    tracing::warn!(%error, url = self.webhook.url, "the webhook can't be set yet, trying again");
                    let wait = match error {
                        CallError::Wait(asked) => asked,
                        _ => pause,
                    };
                    pause = (pause * 2).min(LONGEST);
                    wait
                }
            };
            tokio::select! {
                () = self.clock.sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn look(&mut self) -> Result<(), CallError> {
        let info = self.client.get_webhook_info().await?;
        if let (Some(at), Some(trouble)) = (info.last_error_date, &info.last_error_message)
            && at > self.told
        {
            self.told = at;
            let waiting = info.pending_update_count;
            tracing::warn!(
                trouble,
                waiting,
                "Telegram could not push an update: `kiosk check` says what to do"
            );
        }
        let differs = self.webhook.differs(&info);
        if differs.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            ?differs,
            "somebody has changed the webhook: it is set again"
        );
        self.webhook.set(&self.client).await
    }
}
