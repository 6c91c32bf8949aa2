//! Where ids begin, and the small random source behind ids, charge texts and faults.

use std::hash::{BuildHasher, Hasher, RandomState};

/// 2026-01-01T00:00:00Z, the zero of the id space.
const EPOCH_SECONDS: i64 = 1_767_225_600;
/// Ids that one second of wall time reserves: a later start begins above an earlier one unless that one made more than this on average.
const IDS_PER_SECOND: i64 = 8;
/// Ids wrap here (in 2033), with room left below `i32::MAX` for the ids of one run.
const ID_SPACE: i64 = 2_000_000_000;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The first id of a run that starts at `now_ms`, above those of every earlier run and within Telegram's 31 bits.
pub(crate) fn first_id(now_ms: i64, random: &mut Random) -> i64 {
    let since_epoch = now_ms / 1000 - EPOCH_SECONDS;
    let jitter = random.below(IDS_PER_SECOND as u64) as i64;
    (since_epoch * IDS_PER_SECOND + jitter).rem_euclid(ID_SPACE) + 1
}

/// `SplitMix64`: small, seedable, good enough for tests. Nothing here guards a secret.
pub(crate) struct Random(u64);

impl Random {
    /// Seeded from the randomness that the standard library gives its hash maps.
    pub(crate) fn from_entropy() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Letters and digits.
    pub(crate) fn text(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(ALPHABET[self.below(62) as usize]))
            .collect()
    }

    /// A long decimal number as text, the way Telegram names queries.
    pub(crate) fn digits(&mut self) -> String {
        (self.next() >> 1 | 1 << 60).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_start_begins_above_an_earlier_one() {
        let mut random = Random::from_entropy();
        let now_ms = 1_795_000_000_000;
        let earlier = first_id(now_ms, &mut random);
        let later = first_id(now_ms + 2_000, &mut random);
        assert!(later > earlier);
        assert!(later < i64::from(i32::MAX));
    }

    #[test]
    fn a_seed_repeats_itself() {
        let draw = |seed| Random::seeded(seed).text(12);
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
