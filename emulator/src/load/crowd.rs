//! Customers who act: by themselves, each as soon as the bot has answered, or by a schedule that waits for nobody.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{task::JoinHandle, time::Instant};

use super::{
    chat::{Asked, Chat, Pace, Seat},
    scripts::{Action, Next},
    server::{Hall, Taken},
    wire,
};
use crate::text;

/// A customer who is answered nothing for so long begins anew, in microseconds.
const SILENCE: u64 = 15_000_000;
/// How often that is looked for.
const LOOK: Duration = Duration::from_millis(500);
/// How often those who wait for the crowd's quiet look.
const GLANCE: Duration = Duration::from_millis(5);

/// Customers with the same kind of script. They stop acting when dropped.
pub struct Crowd {
    hall: Arc<Hall>,
    seats: Arc<Vec<Arc<Seat>>>,
    watch: JoinHandle<()>,
    left: Arc<AtomicBool>,
}

impl Hall {
    /// Does `action` in a chat, as if the customer had meant to do it at `due`.
    fn act(&self, seat: &Arc<Seat>, chat: &mut Chat, action: &Action, due: u64) {
        chat.shown = false;
        chat.invoiced = false;
        chat.due = due;
        seat.hand_over(due);
        match action {
            Action::Say(said) => {
                let (message_id, date) = (self.message_id(), self.date());
                let entities = text::commands(said);
                self.queue.push(seat, "message", |json| {
                    wire::said(json, message_id, &chat.who, date, said, &entities);
                });
            }
            Action::Press(data) => {
                let id = self.query_id(chat.who.id);
                if let Some(screen) = chat.screen() {
                    self.queue.push(seat, "callback_query", |json| {
                        wire::tap(json, &id, &chat.who, &screen.json, data);
                    });
                    chat.taps.push(id);
                }
            }
            Action::Pay => {
                let mut newest_first = chat.messages.iter().rev();
                let sum = newest_first.find_map(|it| it.invoice.clone());
                if let Some(sum) = sum {
                    let query_id = self.query_id(chat.who.id);
                    self.queue.push(seat, "pre_checkout_query", |json| {
                        wire::pre_checkout(json, &query_id, &chat.who, &sum);
                    });
                    let at = self.now();
                    chat.asked = Some(Asked { query_id, at, sum });
                }
            }
        }
    }

    /// Lets the script go on, if it wants to.
    pub(super) fn advance(&self, seat: &Arc<Seat>, chat: &mut Chat) {
        if chat.pace != Pace::Standing && chat.resting.is_none() {
            let now = self.now();
            self.step(seat, chat, now);
        }
    }

    /// One step of the script; false if it waits.
    fn step(&self, seat: &Arc<Seat>, chat: &mut Chat, due: u64) -> bool {
        // Taken out while it looks at the chat that holds it.
        let Some(mut script) = chat.script.take() else {
            return false;
        };
        let next = script.next(chat);
        chat.script = Some(script);
        let action = match next {
            Next::Wait => return false,
            Next::Act(action) => action,
            Next::Again(action) => {
                let took = due.saturating_sub(chat.began);
                if chat.began > 0 {
                    self.count(|figures| {
                        figures.rounds += 1;
                        figures.round.saturating_record(took.max(1));
                    });
                }
                if chat.pace == Pace::Rounds {
                    chat.began = 0;
                    chat.resting = Some(action);
                    return false;
                }
                chat.began = due;
                action
            }
            Next::Lost(action) => {
                self.count(|figures| figures.lost += 1);
                chat.began = 0;
                action
            }
        };
        self.act(seat, chat, &action, due);
        true
    }

    fn restart(&self, seat: &Arc<Seat>, chat: &mut Chat) {
        chat.taps.clear();
        chat.asked = None;
        // What was not completed is no round.
        chat.began = 0;
        if let Some(mut script) = chat.script.take() {
            let action = script.restart();
            chat.script = Some(script);
            let now = self.now();
            self.act(seat, chat, &action, now);
        }
    }

    /// The bot has shown something.
    pub(super) fn shown(&self, seat: &Arc<Seat>, chat: &mut Chat) {
        if !chat.shown {
            chat.shown = true;
            let now = self.now();
            let handed = now.saturating_sub(seat.handed());
            let due = now.saturating_sub(chat.due);
            self.count(|figures| figures.answered_after(handed, due));
        }
        self.advance(seat, chat);
    }

