//! What those who keep the shop running are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;

use kiosk::clock::Clock;
use kiosk::meters::Count;
use kiosk::store::{self, StoreError};
use kiosk_emulator::PayOptions;
use tokio::io::AsyncWriteExt;

use crate::on_both_engines;
use crate::support::shop::{LiveShop, MASTER, TOKEN};
use crate::support::tools::tool;

mod planner;

/// A family as the page or the handbook has it: its type and its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Family {
    kind: String,
    labels: BTreeSet<String>,
}

/// A line with a number: the family, the labels, the number.
struct Sample<'a> {
    name: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    number: f64,
}

fn samples(page: &str) -> Vec<Sample<'_>> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, number) = line.rsplit_once(' ').expect("a number");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let labels = labels.trim_end_matches('}').split(',');
            let labels = labels.filter_map(|label| {
                let (label, value) = label.split_once('=')?;
                Some((label, value.trim_matches('"')))
            });
            Sample {
                name,
                labels: labels.collect(),
                number: number.parse().expect("a number"),
            }
        })
        .collect()
}

/// The families of a page, with the labels that their samples have.
fn shown(page: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            let family = Family {
                kind: kind.to_owned(),
                labels: BTreeSet::new(),
            };
            assert_eq!(
                families.insert(name.to_owned(), family),
                None,
                "{name} twice"
            );
            assert!(
                page.contains(&format!("# HELP {name} ")),
                "{name} has no help"
            );
        }
    }
    for sample in samples(page) {
        let endings = ["", "_bucket", "_sum", "_count"];
        let stems = endings
            .iter()
            .filter_map(|ending| sample.name.strip_suffix(ending));
        let stem = stems.into_iter().find(|stem| families.contains_key(*stem));
        let stem = stem.unwrap_or_else(|| panic!("{} has no type", sample.name));
        let labels = sample.labels.iter().filter(|(label, _)| *label != "le");
        let family = families.get_mut(stem).expect("found above");
        family
            .labels
            .extend(labels.map(|(label, _)| (*label).to_owned()));
    }
    families
}

/// The families of the operators' handbook.
fn documented() -> BTreeMap<String, Family> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operators/metrics.md");
    let text = std::fs::read_to_string(path).expect("the handbook");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [name, kind, labels, ..] = cells[..] else {
            panic!("a row of other columns: {row}");
        };
        assert_eq!(row.matches(" |").count(), 5, "five columns: {row}");
        let words = |cell: &str| -> BTreeSet<String> {
            let parts = cell.split('`').skip(1).step_by(2);
            parts.map(str::to_owned).collect()
        };
        let name = words(name).pop_first().expect("a name");
        let family = Family {
            kind: kind.trim().to_owned(),
            labels: words(labels),
        };
        (name, family)
    })
    .collect()
}

/// What `promtool check metrics` has against a page.
async fn complaints(page: &str) -> String {
    let mut process = tokio::process::Command::new(tool("promtool"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    let mut stdin = process.stdin.take().expect("piped above");
    stdin.write_all(page.as_bytes()).await.expect("it reads");
    drop(stdin);
    let output = process.wait_with_output().await.expect("it ends");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), text.is_empty(), "{text}");
    text
}

