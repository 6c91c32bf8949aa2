//! Updates that Telegram pushes. Many requests come at once, each with one update: what has come meanwhile is stored in
//! one commit, in the order of its coming, and only then answered. And the webhook's upkeep at Telegram.

mod upkeep;

use tokio::sync::{mpsc, oneshot};

use super::intake::{self, Intake};
use crate::bus::inbox::Fact;
use crate::store::StoreError;

pub use self::upkeep::{Upkeep, Webhook};

/// The most that one commit takes.
const BATCH: usize = 100;
/// The most that waits for the next one.
const WAITING: usize = 1_000;

/// Why an update was not taken: Telegram keeps it and brings it again.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// So much waits in memory that more must wait at Telegram.
    #[error("too much waits in memory")]
    Full,
    /// The database, which has logged why.
    #[error("it can't be stored")]
    NotStored,
    /// The shop closes.
    #[error("the shop closes")]
    Closed,
}

/// An update on its way in, and who waits for it.
struct Arrival {
    fact: Fact,
    taken: oneshot::Sender<Result<(), NotTaken>>,
}

/// Takes pushed updates. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pushed {
    intake: Intake,
    waiting: mpsc::Sender<Arrival>,
}

/// Stores what [`Pushed`] has taken.
#[derive(Debug)]
pub struct Storing {
    intake: Intake,
    arrivals: mpsc::Receiver<Arrival>,
}

/// The two ends of the way in: updates are taken by the first, and stored while the second runs.
pub fn pushed(intake: Intake) -> (Pushed, Storing) {
    let (waiting, arrivals) = mpsc::channel(WAITING);
    let storing = Storing {
        intake: intake.clone(),
        arrivals,
    };
    (Pushed { intake, waiting }, storing)
}

impl Pushed {
    /// Takes an update, whatever its body is; answers when it is committed. Once begun it ends, also when nobody waits
    /// any more: a request may be cut off at any moment.
    pub async fn take(&self, body: &[u8]) -> Result<(), NotTaken> {
        let fact = self.intake.fact(body);
        if intake::is_urgent(&fact) {
            let intake = self.intake.clone();
            let kept = tokio::spawn(async move { intake.keep(std::iter::once(fact)).await });
            return match kept.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(not_stored(&error, 1)),
                Err(_) => Err(NotTaken::NotStored),
            };
        }
        if self.intake.is_full() {
            return Err(NotTaken::Full);
        }
        let (taken, answer) = oneshot::channel();
        self.waiting
            .try_send(Arrival { fact, taken })
            .map_err(|_| NotTaken::Full)?;
        answer.await.unwrap_or(Err(NotTaken::Closed))
    }
}

impl Storing {
    /// Stores until every [`Pushed`] is gone, or until `closed` says that nothing is taken any more: what was taken
    /// until then is stored.
    pub async fn run(mut self, closed: oneshot::Receiver<()>) {
        let mut arrivals = Vec::with_capacity(BATCH);
        let mut closed = Some(closed);
        loop {
            let came = match &mut closed {
                None => self.arrivals.recv_many(&mut arrivals, BATCH).await,
                Some(closing) => tokio::select! {
                    came = self.arrivals.recv_many(&mut arrivals, BATCH) => came,
                    // Said, or gone: both end it.
                    _ = closing => {
                        closed = None;
                        self.arrivals.close();
                        continue;
                    }
                },
            };
            if came == 0 {
                return;
            }
            let facts = arrivals.iter().map(|arrival| arrival.fact.clone());
            match self.intake.keep(facts).await {
                Ok(()) => arrivals.drain(..).for_each(|it| it.answer(Ok(()))),
                Err(error) if error.is_transient() || arrivals.len() == 1 => {
                    let _ = not_stored(&error, arrivals.len());
                    let answers = arrivals.drain(..);
                    answers.for_each(|it| it.answer(Err(NotTaken::NotStored)));
                }
                // One of them may be the reason: it must not hold the others up.
                Err(_) => {
                    for arrival in arrivals.drain(..) {
                        let kept = self.intake.keep(std::iter::once(arrival.fact.clone()));
                        let kept = kept.await.map_err(|error| not_stored(&error, 1));
                        arrival.answer(kept);
                    }
                }
            }
        }
    }
}

impl Arrival {
    fn answer(self, taken: Result<(), NotTaken>) {
        // Who asked may be gone: Telegram brings it again, and it is known then.
        let _ = self.taken.send(taken);
    }
}

fn not_stored(error: &StoreError, updates: usize) -> NotTaken {
    tracing::error!(%error, updates, "can't store updates: they are not acknowledged and stay with Telegram");
    NotTaken::NotStored
}