    /// The bot has said yes or no to a payment.
    pub(super) fn decided(&self, seat: &Arc<Seat>, chat: &mut Chat, asked: Asked, ok: bool) {
        let took = self.now().saturating_sub(asked.at);
        self.count(|figures| {
            figures.asked_for(took);
            figures.turned_down += u64::from(!ok);
        });
        if !ok {
            if chat.pace != Pace::Standing {
                self.restart(seat, chat);
            }
            return;
        }
        let charge_id = format!("stx{}", self.query_id(chat.who.id));
        let (message_id, date) = (self.message_id(), self.date());
        chat.shown = false;
        chat.due = self.now();
        seat.hand_over(chat.due);
        self.queue.push(seat, "message", |json| {
            wire::paid(json, message_id, &chat.who, date, &asked.sum, &charge_id);
        });
        let taken = Taken {
            charge_id,
            payer: chat.who.clone(),
            date,
            sum: asked.sum,
        };
        self.charged(taken);
    }
}

impl Crowd {
    pub(super) fn new(hall: Arc<Hall>, seats: Vec<Arc<Seat>>) -> Self {
        let seats = Arc::new(seats);
        let watch = tokio::spawn(watch(hall.clone(), seats.clone()));
        Self {
            hall,
            seats,
            watch,
            left: Arc::default(),
        }
    }

    /// A closed loop: all act, and each goes on as soon as the bot has answered.
    pub fn enter(&self) {
        for seat in self.seats.iter() {
            let mut chat = seat.chat();
            chat.pace = Pace::Acting;
            let now = self.hall.now();
            self.hall.step(seat, &mut chat, now);
        }
    }

    /// An open loop: one of them acts `rate` times a second, whatever the bot does, until the crowd leaves.
    pub fn act_at(&self, rate: u32) {
        self.by_schedule(rate, |hall, seat, due| {
            hall.step(seat, &mut seat.chat(), due)
        });
    }

    /// An open loop of rounds: one of them begins a round `rate` times a second and goes through with it on their own.
    pub fn begin_at(&self, rate: u32) {
        for seat in self.seats.iter() {
            let mut chat = seat.chat();
            chat.pace = Pace::Rounds;
            let now = self.hall.now();
            self.hall.step(seat, &mut chat, now);
        }
        self.by_schedule(rate, |hall, seat, due| {
            let mut chat = seat.chat();
            let Some(action) = chat.resting.take() else {
                return false;
            };
            chat.began = due;
            hall.act(seat, &mut chat, &action, due);
            true
        });
    }

    /// Lets somebody `act` at each beat of `rate` a second. Those who can't are passed over.
    fn by_schedule(
        &self,
        rate: u32,
        act: impl Fn(&Hall, &Arc<Seat>, u64) -> bool + Send + 'static,
    ) {
        let (hall, seats, left) = (self.hall.clone(), self.seats.clone(), self.left.clone());
        tokio::spawn(async move {
            let (begin, begin_micros) = (Instant::now(), hall.now());
            let mut turn = 0;
            for beat in 0u64.. {
                let after = beat * 1_000_000 / u64::from(rate.max(1));
                tokio::time::sleep_until(begin + Duration::from_micros(after)).await;
                if left.load(Ordering::Relaxed) {
                    return;
                }
                // Whoever has waited longest is next.
                let acted = (0..seats.len()).any(|_| {
                    turn = (turn + 1) % seats.len();
                    act(&hall, &seats[turn], begin_micros + after)
                });
                if !acted {
                    hall.count(|figures| figures.busy += 1);
                }
            }
        });
    }

    /// Everybody writes `text` at once, `times` times: what piles up while no bot is there.
    pub fn pile(&self, text: &str, times: usize) {
        for _ in 0..times {
            for seat in self.seats.iter() {
                let action = super::Action::Say(text.to_owned());
                let now = self.hall.now();
                self.hall.act(seat, &mut seat.chat(), &action, now);
            }
        }
    }

    /// Nobody acts any more; waits until all are answered, for `patience` at the most. Answers how many still wait.
    pub async fn leave(self, patience: Duration) -> usize {
        self.left.store(true, Ordering::Relaxed);
        for seat in self.seats.iter() {
            seat.chat().pace = Pace::Standing;
        }
        let deadline = Instant::now() + patience;
        loop {
            let waiting = self
                .seats
                .iter()
                .filter(|seat| !seat.chat().is_answered())
                .count();
            if waiting == 0 || Instant::now() >= deadline {
                return waiting;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.watch.abort();
        self.left.store(true, Ordering::Relaxed);
        for seat in self.seats.iter() {
            seat.chat().pace = Pace::Standing;
        }
    }
}

/// Sends those who were answered nothing for too long to the door again.
async fn watch(hall: Arc<Hall>, seats: Arc<Vec<Arc<Seat>>>) {
    loop {
        tokio::time::sleep(LOOK).await;
        for seat in seats.iter() {
            let mut chat = seat.chat();
            let waits = hall.now().saturating_sub(chat.due) > SILENCE;
            if chat.pace != Pace::Standing && chat.resting.is_none() && waits {
                hall.count(|figures| figures.silent += 1);
                hall.restart(seat, &mut chat);
            }
        }
    }
}
