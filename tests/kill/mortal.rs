//! A shop in a process of its own that is killed exactly where a test wants it to be, and started again.

use std::time::{Duration, Instant};

use kiosk::clock::Clock;
use kiosk::shop::customers::{self, Email, Phone};
use kiosk::sql;
use kiosk::store::{PublicId, Store, StoreError};
use kiosk_emulator::{Emulator, Message};
use reqwest::{Method, RequestBuilder};
use tempfile::TempDir;
use tokio::sync::watch;

use super::books::count;
use super::world::World;
use crate::support::child::{Child, command, run};
use crate::support::db::TestDb;
use crate::support::shop::{emulator, quiet_audit, stock};
use crate::web::browser::{Answer, Browser};

/// How long letters may take.
const PATIENCE: Duration = Duration::from_secs(30);

sql! {
    UNSENT = "mortal.unsent", "SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'sending')";
}

/// Holds the name of the point where the program stands.
const STANDS: &str = "KIOSK_STANDS_AT";

/// The shop and its world.
pub struct Mortal<'d> {
    pub store: Store,
    pub world: World,
    pub kills: usize,
    db: &'d TestDb,
    emulator: Emulator,
    folder: TempDir,
    child: Option<Child>,
    /// Where its pages are served.
    pages: watch::Sender<String>,
}

impl<'d> Mortal<'d> {
    pub async fn open(db: &'d TestDb, keys: i64) -> Self {
        Self::open_as(db, keys, None).await
    }

    /// The same with settings of the caller's.
    pub async fn open_as(db: &'d TestDb, keys: i64, settings: Option<String>) -> Self {
        let store = db.store(&Clock::system()).await;
        stock(&store, keys).await;
        let emulator = emulator().await;
        let world = World::new(emulator.control()).await;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kiosk.toml");
        let settings = settings.unwrap_or_else(|| world.settings());
        std::fs::write(file, settings).expect("a file");
        let child = start(db, &folder, &emulator).await;
        Self {
            store,
            world,
            kills: 0,
            db,
            emulator,
            folder,
            pages: watch::Sender::new(pages_of(&child)),
            child: Some(child),
        }
    }

    /// Whoever comes to one of these points stands there from now on.
    fn arm(&self, points: &[&str]) {
        let named = points.join(" ");
        std::fs::write(self.folder.path().join("stands"), named).expect("a file");
    }

    /// `kill -9`, and a new start.
    pub async fn dies(&mut self) {
        self.kills += 1;
        if let Some(child) = self.child.take() {
            child.kill().await;
        }
        let child = start(self.db, &self.folder, &self.emulator).await;
        self.pages.send_replace(pages_of(&child));
        self.child = Some(child);
    }

    /// Returns when every letter so far is sent or given up.
    async fn has_sent_all(&self) {
        let since = Instant::now();
        while count(&self.store, &UNSENT).await > 0 {
            assert!(since.elapsed() < PATIENCE, "letters are left");
            tokio::task::yield_now().await;
        }
    }

    fn child(&self) -> &Child {
        self.child.as_ref().expect("it runs")
    }

    /// Where its pages are served now.
    pub fn pages(&self) -> String {
        self.pages.borrow().clone()
    }

    /// Where its pages are served, now and after each new start.
    pub fn watches_pages(&self) -> watch::Receiver<String> {
        self.pages.subscribe()
    }

    /// Does something that makes the program come to the first point, kills it there, and again at each further one that
    /// the next start comes to.
    pub async fn dies_at<T>(&mut self, points: &[&str], act: impl AsyncFnOnce(&Self) -> T) -> T {
        // A letter of an earlier step would come to a point in place of this step's own.
        self.has_sent_all().await;
        // All at once: nothing gets past a later point while the program waits for its end at an earlier one.
        self.arm(points);
        let done = act(self).await;
        for (at, point) in points.iter().enumerate() {
            self.child().says(&format!("standing at {point}")).await;
            self.arm(&points[at + 1..]);
            self.dies().await;
        }
        done
    }

    /// Says something, dies at these points, and has the answer in the end.
    pub async fn hears(&mut self, user: i64, text: &str, words: &str, points: &[&str]) -> Message {
        let before = self.world.seen(user);
        self.dies_at(points, async |shop| shop.world.control.say(user, text))
            .await;
        self.world.shows(user, &before, words).await
    }

    /// The same by a tap on the newest button with this label.
    pub async fn taps(&mut self, user: i64, label: &str, words: &str, points: &[&str]) -> Message {
        let before = self.world.seen(user);
        self.dies_at(points, async |shop| shop.world.presses(user, label))
            .await;
        self.world.shows(user, &before, words).await
    }

    /// A customer whose number and address are known, without a word in the chat about it.
    pub async fn known(&mut self, name: &str, number: &str, address: &str) -> i64 {
        let user = self.world.customer(name);
        self.hears(user, "/start", "Zeta shop", &[]).await;
        let (phone, email) = (Phone::read(number), Email::read(address));
        let (phone, email) = phone.zip(email).expect("a number and an address");
        let kept = self.store.write("kill.known", move |tx| {
            let (phone, email) = (phone.clone(), email.clone());
            Box::pin(async move {
                let customer = customers::by_telegram_id(tx, user).await?.expect("met");
                customers::take_phone(tx, customer.id, &phone).await?;
                let proof = PublicId::random(tx)?;
                customers::take_email(tx, customer.id, &email, proof).await?;
                Ok::<_, StoreError>(())
            })
        });
        kept.await.expect("kept");
        user
    }

    /// A browser at the pages.
    pub fn browser(&self) -> Browser {
        Browser::at(&self.pages())
    }

    /// Sends a form to the pages of now.
    pub async fn submits(
        &self,
        browser: &Browser,
        page: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        browser.moves(&self.pages());
        browser.submits(page, action, fields).await
    }

    /// Sends a request, and dies when what it changes is committed and nobody was answered.
    pub async fn dies_answering(&mut self, request: RequestBuilder) {
        self.arm(&["web.answering"]);
        let answer = tokio::spawn(request.send());
        self.child().says("standing at web.answering").await;
        self.arm(&[]);
        self.dies().await;
        assert!(answer.await.expect("no panic").is_err(), "nobody answered");
    }

    /// Sends a form, dies when what it changes is committed and nobody was answered, and sends it once more.
    pub async fn submits_twice(
        &mut self,
        browser: &Browser,
        page: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        browser.moves(&self.pages());
        let form = browser.get(page).await.token();
        let fields = [fields, &[("form", form.as_str())]].concat();
        let request = browser.request(Method::POST, action).form(&fields);
        self.dies_answering(request).await;
        browser.moves(&self.pages());
        browser.post(action, &fields).await
    }

    /// Waits until nothing is left to do, and asks the shop's own audit.
    pub async fn is_clean(&self) {
        assert_eq!(quiet_audit(&self.store).await, []);
        let mut audit = command(self.db);
        audit.args(["audit", "--strict"]);
        let ended = run(audit, "").await;
        assert_eq!(ended.status, 0, "{}{}", ended.out, ended.err);
    }

    /// Closes in order.
    pub async fn close(self) {
        self.child.expect("it runs").terminate().await;
        self.store.close().await;
        self.emulator.stop().await;
    }
}

fn pages_of(child: &Child) -> String {
    format!("http://{}", child.pages())
}

async fn start(db: &TestDb, folder: &TempDir, emulator: &Emulator) -> Child {
    let mut command = command(db);
    command
        .current_dir(folder.path())
        .env(STANDS, folder.path().join("stands"));
    Child::start_as(command, &emulator.url()).await
}
