//! New keys from the staff desk: chosen, sent, looked at, added. Nothing is kept of them on the way: a file stays with
//! Telegram and is fetched again for the yes, pasted text is sealed in the inbox. Their message is taken away at the end.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::Visit;
use crate::bot::place::Place;
use crate::bot::screens::{self, KeysProblem};
use crate::bot::sealed;
use crate::bus::{HandlerError, inbox};
use crate::shop::keys::import::{self, ImportError};
use crate::shop::keys::preview;
use crate::shop::staff::Role;
use crate::store::StoreError;
use crate::telegram::CallError;
use crate::telegram::files::DOWNLOAD;

#[derive(Deserialize)]
struct Update {
    message: Message,
}

/// The message that carries keys.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "message_id")]
    id: i64,
    text: Option<String>,
    document: Option<Document>,
}

#[derive(Deserialize)]
struct Document {
    file_id: String,
    file_size: Option<u64>,
}

/// Why there are no keys to read.
enum Unread {
    Problem(KeysProblem),
    Handler(HandlerError),
}

impl Visit {
    /// The product whose keys this chat was asked for.
    pub(in crate::bot) fn awaits_keys(&self) -> Option<String> {
        match self.place() {
            Place::DeskKeys { slug } => Some(slug),
            _ => None,
        }
    }

    /// Asks for the keys of a product.
    pub(super) async fn keys_wanted(&self, slug: String) -> Result<(), HandlerError> {
        let Some((product, _)) = self.find(&slug).await? else {
            self.toast(&screens::gone(&self.localizer())).await;
            return self.show_problem(slug, KeysProblem::NoProduct).await;
        };
        let screen = screens::keys_wanted(&self.localizer(), &product);
        self.show(Place::DeskKeys { slug }, &screen).await
    }

    /// A message came while keys were asked for: counts what it would bring.
    pub(in crate::bot) async fn keys_sent(&self, slug: String) -> Result<(), HandlerError> {
        let may = self.role().await?.is_some_and(Role::may_add_keys);
        if !may {
            return self.not_understood(false).await;
        }
        let seq = self.turn()?.row().seq;
        let keys = match self.read_keys(seq).await {
            Ok((_, keys)) => keys,
            Err(Unread::Problem(problem)) => return self.show_problem(slug, problem).await,
            Err(Unread::Handler(error)) => return Err(error),
        };
        let (store, vault) = (&self.face.store, &self.face.vault);
        let report = preview::preview(store, vault, &slug, std::io::Cursor::new(keys)).await;
        match report {
            Ok(report) => {
                let screen = screens::keys_preview(&self.localizer(), &slug, &report, seq);
                self.show(Place::DeskKeys { slug }, &screen).await
            }
            Err(error) => self.import_failed(slug, error).await,
        }
    }

    /// Yes: adds the keys of the message that was counted. A repeat finds them known.
    pub(super) async fn add_keys(&self, upload: i64, slug: String) -> Result<(), HandlerError> {
        let (message, keys) = match self.read_keys(upload).await {
            Ok(read) => read,
            Err(Unread::Problem(problem)) => return self.show_problem(slug, problem).await,
            Err(Unread::Handler(error)) => return Err(error),
        };
        let (store, vault) = (&self.face.store, &self.face.vault);
        let report = import::import(store, vault, &slug, std::io::Cursor::new(keys), |_| {}).await;
        match report {
            Ok(report) => {
                let person = self.customer.telegram_id;
                tracing::info!(
                    telegram_id = person,
                    slug,
                    added = report.added,
                    "keys were added at the desk"
                );
                let taken = self.take_away(message).await;
                let screen = screens::keys_added(&self.localizer(), &slug, &report, taken);
                self.show(Place::Desk, &screen).await
            }
            Err(error) => self.import_failed(slug, error).await,
        }
    }

    /// No: forgets the keys that were sent.
    pub(super) async fn drop_keys(&self, upload: i64) -> Result<(), HandlerError> {
        let taken = match self.upload(upload).await? {
            Some(message) => self.take_away(message.id).await,
            None => false,
        };
        let screen = screens::keys_dropped(&self.localizer(), taken);
        self.show(Place::Desk, &screen).await
    }

    async fn import_failed(&self, slug: String, error: ImportError) -> Result<(), HandlerError> {
        match error {
            ImportError::UnknownProduct { .. } => {
                self.show_problem(slug, KeysProblem::NoProduct).await
            }
            ImportError::NotStock { .. } => self.show_problem(slug, KeysProblem::NotStock).await,
            error @ (ImportError::Read { .. }
            | ImportError::Broken { .. }
            | ImportError::Store(_)) => Err(HandlerError::Retry(error.to_string())),
        }
    }

    async fn show_problem(&self, slug: String, problem: KeysProblem) -> Result<(), HandlerError> {
        let screen = screens::keys_problem(&self.localizer(), &slug, problem);
        self.show(Place::DeskKeys { slug }, &screen).await
    }

    /// Takes the message with the keys out of the chat, if Telegram lets us.
    async fn take_away(&self, message: i64) -> bool {
        let taken = self.face.client.delete_message(self.chat, message).await;
        if let Err(error) = &taken {
            tracing::info!(%error, "a message with keys stays in its chat");
        }
        taken.is_ok()
    }

    /// The message of this chat that the inbox has under `seq`.
    async fn upload(&self, seq: i64) -> Result<Option<Message>, HandlerError> {
        let chat = self.chat;
        let stored = self
            .face
            .store
            .read("desk.upload", move |tx| {
                Box::pin(inbox::body(tx, seq, chat))
            })
            .await
            .map_err(|error: StoreError| error)?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        let raw = sealed::open(&self.face.vault, &stored)
            .map_err(|error| HandlerError::Final(error.to_string()))?;
        let update: Option<Update> = serde_json::from_slice(&raw).ok();
        Ok(update.map(|update| update.message))
    }

    /// The number and the bytes of the message under `seq`.
    async fn read_keys(&self, seq: i64) -> Result<(i64, Zeroizing<Vec<u8>>), Unread> {
        let gone = Unread::Problem(KeysProblem::Nothing);
        let message = self
            .upload(seq)
            .await
            .map_err(Unread::Handler)?
            .ok_or(gone)?;
        if let Some(text) = message.text {
            return Ok((message.id, Zeroizing::new(text.into_bytes())));
        }
        let document = message
            .document
            .ok_or(Unread::Problem(KeysProblem::Nothing))?;
        if document.file_size.is_some_and(|size| size > DOWNLOAD) {
            return Err(Unread::Problem(KeysProblem::TooBig));
        }
        match self.face.client.download(&document.file_id).await {
            Ok(bytes) => Ok((message.id, bytes)),
            Err(CallError::Refused { description, .. }) if description.contains("too big") => {
                Err(Unread::Problem(KeysProblem::TooBig))
            }
            Err(CallError::Refused { .. }) => Err(Unread::Problem(KeysProblem::Nothing)),
            Err(error) => Err(Unread::Handler(HandlerError::Retry(error.to_string()))),
        }
    }
}
