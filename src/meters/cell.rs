//! Counters and histograms as statics. Label values are `&'static str`: words of the program, never an id, never a text
//! from outside. That bounds their number, and with it what a scrape costs and what the process keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::page::Page;

/// Series by their label values, in order. They live as long as the process, so that whoever counts may keep them.
type Series<const N: usize, C> = RwLock<BTreeMap<[&'static str; N], &'static C>>;

fn find<const N: usize, C>(
    all: &Series<N, C>,
    labels: [&'static str; N],
    new: impl FnOnce() -> C,
) -> &'static C {
    let known = all.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(&found) = known.get(&labels) {
        return found;
    }
    drop(known);
    let mut known = all.write().unwrap_or_else(PoisonError::into_inner);
    known
        .entry(labels)
        .or_insert_with(|| Box::leak(Box::new(new())))
}

fn seen<const N: usize, C>(all: &Series<N, C>) -> Vec<([&'static str; N], &'static C)> {
    let known = all.read().unwrap_or_else(PoisonError::into_inner);
    known
        .iter()
        .map(|(labels, &series)| (*labels, series))
        .collect()
}

/// What can be shown on the page.
pub(super) trait Shown: Sync {
    /// Writes the family: its help, its type, its series.
    fn show(&self, page: &mut Page);
}

/// One series of a [`Counter`]: a number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `by`.
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// How far it has come.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts what happens, by `N` labels.
pub struct Counter<const N: usize> {
    name: &'static str,
    help: &'static str,
    labels: [&'static str; N],
    series: Series<N, Count>,
}

impl<const N: usize> fmt::Debug for Counter<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<const N: usize> Counter<N> {
    pub(super) const fn new(
        name: &'static str,
        labels: [&'static str; N],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            help,
            labels,
            series: RwLock::new(BTreeMap::new()),
        }
    }

    /// The series of these label values.
    pub fn of(&self, labels: [&'static str; N]) -> &'static Count {
        find(&self.series, labels, Count::default)
    }

    /// One more.
    pub fn count(&self, labels: [&'static str; N]) {
        self.of(labels).add(1);
    }
}

impl<const N: usize> Shown for Counter<N> {
    fn show(&self, page: &mut Page) {
        page.family("counter", self.name, self.help);
        for (values, count) in seen(&self.series) {
            page.sample(self.name, "", &pairs(self.labels, values), count.get());
        }
    }
}

/// One series of a [`Histogram`]: how many took how long.
pub(super) struct Spread {
    /// One for each bound, and one for what is beyond the last.
    buckets: Box<[AtomicU64]>,
    nanos: AtomicU64,
}

/// Sorts durations into buckets, by `N` labels. In seconds on the page.
pub struct Histogram<const N: usize> {
    name: &'static str,
    help: &'static str,
    labels: [&'static str; N],
    /// The upper bounds of the buckets, in microseconds.
    bounds: &'static [u64],
    series: Series<N, Spread>,
}

impl<const N: usize> fmt::Debug for Histogram<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<const N: usize> Histogram<N> {
    pub(super) const fn new(
        name: &'static str,
        labels: [&'static str; N],
        bounds: &'static [u64],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            help,
            labels,
            bounds,
            series: RwLock::new(BTreeMap::new()),
        }
    }

    /// Notes that something took so long.
    pub fn took(&self, labels: [&'static str; N], time: Duration) {
        let spread = find(&self.series, labels, || Spread {
            buckets: (0..=self.bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            nanos: AtomicU64::new(0),
        });
        let micros = time.as_micros() as u64;
        let at = self.bounds.partition_point(|&bound| bound < micros);
        spread.buckets[at].fetch_add(1, Ordering::Relaxed);
        spread
            .nanos
            .fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    /// The same for what began at `started` and ends now.
    pub fn since(&self, labels: [&'static str; N], started: Instant) {
        self.took(labels, started.elapsed());
    }
}

impl<const N: usize> Shown for Histogram<N> {
    fn show(&self, page: &mut Page) {
        page.family("histogram", self.name, self.help);
        for (values, spread) in seen(&self.series) {
            let mut sum = 0;
            let cumulative: Vec<u64> = spread
                .buckets
                .iter()
                .map(|bucket| {
                    sum += bucket.load(Ordering::Relaxed);
                    sum
                })
                .collect();
            let nanos = spread.nanos.load(Ordering::Relaxed);
            let labels = pairs(self.labels, values);
            page.spread(self.name, &labels, self.bounds, &cumulative, nanos);
        }
    }
}

fn pairs<const N: usize>(
    labels: [&'static str; N],
    values: [&'static str; N],
) -> Vec<(&'static str, &'static str)> {
    labels.into_iter().zip(values).collect()
}

/// More words than this are none of ours.
const WORDS: usize = 256;
static KNOWN: RwLock<BTreeSet<&'static str>> = RwLock::new(BTreeSet::new());

/// A word of ours that comes from the database again, such as a letter's kind, as a label value. What has not the shape
/// of one, or would be one too many, is `other`.
pub fn word(text: &str) -> &'static str {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(&found) = known.get(text) {
        return found;
    }
    drop(known);
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || b"_.-".contains(&byte);
    if text.is_empty() || text.len() > 40 || !text.bytes().all(is_letter) {
        return "other";
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= WORDS && !known.contains(text) {
        return "other";
    }
    if let Some(&found) = known.get(text) {
        return found;
    }
    let word: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.insert(word);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    static EATEN: Counter<1> = Counter::new("test_eaten_total", ["fruit"], "Fruit that was eaten.");
    static RIPE: Histogram<1> = Histogram::new(
        "test_ripe_seconds",
        ["fruit"],
        &[1_000, 500_000],
        "How long it takes to ripen.",
    );

    #[test]
    fn counters_and_histograms_are_shown() {
        EATEN.count(["pear"]);
        EATEN.of(["apple"]).add(2);
        RIPE.took(["pear"], Duration::from_millis(1));
        RIPE.took(["pear"], Duration::from_millis(2));
        RIPE.took(["pear"], Duration::from_secs(2));
        let mut page = Page::default();
        EATEN.show(&mut page);
        RIPE.show(&mut page);
        insta::assert_snapshot!(page.text(), @r#"
        # HELP test_eaten_total Fruit that was eaten.
        # TYPE test_eaten_total counter
        test_eaten_total{fruit="apple"} 2
        test_eaten_total{fruit="pear"} 1
        # HELP test_ripe_seconds How long it takes to ripen.
        # TYPE test_ripe_seconds histogram
        test_ripe_seconds_bucket{fruit="pear",le="0.001"} 1
        test_ripe_seconds_bucket{fruit="pear",le="0.5"} 2
        test_ripe_seconds_bucket{fruit="pear",le="+Inf"} 3
        test_ripe_seconds_sum{fruit="pear"} 2.003
        test_ripe_seconds_count{fruit="pear"} 3
        "#);
    }

    #[test]
    fn only_words_become_labels() {
        assert_eq!(word("delivery"), "delivery");
        assert_eq!(word("payment.unmatched"), "payment.unmatched");
        for text in [
            "",
            "42",
            "charge_7",
            "two words",
            "ключ",
            "a-word-that-is-much-longer-than-any-of-our-own-words",
        ] {
            assert_eq!(word(text), "other", "{text}");
        }
        let word_of = |mut number: usize| {
            let mut text = String::from("w");
            while number > 0 {
                text.push(char::from(b'a' + (number % 26) as u8));
                number /= 26;
            }
            text
        };
        let words: BTreeSet<&str> = (0..2_000).map(|number| word(&word_of(number))).collect();
        assert!(words.len() <= WORDS + 1, "{}", words.len());
        assert!(words.contains("other"));
    }
}
