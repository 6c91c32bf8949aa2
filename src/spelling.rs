//! The nearest known name to a word that somebody mistyped.

/// The candidate that is most like `word`, if one is like it at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, best) = candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .min()?;
    // A third of the letters may be wrong, or the word may be cut short.
    let allowed = best.chars().count().max(3) / 3;
    let is_start = !word.is_empty() && best.starts_with(word);
    (distance <= allowed || is_start).then_some(best)
}

/// `, did you mean NAME?` or nothing: the end of an error's sentence.
pub fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean {name}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["telegram.token", "telegram.mode", "zeta-month"];
        assert_eq!(nearest("telegram.tokne", known), Some("telegram.token"));
        assert_eq!(nearest("zeta-mont", known), Some("zeta-month"));
        assert_eq!(nearest("zeta", known), Some("zeta-month"));
        assert_eq!(nearest("database", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("a", []), None);
    }
}
