//! One turn: its one write, its dialogue, and the screen that it owes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use kiosk::bus::{Bus, inbox};
use kiosk::store::{ErrorKind, StoreError};
use kiosk::{binds, sql};

use crate::bus::{
    Face, all, all_are, apply, clock, effect, effects, eventually, fact, started, states, text,
};
use crate::on_both_engines;
use crate::support::db::TestDb;

sql! {
    DIALOGUES = "test.dialogues", "SELECT state FROM dialogues ORDER BY chat_id";
    OWED = "test.owed", "SELECT event_id FROM inbox WHERE screen_owed IS NOT NULL ORDER BY seq";
    CONFLICT = "test.turn_conflict", "DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '40001'; END $$";
}

async fn column(store: &kiosk::store::Store, sql: &'static kiosk::store::Sql) -> Vec<String> {
    all::<(String,)>(store, sql)
        .await
        .into_iter()
        .map(|row| row.0)
        .collect()
}

on_both_engines! {
    async fn a_second_write_in_a_turn_is_an_error_and_the_first_stands(db: TestDb) {
        let store = db.store(&clock()).await;
        let answers = Arc::new(Mutex::new(Vec::new()));
        let noted = answers.clone();
        let face = Face::new(move |turn| {
            let noted = noted.clone();
            async move {
                let first = apply(&turn).await.map_err(|error| error.kind);
                let second = turn
                    .write("test.second", |tx, _| Box::pin(async move { effect(tx, "second").await }))
                    .await
                    .map_err(|error: StoreError| error.kind);
                noted.lock().unwrap().extend([first, second]);
                Ok(())
            }
        });
        let bus = started(&store, &face).await;
        bus.receive(vec![fact(Some(7), "a")]).await.unwrap();
        eventually("it is tried", || async { answers.lock().unwrap().len() == 2 }).await;
        assert_eq!(*answers.lock().unwrap(), [Ok(()), Err(ErrorKind::Failed)]);
        assert_eq!(effects(&store).await, ["a"]);
        assert!(all_are(&store, "done").await);
    }

    async fn a_use_case_that_refused_leaves_its_row_done_and_the_dialogue_as_it_was(db: TestDb) {
        let store = db.store(&clock()).await;
        let face = Face::new(|turn| async move {
            if text(&turn) == "refused" {
                let refused: Result<(), StoreError> = turn
                    .write("test.refused", |tx, dialogue| {
                        dialogue.set(Some("lost".to_owned()));
                        Box::pin(async move {
                            effect(tx, "lost").await?;
                            Err(StoreError::new("a rule", ErrorKind::NoRow))
                        })
                    })
                    .await;
                assert!(refused.is_err());
                assert_eq!(turn.dialogue().get(), None);
            }
            Ok(())
        });
        let bus = started(&store, &face).await;
        bus.receive(vec![fact(Some(7), "refused")]).await.unwrap();
        eventually("it is done", || all_are(&store, "done")).await;
        assert_eq!(effects(&store).await, Vec::<String>::new());
        assert_eq!(column(&store, &DIALOGUES).await, Vec::<String>::new());
        assert_eq!(column(&store, &OWED).await, Vec::<String>::new());
    }

    /// Each message is noted in the dialogue: those in capitals by a write, the others without one.
    async fn a_dialogue_goes_from_turn_to_turn_by_bulk_commits_and_by_writes(db: TestDb) {
        let store = db.store(&clock()).await;
        let face = Face::new(|turn| async move {
            let letter = text(&turn);
            let grown = format!("{}{letter}", turn.dialogue().get().unwrap_or_default());
            if letter == "!" {
                turn.write("test.end", |_, dialogue| {
                    dialogue.set(None);
                    Box::pin(async { Ok::<_, StoreError>(()) })
                })
                .await?;
            } else if letter == letter.to_uppercase() {
                turn.write("test.grow", move |tx, dialogue| {
                    let (letter, grown) = (letter.clone(), grown.clone());
                    dialogue.set(Some(grown));
                    Box::pin(async move { effect(tx, &letter).await })
                })
                .await?;
            } else {
                turn.set_dialogue(Some(grown));
            }
            Ok(())
        });
        let bus = started(&store, &face).await;
        let letters = |letters: &str| letters.chars().map(|letter| fact(Some(7), &letter.to_string())).collect::<Vec<_>>();
        bus.receive(letters("abCdEFghi")).await.unwrap();
        eventually("all are done", || all_are(&store, "done")).await;
        assert_eq!(column(&store, &DIALOGUES).await, ["abCdEFghi"]);
        assert_eq!(effects(&store).await, ["C", "E", "F"]);
        bus.receive(letters("!")).await.unwrap();
        eventually("all are done", || all_are(&store, "done")).await;
        assert_eq!(column(&store, &DIALOGUES).await, Vec::<String>::new());
    }

    async fn a_written_turn_owes_a_screen_until_one_is_drawn_in_its_chat(db: TestDb) {
        let time = clock();
        let store = db.store(&time).await;
        let face = Face::new(|turn| async move {
            match text(&turn).as_str() {
                "look" => turn.drew(),
                "write and draw" => {
                    apply(&turn).await?;
                    turn.drew();
                }
                _ => apply(&turn).await?,
            }
            Ok(())
        });
        let bus = started(&store, &face).await;
        bus.receive(vec![fact(Some(7), "write"), fact(Some(8), "write elsewhere"), fact(Some(9), "write and draw")]).await.unwrap();
        eventually("two owe", || async { column(&store, &OWED).await == ["write", "write elsewhere"] }).await;
        bus.receive(vec![fact(Some(7), "look")]).await.unwrap();
        eventually("one has paid", || async { column(&store, &OWED).await == ["write elsewhere"] }).await;
        // A crash here: the next run finds the debt, draws the screen, and a later screen in the chat pays.
        bus.drain(std::time::Duration::from_secs(30)).await.unwrap();
        let owed = |since| store.write("test.owed", move |tx| Box::pin(inbox::owed_screens(tx, since)));
        let found = owed(time.now() - 600_000).await.unwrap();
        assert_eq!(found.iter().map(|debt| debt.0).collect::<Vec<_>>(), [8]);
        let bus = Bus::start(&store, "two", face.clone());
        bus.recover().await.unwrap();
        bus.owes_screen(8);
        let mut next = fact(Some(8), "look");
        "telegram:2".clone_into(&mut next.source);
        bus.receive(vec![next]).await.unwrap();
        eventually("all have paid", || async { column(&store, &OWED).await.is_empty() }).await;
        bus.receive(vec![fact(Some(8), "write late")]).await.unwrap();
        eventually("it owes", || async { column(&store, &OWED).await == ["write late"] }).await;
        // What is owed for too long is forgiven.
        assert_eq!(owed(time.now()).await.unwrap(), []);
        assert_eq!(column(&store, &OWED).await, Vec::<String>::new());
    }

    async fn a_fact_without_a_chat_can_be_put_off(db: TestDb) {
        let time = clock();
        let store = db.store(&time).await;
        let due = time.now() + 60_000;
        let put_off = Arc::new(AtomicU32::new(0));
        let counted = put_off.clone();
        let face = Face::new(move |turn| {
            let counted = counted.clone();
            async move {
                if turn.store().clock().now() < due {
                    turn.postpone(due).await?;
                    counted.fetch_add(1, Ordering::SeqCst);
                    return Ok(());
                }
                Ok(apply(&turn).await?)
            }
        });
        let bus = started(&store, &face).await;
        bus.receive(vec![fact(None, "later")]).await.unwrap();
        eventually("it is put off", || async { put_off.load(Ordering::SeqCst) == 1 }).await;
        crate::bus::moving(&time, std::time::Duration::from_secs(1), "it is applied", || async {
            effects(&store).await == ["later"]
        })
        .await;
        assert!(time.now() >= due);
        assert_eq!(face.seen(), ["later", "later"]);
        assert_eq!(states(&store).await, [("later".to_owned(), "done".to_owned())]);
    }
}

#[tokio::test]
async fn a_write_that_runs_again_begins_with_the_dialogue_as_it_was() {
    let db = TestDb::postgres().await;
    let store = db.store(&clock()).await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let face = Face::new(move |turn| {
        let counted = counted.clone();
        async move {
            turn.write("test.again", move |tx, dialogue| {
                let run = counted.fetch_add(1, Ordering::SeqCst);
                let grown = format!("{}x", dialogue.get().unwrap_or_default());
                dialogue.set(Some(grown));
                Box::pin(async move {
                    effect(tx, "once").await?;
                    if run < 2 {
                        tx.execute(&CONFLICT, binds![]).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await?;
            Ok(())
        }
    });
    let bus = started(&store, &face).await;
    bus.receive(vec![fact(Some(7), "a")]).await.unwrap();
    eventually("it is done", || all_are(&store, "done")).await;
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    assert_eq!(column(&store, &DIALOGUES).await, ["x"]);
    assert_eq!(effects(&store).await, ["once"]);
}
