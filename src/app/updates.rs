//! Updates that Telegram pushes: from the sidecar's route into the bot's inbox, and the webhook's upkeep.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::bot::intake::Intake;
use crate::bot::webhook::{self, Pushed, Upkeep};
use crate::store::Store;
use crate::telegram::Client;
use crate::web::telegram::{PATH, Updates, Webhook};

/// What pushing needs.
pub(super) struct Pushing {
    pub(super) client: Client,
    pub(super) secret: SecretString,
    /// The public address, without a slash at its end.
    pub(super) address: String,
    pub(super) intake: Intake,
}

impl Pushing {
    /// Starts to store what comes and to keep the webhook; what the sidecar needs to take updates. Storing ends after
    /// the sidecar: when what is returned beside it is dropped.
    pub(super) fn start(
        self,
        store: &Store,
        tasks: &mut JoinSet<()>,
        stopped: &watch::Receiver<bool>,
    ) -> (Webhook, oneshot::Sender<()>) {
        let (pushed, storing) = webhook::pushed(self.intake);
        let (serving, served) = oneshot::channel();
        tasks.spawn(storing.run(served));
        let kept = webhook::Webhook {
            url: format!("{}{PATH}", self.address),
            secret: self.secret.clone(),
        };
        let upkeep = Upkeep::new(self.client, kept, store.clock().clone());
        tasks.spawn(upkeep.run(stopped.clone()));
        (Webhook::new(self.secret, Arc::new(Taken(pushed))), serving)
    }
}

/// The bot's way in, as the sidecar sees it.
struct Taken(Pushed);

impl Updates for Taken {
    fn take<'a>(&'a self, body: &'a [u8]) -> BoxFuture<'a, bool> {
        let taken = async move {
            let taken = self.0.take(body).await;
            taken
                .inspect_err(|error| tracing::debug!(%error, "an update must come again"))
                .is_ok()
        };
        taken.boxed()
    }
}
