//! The server that a bot talks to, and the crowd's common things.

use serde_json::Value;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    chat::Seat,
    crowd::Crowd,
    figures::{Figures, cpu_time, processors},
    http,
    queue::Queue,
    scripts::Script,
    wire::{Person, Sum},
};
use crate::{
    ids::{Random, first_id},
    state::wall_ms,
    world::World,
};

/// The first customer's id: above those of the emulator's own customers.
const FIRST_CUSTOMER: i64 = 900_000_000;
/// The digits of every customer's id.
const CUSTOMER_DIGITS: usize = 9;
/// Messages and updates are counted apart, as Telegram does.
const MESSAGES_ABOVE_UPDATES: i64 = 40_000_000;

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The only token that is taken; `None` takes any that looks like one.
    pub token: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: None,
        }
    }
}

/// Money that was taken.
pub(super) struct Taken {
    pub(super) charge_id: String,
    pub(super) payer: Arc<Person>,
    pub(super) date: i64,
    pub(super) sum: Sum,
}

/// What the connections share.
pub(super) struct Hall {
    /// Calls that are rare are answered by the emulator proper.
    pub(super) proper: World,
    pub(super) queue: Queue,
    pub(super) charges: Mutex<Vec<Taken>>,
    seats: Mutex<Vec<Arc<Seat>>>,
    figures: Mutex<Count>,
    next_message: AtomicI64,
    next_query: AtomicI64,
    born: Instant,
    born_s: i64,
    /// The bot as a `User` object, once it is known.
    bot: Mutex<Arc<str>>,
}

struct Count {
    figures: Figures,
    since: Instant,
    cpu: Duration,
}

impl Count {
    fn new() -> Self {
        Self {
            figures: Figures::new(),
            since: Instant::now(),
            cpu: cpu_time(None).unwrap_or_default(),
        }
    }
}

/// Nothing that is left half done by a panic is behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hall {
    fn new(token: Option<String>) -> Self {
        let wall_ms = wall_ms();
        let mut random = Random::from_entropy();
        let first = first_id(wall_ms, &mut random);
        let proper = World::new(token, None);
        let bot = bot_json(&proper);
        Self {
            proper,
            queue: Queue::new(first),
            charges: Mutex::new(Vec::new()),
            seats: Mutex::new(Vec::new()),
            figures: Mutex::new(Count::new()),
            next_message: AtomicI64::new(first + MESSAGES_ABOVE_UPDATES),
            next_query: AtomicI64::new(1),
            born: Instant::now(),
            born_s: wall_ms / 1000,
            bot: Mutex::new(bot),
        }
    }

    /// Microseconds since the start.
    pub(super) fn now(&self) -> u64 {
        self.born.elapsed().as_micros() as u64
    }

    /// Seconds of wall time.
    pub(super) fn date(&self) -> i64 {
        self.born_s + self.born.elapsed().as_secs() as i64
    }

    pub(super) fn message_id(&self) -> i64 {
        self.next_message.fetch_add(1, Ordering::Relaxed)
    }

    /// A new name for a tap or a question of this customer.
    pub(super) fn query_id(&self, customer: i64) -> String {
        let number = self.next_query.fetch_add(1, Ordering::Relaxed);
        format!("{customer}{number:010}")
    }

    /// Who made the query of this name.
    pub(super) fn seat_of_query(&self, query_id: &str) -> Option<Arc<Seat>> {
        let customer = query_id.get(..CUSTOMER_DIGITS)?;
        self.seat(customer.parse().ok()?)
    }

    pub(super) fn seat(&self, customer: i64) -> Option<Arc<Seat>> {
        let index = usize::try_from(customer - FIRST_CUSTOMER).ok()?;
        lock(&self.seats).get(index).cloned()
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut lock(&self.figures).figures);
    }

    /// The bot as a `User` object.
    pub(super) fn bot(&self) -> Arc<str> {
        lock(&self.bot).clone()
    }

    /// Another bot may have come.
    pub(super) fn look_at_bot(&self) {
        *lock(&self.bot) = bot_json(&self.proper);
    }

    fn take_seat(&self, script: Box<dyn Script>) -> Arc<Seat> {
        let mut seats = lock(&self.seats);
        let id = FIRST_CUSTOMER + seats.len() as i64;
        let name = format!("Customer{}", seats.len() + 1);
        let seat = Arc::new(Seat::new(Person::new(id, &name, "en"), script));
        seats.push(seat.clone());
        seat
    }
}

fn bot_json(world: &World) -> Arc<str> {
    let user: Value = world.read(crate::state::State::bot_user);
    user.to_string().into()
}

/// A running server. It stops when dropped.
pub struct Server {
    address: SocketAddr,
    hall: Arc<Hall>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server in the current runtime. Its ids begin from the wall clock: keep one for as long as a bot's database lives.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let hall = Arc::new(Hall::new(options.token));
        let task = tokio::spawn(http::serve(listener, hall.clone()));
        Ok(Self {
            address,
            hall,
            task,
        })
    }

    /// Root of the Bot API: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// New customers, `size` of them, who stand and wait. `script` is given a number that differs for each.
    pub fn crowd(&self, size: usize, script: impl Fn(u64) -> Box<dyn Script>) -> Crowd {
        let seats = (0..size as u64).map(|seed| self.hall.take_seat(script(seed)));
        Crowd::new(self.hall.clone(), seats.collect())
    }

    /// What happened since the last call of this; counting begins anew.
    pub fn figures(&self) -> Figures {
        let mut count = lock(&self.hall.figures);
        let done = std::mem::replace(&mut *count, Count::new());
        let seconds = done.since.elapsed().as_secs_f64();
        let cpu = cpu_time(None).unwrap_or_default().saturating_sub(done.cpu);
        Figures {
            seconds,
            share: cpu.as_secs_f64() / seconds.max(f64::MIN_POSITIVE) / processors(),
            ..done.figures
        }
    }

    /// Updates that the bot has not confirmed.
    pub fn waiting(&self) -> usize {
        self.hall.queue.len()
    }

    /// Forgets the updates that wait: the next bot is not to get another's.
    pub fn forget(&self) {
        self.hall.queue.clear();
    }

    /// Forgets the money that was taken, too: the next bot's books begin empty, and the list must not name what it never saw.
    pub fn begin_anew(&self) {
        self.forget();
        lock(&self.hall.charges).clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
