//! A local Telegram Bot API: strict where Telegram is strict, with a control handle for tests and a chat page for people.
//!
//! ```no_run
//! # async fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! use kiosk_emulator::{CustomerSpec, Options, PayOptions};
//!
//! let emulator = kiosk_emulator::start(Options::default()).await?;
//! // Give `emulator.url()` to the bot as its Bot API root, then play the customer:
//! let control = emulator.control();
//! let ann = control.customer(CustomerSpec::named("Ann").speaking("en"));
//! control.say(ann, "/start");
//! let invoice = control.wait_for_message(ann, |message| message.invoice.is_some()).await?;
//! let outcome = control.pay(ann, invoice.message_id, PayOptions::default()).await;
//! println!("{outcome:?}; money taken: {:?}", control.charges());
//! # Ok(()) }
//! ```
//!
//! All state is in memory. Ids begin from the wall clock, and above [`Options::ids_above`], so a database that outlives the emulator never
//! sees one twice. The page and the
//! control API ask for no password: keep the listener on the loopback.

mod bot_api;
mod calls;
mod control;
mod currency;
mod customers;
mod faults;
mod files;
mod html;
mod ids;
mod keyboard;
pub mod load;
mod mailbox;
mod message;
mod methods;
mod page;
mod params;
mod payment;
mod polling;
mod reply;
mod state;
mod text;
mod updates;
mod webhook;
mod world;

use axum::{Router, extract::DefaultBodyLimit, serve::ListenerExt};
use std::{
    fs::OpenOptions,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};

pub use calls::{Call, Counts};
pub use control::{CallbackAnswer, Control, PressError, Sent, TimedOut, View};
pub use customers::CustomerSpec;
pub use faults::{Fault, FaultKind};
pub use mailbox::Mail;
pub use message::{Attachment, Button, Entity, Message, MessageKind};
pub use page::{Note, OnAdvance, PageOptions};
pub use payment::{Card, Charge, Invoice, PayOptions, PayOutcome, Price};
pub use updates::UpdateRecord;

use world::World;

/// `first_name` of the bot unless [`Options::bot_name`] says otherwise.
pub const BOT_NAME: &str = "Emulated bot";
/// `username` of the bot.
pub const BOT_USERNAME: &str = "emulated_bot";

/// Connections that are still busy are cut this long after `stop`.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// `first_name` of the bot, which customers read over the chat.
    pub bot_name: String,
    /// The only token that is taken; `None` takes any that looks like one.
    pub token: Option<String>,
    /// A file to which charges, refunds, bot messages and confirmed updates are appended as JSON lines, each before its effect is answered.
    pub log: Option<PathBuf>,
    /// The greatest `update_id` that the bot's database has, if it outlived an earlier emulator: a run of a few seconds makes ids
    /// faster than the wall clock from which they begin.
    pub ids_above: Option<i64>,
    /// What the chat page shows besides the chats.
    pub page: PageOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            bot_name: BOT_NAME.to_owned(),
            token: None,
            log: None,
            ids_above: None,
            page: PageOptions::default(),
        }
    }
}

/// Why the emulator couldn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address can't be listened on.
    #[error("can't listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The world log can't be opened.
    #[error("can't open the log {}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The client that pushes to webhooks can't be made.
    #[error("can't make the webhook client")]
    Client(#[source] reqwest::Error),
}

/// A running emulator. It stops when dropped; [`Emulator::stop`] also waits until it has.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    control: Control,
    server: Option<JoinHandle<()>>,
}

/// Starts an emulator in the current runtime.
pub async fn start(options: Options) -> Result<Emulator, StartError> {
    let log = match options.log {
        None => None,
        Some(path) => match OpenOptions::new().create(true).append(true).open(&path) {
            Ok(file) => Some(file),
            Err(source) => return Err(StartError::Log { path, source }),
        },
    };
    let listen_error = |source| StartError::Listen {
        address: options.listen,
        source,
    };
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    // Pushes go to the bot under test, never through a proxy of the environment.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(StartError::Client)?;
    let world = Arc::new(World::new(options.token, log));
    world.change_quietly(|state| {
        state.bot.name = options.bot_name;
        if let Some(known) = options.ids_above {
            state.begin_above(known);
        }
    });
    let control = Control::new(world.clone());
    let router = Router::new()
        .merge(control::routes(control.clone()))
        .merge(page::routes(&control, options.page))
        .fallback(bot_api::serve)
        .layer(DefaultBodyLimit::max(params::BODY_LIMIT))
        .with_state(world.clone());
    let mut closing = world.closing.subscribe();
    let pusher = tokio::spawn(webhook::run(world, client));
    let server = tokio::spawn(async move {
        // Small answers must not wait for more to send.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "nodelay refused");
            }
        });
        let mut closed = closing.clone();
        let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
            // An error means that the world is gone: stop as well.
            let _ = closed.wait_for(|closing| *closing).await;
        });
        let overdue = async {
            let _ = closing.wait_for(|closing| *closing).await;
            tokio::time::sleep(STOP_WITHIN).await;
        };
        tokio::select! {
            outcome = serving => {
                if let Err(error) = outcome {
                    tracing::error!(%error, "the emulator's server failed");
                }
            }
            () = overdue => {}
        }
        pusher.abort();
    });
    Ok(Emulator {
        address,
        control,
        server: Some(server),
    })
}

impl Emulator {
    /// Root of the Bot API: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The chat page.
    pub fn chat_url(&self) -> String {
        format!("http://{}/chat", self.address)
    }

    /// A handle to play customers and to cause trouble.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Stops listening, ends long polls, and waits until the connections are closed.
    pub async fn stop(mut self) {
        self.control.close();
        if let Some(server) = self.server.take() {
            // A server that panicked has stopped, too.
            let _ = server.await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.control.close();
    }
}
