//! Load: hundreds of customers who act by script, in front of a server that is lean enough to be no part of what is measured. Every call is
//! validated as the emulator proper validates it; no history is kept and no page is served.
//!
//! ```no_run
//! # async fn load() -> std::io::Result<()> {
//! use kiosk_emulator::load::{Browse, Options, Server};
//! use std::time::Duration;
//!
//! let server = Server::start(Options::default()).await?;
//! // Give `server.url()` to the bot as its Bot API root, then send the customers in:
//! let crowd = server.crowd(500, |seed| Box::new(Browse::new(seed)));
//! crowd.enter();
//! tokio::time::sleep(Duration::from_secs(10)).await;
//! let figures = server.figures();
//! println!("{:.0} updates/s", figures.answered as f64 / figures.seconds);
//! crowd.leave(Duration::from_secs(10)).await;
//! # Ok(()) }
//! ```

mod calls;
mod chat;
mod crowd;
mod figures;
mod http;
mod queue;
mod scripts;
mod server;
mod wire;

pub use chat::{Chat, Shown};
pub use crowd::Crowd;
pub use figures::{Figures, cpu_time};
pub use scripts::{Action, Browse, Hello, Next, Sale, Script};
pub use server::{Options, Server};
