//! Roles: the owner's one-time link, `kiosk staff`, and a desk that strangers don't see.

use std::time::Duration;

use futures::future::join_all;
use kiosk::app::App;
use kiosk::clock::Clock;
use kiosk::shop::staff::invites::{self, Opened};
use kiosk::shop::staff::{self, Changed, Member, Role};
use kiosk::store::{Store, StoreError};

use crate::on_both_engines;
use crate::support::child::{Child, command, run};
use crate::support::shop::{LiveShop, emulator, settings};

const DAY: Duration = Duration::from_hours(24);

async fn invited(store: &Store) -> String {
    store
        .write("test.invite", |tx| Box::pin(invites::make(tx, Role::Owner)))
        .await
        .map_err(|error: StoreError| error)
        .expect("a token")
}

async fn opened(store: &Store, token: &str, person: i64) -> Opened {
    let token = token.to_owned();
    store
        .write("test.open", move |tx| {
            let token = token.clone();
            Box::pin(async move { invites::open(tx, &token, person).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("an answer")
}

async fn staff_of(store: &Store) -> Vec<Member> {
    store
        .read("test.staff", |tx| Box::pin(staff::list(tx)))
        .await
        .map_err(|error: StoreError| error)
        .expect("a list")
}

/// What `start` says in the owner's link of a shop that is open.
async fn start_of(shop: &LiveShop) -> String {
    let mut link = shop.app.owner_link();
    let link = link.wait_for(Option::is_some).await.expect("a link");
    let link = link.as_deref().expect("seen above");
    let (bot, start) = link.split_once("?start=").expect("a start parameter");
    assert!(
        bot.starts_with("https://t.me/") && start.len() <= 64,
        "{link}"
    );
    start.to_owned()
}

on_both_engines! {
    async fn of_a_hundred_who_open_a_link_at_once_one_becomes_owner(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        let token = invited(&store).await;
        let answers = join_all((1..=100).map(|person| opened(&store, &token, person))).await;
        let welcome = answers.iter().filter(|it| **it == Opened::Welcome(Role::Owner)).count();
        let used = answers.iter().filter(|it| **it == Opened::Used).count();
        assert_eq!((welcome, used), (1, 99));
        assert_eq!(staff_of(&store).await.len(), 1);
        store.close().await;
    }

    async fn a_link_ends_after_a_day_and_when_a_newer_one_or_an_owner_comes(db: TestDb) {
        let clock = Clock::frozen(1_795_000_000_000);
        let store = db.store(&clock).await;
        let first = invited(&store).await;
        let second = invited(&store).await;
        assert_eq!(opened(&store, &first, 1).await, Opened::Ended);
        clock.advance(DAY);
        assert_eq!(opened(&store, &second, 1).await, Opened::Ended);
        let third = invited(&store).await;
        store.write("test.put", |tx| Box::pin(staff::put(tx, 7, Role::Owner, false)))
            .await.map_err(|error: StoreError| error).unwrap();
        assert_eq!(opened(&store, &third, 1).await, Opened::Ended);
        assert_eq!(opened(&store, "never-made", 1).await, Opened::Unknown);
        assert_eq!(opened(&store, &third, 7).await, Opened::Already(Role::Owner));
        store.close().await;
    }

    async fn of_two_owners_who_remove_each_other_one_stays(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        store.write("test.two", |tx| Box::pin(staff::sync_owners(tx, &[1, 2])))
            .await.map_err(|error: StoreError| error).unwrap();
        let remove = |person| {
            store.write("test.remove", move |tx| Box::pin(staff::remove(tx, person, false)))
        };
        let (one, two): (Result<_, StoreError>, Result<_, StoreError>) = futures::join!(remove(1), remove(2));
        let answers = [one.unwrap(), two.unwrap()];
        assert!(answers.contains(&Changed::LastOwner) && answers.contains(&Changed::Removed(Role::Owner)), "{answers:?}");
        assert_eq!(staff_of(&store).await.len(), 1);
        store.close().await;
    }

    async fn who_opens_the_printed_link_first_owns_the_shop(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        let (ann, bob) = (shop.customer("Ann", "en"), shop.customer("Bob", "ru"));
        let start = start_of(&shop).await;
        shop.control.say(bob, "/admin");
        shop.reads(bob, "Такой команды нет").await;
        shop.control.say(ann, &format!("/start {start}"));
        shop.reads(ann, "Welcome, owner of the shop").await;
        shop.press(ann, "🗝 Open the desk");
        shop.reads(ann, "Staff desk").await;
        shop.control.say(bob, &format!("/start {start}"));
        shop.reads(bob, "уже использована").await;
        shop.control.say(bob, "/start own_nonsense");
        shop.reads(bob, "Такой ссылки нет").await;
        // A stranger taps a code that only the desk draws.
        let menu = shop.reads(bob, "Такой ссылки нет").await;
        let tap = shop.control.press_forged(bob, menu.message_id, "ad");
        let answer = shop.control.wait_for_callback_answer(&tap).await.unwrap();
        assert!(answer.text.contains("не работает"), "{}", answer.text);
        // Only the owner's chat has the command.
        let scoped: Vec<_> = shop.control.calls_of("setMyCommands").into_iter()
            .filter(|call| call.params["scope"]["chat_id"].is_i64()).collect();
        assert!(scoped.iter().all(|call| call.params["scope"]["chat_id"] == ann), "{scoped:?}");
        assert!(scoped.iter().any(|call| call.params["commands"].to_string().contains("admin")), "{scoped:?}");
        shop.quiet().await;
        let shop = shop.reopen(&db).await;
        shop.control.say(ann, "/admin");
        shop.reads(ann, "Staff desk").await;
        assert_eq!(*shop.app.owner_link().borrow(), None);
        shop.close().await;
    }

    async fn an_owner_in_the_settings_needs_no_link(db: TestDb) {
        let emulator = emulator().await;
        let mut settings = settings(db.location(), &emulator.url());
        settings.owners = vec![77];
        let app = App::start(settings).await.unwrap();
        let staff = staff_of(app.store()).await;
        assert_eq!((staff[0].telegram_id, staff[0].role, &staff[0].known), (77, Role::Owner, &None));
        let mut link = app.owner_link();
        // The commands are set after the link would have been made.
        assert!(link.changed().await.is_err(), "no link");
        app.stop(Duration::from_secs(10)).await.unwrap();
        emulator.stop().await;
    }

    async fn staff_are_managed_on_the_command_line_beside_an_open_shop(db: TestDb) {
        let emulator = emulator().await;
        let shop = Child::start(&db, &emulator.url()).await;
        let kiosk = |args: &'static str| {
            let mut kiosk = command(&db);
            kiosk.args(args.split(' '));
            run(kiosk, "")
        };
        let done = kiosk("staff list").await;
        assert_eq!((done.status, done.out.contains("nobody is staff")), (0, true), "{}", done.err);
        let done = kiosk("staff add 11 owner").await;
        assert_eq!((done.status, done.out.contains("11 is owner now")), (0, true), "{}", done.err);
        assert_eq!(kiosk("staff add 12 support").await.status, 0);
        let done = kiosk("staff add 12 manager").await;
        assert!(done.out.contains("12 is manager now, and was support before"), "{}", done.out);
        for args in ["staff remove 11", "staff add 11 manager"] {
            let done = kiosk(args).await;
            assert_eq!((done.status, done.err.contains("last owner, and nothing was changed")), (1, true), "{}", done.err);
        }
        let done = kiosk("staff list --json").await;
        let staff: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((staff[0]["role"].as_str(), staff[1]["telegram_id"].as_i64()), (Some("owner"), Some(12)));
        assert_eq!(kiosk("staff remove 11 --force").await.status, 0);
        let done = kiosk("staff remove 99").await;
        assert_eq!((done.status, done.err.contains("not staff")), (1, true), "{}", done.err);
        for args in ["staff add 12 king", "staff add twelve owner", "staff"] {
            assert_eq!(kiosk(args).await.status, 2, "{args}");
        }
        shop.terminate().await;
        emulator.stop().await;
    }
}
