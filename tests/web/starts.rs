//! A download is counted once for each page that starts it: over a double tap, a lost answer and an import in between; and
//! what a visitor makes up saves them nothing.

use std::time::Duration;

use futures::future::join_all;
use kiosk::shop::downloads::start::OPEN_FOR;
use kiosk::shop::downloads::{MISSING, link, renew};
use kiosk::store::PublicId;
use reqwest::{Method, StatusCode};

use super::browser::{Answer, Browser};
use super::downloads::{Files, bytes, fetch};
use crate::on_both_engines;

/// Where a browser keeps the start of a download.
const COOKIE: &str = "kiosk-start";

/// The start that the page has drawn.
fn drawn(page: &Answer) -> String {
    let (_, rest) = page
        .text
        .split_once("type=\"hidden\" name=\"start\" value=\"")
        .unwrap_or_else(|| panic!("no start: {}", page.text));
    rest.split('"').next().expect("a value").to_owned()
}

/// Presses the button of a page that has drawn `start`; answers where the bytes are.
async fn presses(browser: &Browser, path: &str, start: &str) -> String {
    let answer = browser.post(path, &[("start", start)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert!(answer.place().starts_with(&format!("{path}/")));
    answer.place().to_owned()
}

on_both_engines! {
    async fn a_page_is_counted_once_however_often_its_button_is_pressed(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let page = files.pages.browser().get(&path).await;
        assert_eq!(page.header("cache-control"), "no-store");
        let start = drawn(&page);
        // No answer has come back yet, so none of them has a cookie.
        let browsers: Vec<_> = (0..20).map(|_| files.pages.browser()).collect();
        let taps = browsers.iter().map(|browser| presses(browser, &path, &start));
        let places = join_all(taps).await;
        assert_eq!(files.started(&ann, order).await, 1);
        for (browser, place) in browsers.iter().zip(&places) {
            assert_eq!(place, &places[0]);
            let (status, _, got) = fetch(browser, place, &[]).await;
            assert!(status == StatusCode::OK && got == bytes(1));
        }
        // Another page is another start.
        let other = files.pages.browser();
        let another = drawn(&other.get(&path).await);
        assert_ne!(another, start);
        assert_ne!(presses(&other, &path, &another).await, places[0]);
        assert_eq!(files.started(&ann, order).await, 2);
        // All are used up, and each goes on.
        assert_eq!(presses(&files.pages.browser(), &path, &start).await, places[0]);
        assert_eq!(files.pages.browser().post(&path, &[]).await.status, StatusCode::GONE);
        files.pages.shop.expect_clean_books().await;
    }

    async fn a_start_whose_answer_is_lost_is_gone_on_with(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        let start = drawn(&browser.get(&path).await);
        let held = files.pages.shop.store.points().hold("web.answering");
        let lost = browser.request(Method::POST, &path).form(&[("start", &start)]);
        let lost = tokio::spawn(lost.send());
        held.reached().await;
        // The connection breaks off.
        lost.abort();
        drop(held);
        assert_eq!(files.started(&ann, order).await, 1);
        // The browser sends it again, or the customer opens the page again, in the same browser.
        let place = presses(&browser, &path, &start).await;
        let browser = {
            let fresh = files.pages.browser();
            fresh.set_cookie(COOKIE, &start);
            fresh
        };
        let page = browser.get(&path).await;
        page.shows(&place);
        page.shows("1 of 2");
        assert_eq!(presses(&browser, &path, &drawn(&page)).await, place);
        assert_eq!(files.starts(&browser, &path).await, place, "by the cookie alone");
        assert_eq!(files.started(&ann, order).await, 1);
    }

    async fn two_tabs_of_a_browser_are_one_start(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        let first = drawn(&browser.get(&path).await);
        assert_eq!(drawn(&browser.get(&format!("{path}?lang=ru")).await), first);
        // Opened at the same moment, each has drawn its own.
        let second = drawn(&files.pages.browser().get(&path).await);
        let place = presses(&browser, &path, &second).await;
        assert_eq!(presses(&browser, &path, &first).await, place);
        assert_eq!(files.started(&ann, order).await, 1);
    }

    async fn a_page_that_stood_open_too_long_is_another_start_and_counted_once(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        let start = drawn(&browser.get(&path).await);
        let old = presses(&browser, &path, &start).await;
        let open_for = Duration::from_millis(OPEN_FOR as u64);
        files.pages.shop.clock.advance(open_for);
        assert_eq!(browser.get(&old).await.status, StatusCode::GONE);
        // Twice at once: the page has stayed, and its start is over.
        let (one, two) = (files.pages.browser(), files.pages.browser());
        let (one, two) = tokio::join!(presses(&one, &path, &start), presses(&two, &path, &start));
        assert!(one == two && one != old);
        assert_eq!(files.started(&ann, order).await, 2);
        assert_eq!(fetch(&browser, &one, &[]).await.0, StatusCode::OK);
        assert_eq!(browser.get(&old).await.status, StatusCode::GONE);
        // So it is with another file.
        let renewed = files.pages.shop.store.write("starts.renew", move |tx| Box::pin(renew::renew(tx, order, 2)));
        assert_eq!(renewed.await.expect("renewed"), 1);
        let path = files.path(&ann, order).await;
        let start = drawn(&browser.get(&path).await);
        let old = presses(&browser, &path, &start).await;
        files.import(bytes(2)).await;
        let (one, two) = (files.pages.browser(), files.pages.browser());
        let (one, two) = tokio::join!(presses(&one, &path, &start), presses(&two, &path, &start));
        assert!(one == two && one != old);
        assert!(fetch(&browser, &one, &[]).await.2 == bytes(2));
        assert!(fetch(&browser, &old, &[]).await.2 == bytes(1));
        assert_eq!(files.started(&ann, order).await, 4);
        files.pages.shop.expect_clean_books().await;
    }

    async fn a_start_that_is_made_up_or_anothers_is_counted_as_a_new_one(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let bob = files.pages.shop.customer(2).await;
        let bobs = files.order(&bob).await;
        let his = files.path(&bob, bobs).await;
        let browser = files.pages.browser();
        let start = drawn(&browser.get(&path).await);
        let hers = presses(&browser, &path, &start).await;
        // Hers on his page, as a field and as a cookie, opens nothing of hers and is counted.
        let thief = files.pages.browser();
        thief.set_cookie(COOKIE, &start);
        let place = presses(&thief, &his, &start).await;
        let (_, end) = place.rsplit_once('/').expect("a start");
        assert_ne!(end, start);
        assert_eq!((files.started(&ann, order).await, files.started(&bob, bobs).await), (1, 1));
        assert_eq!(thief.get(&format!("{his}/{start}")).await.status, StatusCode::NOT_FOUND);
        // What no page of this download has drawn names nothing: neither an id alone, nor one with another proof.
        let renewed = files.pages.shop.store.write("starts.renew", move |tx| Box::pin(renew::renew(tx, bobs, 2)));
        assert_eq!(renewed.await.expect("renewed"), 1);
        let his = files.path(&bob, bobs).await;
        let made_up = PublicId([7; 16]);
        let version = files.download(&bob, bobs).await.link_version;
        let page = link::page(&files.pages.shop.vault, made_up, version);
        for (forged, started) in [(made_up.to_string(), 2), (page, 3)] {
            let place = presses(&files.pages.browser(), &his, &forged).await;
            let (_, end) = place.rsplit_once('/').expect("a start");
            assert!(!end.starts_with(&made_up.to_string()[..21]), "the shop draws it");
            assert_eq!(files.started(&bob, bobs).await, started);
        }
        assert_eq!(presses(&files.pages.browser(), &path, &start).await, hers);
        // A start that was drawn and never made opens nothing.
        let drawn = drawn(&files.pages.browser().get(&path).await);
        assert_eq!(browser.get(&format!("{path}/{drawn}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(files.started(&ann, order).await, 1);
        files.pages.shop.expect_clean_books().await;
    }

    async fn a_file_that_an_import_takes_away_meanwhile_is_no_task(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        // The button was pressed while the old file was there.
        let held = files.pages.shop.store.points().hold("pages.download.found");
        let importing = async {
            held.reached().await;
            files.import(bytes(2)).await;
            drop(held);
        };
        let (answer, ()) = tokio::join!(browser.post(&path, &[]), importing);
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let place = answer.place().to_owned();
        assert!(fetch(&browser, &place, &[]).await.2 == bytes(2));
        // The bytes were asked for while the start was not over yet.
        let held = files.pages.shop.store.points().hold("pages.download.found");
        let importing = async {
            held.reached().await;
            files.pages.shop.clock.advance(Duration::from_millis(OPEN_FOR as u64));
            files.import(bytes(3)).await;
            drop(held);
        };
        let (answer, ()) = tokio::join!(browser.get(&place), importing);
        assert_eq!(answer.status, StatusCode::GONE);
        answer.shows("no longer open");
        assert!(!answer.text.contains(&place));
        assert_eq!(files.pages.shop.attention(MISSING).await, 0);
        assert_eq!(files.started(&ann, order).await, 1);
        files.pages.shop.expect_clean_books().await;
    }

    async fn a_file_that_a_running_start_still_needs_is_a_task_until_nobody_does(db: TestDb) {
        let files = Files::open(&db).await;
        let (ann, order, path) = files.bought().await;
        let browser = files.pages.browser();
        let old = files.download(&ann, order).await.file.expect("a file").id;
        let place = files.starts(&browser, &path).await;
        files.import(bytes(2)).await;
        files.folder.remove(old).expect("removed");
        let answer = browser.get(&place).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(files.pages.shop.attention(MISSING).await, 1);
        // The next one has all of the new file.
        let place = files.starts(&files.pages.browser(), &path).await;
        assert!(fetch(&browser, &place, &[]).await.2 == bytes(2));
        files.pages.shop.clock.advance(Duration::from_millis(OPEN_FOR as u64));
        files.import(bytes(3)).await;
        assert_eq!(files.pages.shop.attention(MISSING).await, 0);
        files.pages.shop.expect_clean_books().await;
    }
}
