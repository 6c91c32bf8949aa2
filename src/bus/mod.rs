//! Facts received and effects decided: the inbox with its lanes and turns, the outbox with its workers. There is no
//! other queue. Knows no word of the shop.

pub mod alerts;
pub mod attention;
mod bulk;
pub mod dialogue;
pub mod forget;
pub mod inbox;
mod lanes;
mod leases;
pub mod outbox;
mod presence;
mod turn;
pub mod waiting;
mod worker;

pub use self::dialogue::Dialogue;
pub use self::lanes::{Bus, Handler, HandlerError, Handling};
pub use self::presence::Duty;
pub use self::turn::{Turn, TurnWork};
pub(crate) use self::worker::LEASE;
pub use self::worker::{Carrier, Outbox, Outcome};
use crate::store::Signal;

/// Raised when a committed transaction has posted a letter.
pub(crate) const POSTED: Signal = Signal::new(0);
/// Raised when a committed transaction has news for staff.
pub(crate) const RAISED: Signal = Signal::new(5);
/// Raised when lanes of a process that is gone have become free: their chats may be owed a screen.
pub(crate) const FREED: Signal = Signal::new(6);