async fn scrape(shop: &LiveShop) -> String {
    let address = shop.app.ops().expect("an address");
    let answer = reqwest::get(format!("http://{address}/metrics"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    answer.text().await.unwrap()
}

/// The sum of all series of `name` with these labels.
fn sum(page: &str, name: &str, with: &[(&str, &str)]) -> f64 {
    let all = samples(page);
    let same = all.iter().filter(|sample| {
        sample.name == name && with.iter().all(|label| sample.labels.contains(label))
    });
    same.map(|sample| sample.number).sum()
}

fn is_up(page: &str) -> bool {
    sum(page, "kiosk_database_up", &[]) > 0.5
}

on_both_engines! {
    async fn what_an_open_shop_shows_is_in_the_handbook_and_clean(db: TestDb) {
        let shop = LiveShop::open(&db, 3).await;
        let ann = shop.customer("Ann", "en");
        let before = scrape(&shop).await;
        assert!(is_up(&before));
        let invoice = shop.invoice(ann).await;
        let waiting = scrape(&shop).await;
        assert!(sum(&waiting, "kiosk_orders_unfinished", &[("state", "open")]) >= 1.0);
        assert!(sum(&waiting, "kiosk_keys_held", &[]) >= 1.0);
        shop.control.pay(ann, invoice.message_id, PayOptions::default()).await;
        shop.reads(ann, "zeta-month-0001").await;
        shop.quiet().await;
        let page = scrape(&shop).await;

        let grown = |name: &str, with: &[(&str, &str)]| sum(&page, name, with) - sum(&before, name, with);
        for event in ["placed", "paid", "fulfilled"] {
            assert!(grown("kiosk_orders_total", &[("event", event)]) >= 1.0, "{event}");
        }
        let stars = [("method", "stars"), ("currency", "XTR")];
        assert!(grown("kiosk_payments_minor_units_total", &stars) >= 250.0);
        assert!(grown("kiosk_payments_total", &[("disposition", "applied")]) >= 1.0);
        assert!(grown("kiosk_updates_received_total", &[("kind", "pre_checkout_query")]) >= 1.0);
        assert!(grown("kiosk_pre_checkout_duration_seconds_count", &[("outcome", "approved")]) >= 1.0);
        assert!(grown("kiosk_outbox_letters_total", &[("kind", "delivery"), ("outcome", "sent")]) >= 1.0);
        assert!(grown("kiosk_handler_duration_seconds_count", &[("handler", "tap.pay")]) >= 1.0);
        let settled = [("name", "payments.settle"), ("mode", "write"), ("outcome", "done")];
        assert!(grown("kiosk_transaction_duration_seconds_count", &settled) >= 1.0);
        assert!(is_up(&page));

        let (shown, documented) = (shown(&page), documented());
        let names = |all: &BTreeMap<String, Family>| -> Vec<String> { all.keys().cloned().collect() };
        assert_eq!(names(&shown), names(&documented), "the handbook and the page tell of the same");
        for (name, family) in &shown {
            let told = &documented[name];
            assert_eq!(family.kind, told.kind, "{name}");
            assert!(family.labels.is_subset(&told.labels), "{name}: {:?}", family.labels);
        }
        assert_eq!(complaints(&page).await, "");
        shop.close().await;
    }

    async fn labels_are_words_of_the_program(db: TestDb) {
        let shop = LiveShop::open(&db, 3).await;
        let eve = shop.customer("Eve\"} 1\n# HELP", "en");
        let invoice = shop.invoice(eve).await;
        shop.control.say(eve, "/frobnicate");
        shop.control.say(eve, "zeta{kind=\"x\"}");
        shop.control.pay(eve, invoice.message_id, PayOptions::default()).await;
        shop.reads(eve, "zeta-month-0001").await;
        shop.quiet().await;
        let page = scrape(&shop).await;
        let id = eve.to_string();
        let secret = TOKEN.split(':').nth(1).unwrap();
        for what in [&id, "zeta-month", "Eve", "frobnicate", secret, MASTER] {
            assert!(!page.contains(what), "{what} in the metrics");
        }
        let mut series: BTreeMap<&str, usize> = BTreeMap::new();
        let all = samples(&page);
        for sample in &all {
            *series.entry(sample.name).or_default() += 1;
            for (label, value) in sample.labels.iter().filter(|(label, _)| !matches!(*label, "le" | "version")) {
                let is_word = value.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_.-".contains(&byte));
                assert!(is_word && (1..=40).contains(&value.len()), "{label}={value}");
            }
        }
        // The most are those of statements and transactions: they have as many as the program has names.
        for (name, count) in series {
            let names = name.starts_with("kiosk_statement") || name.starts_with("kiosk_transaction");
            assert!(names || count <= 1_000, "{name} has {count} series");
        }
        shop.close().await;
    }

    async fn a_database_that_is_away_takes_only_its_own_gauges_along(db: TestDb) {
        let shop = LiveShop::open(&db, 1).await;
        shop.app.store().close().await;
        let page = scrape(&shop).await;
        assert!(!is_up(&page));
        assert!(!page.contains("kiosk_keys_held") && page.contains("process_cpu_seconds_total"), "{page}");
        let address = shop.app.ops().expect("an address");
        let ready = reqwest::get(format!("http://{address}/readyz")).await.unwrap();
        assert_eq!(ready.status(), 503);
        shop.emulator.stop().await;
    }

    async fn only_what_is_committed_is_counted(db: TestDb) {
        let store = db.store(&Clock::system()).await;
        let count: &'static Count = Box::leak(Box::default());
        for (fails, counted) in [(true, 0), (false, 3)] {
            let done = store.write("test.tally", move |tx| {
                Box::pin(async move {
                    tx.tally(count, 3);
                    if fails { Err(StoreError::new("test", store::ErrorKind::NoRow)) } else { Ok(()) }
                })
            });
            assert_eq!(done.await.is_err(), fails);
            assert_eq!(count.get(), counted);
        }
        store.close().await;
    }
}
