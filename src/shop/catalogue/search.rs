//! Searching the catalogue by words.

use super::Product;
use crate::store::{FromRow, Row, StoreError, Tx};
use crate::{binds, sql};

/// So much of a query is looked at, in characters.
pub const LONGEST: usize = 64;

/// A text as a search sees it: in small letters of any alphabet, and ё is е, as people write it.
pub fn folded(text: &str) -> String {
    text.to_lowercase().replace('ё', "е")
}

/// The words of a query, each once, in JSON: for the statements below.
fn words(query: &str) -> String {
    let query: String = query.chars().take(LONGEST).collect();
    let query = folded(&query);
    let plain: String = query
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let mut words: Vec<&str> = plain.split_whitespace().map(without_ending).collect();
    words.sort_unstable();
    words.dedup();
    serde_json::Value::from(words).to_string()
}

/// A Russian word without the vowels that change with its case and number: whoever writes музыка finds музыки. Short
/// words, and those of other alphabets, stay.
fn without_ending(word: &str) -> &str {
    let mut letters = word.chars().count();
    let mut word = word;
    for _ in 0..2 {
        match word.strip_suffix(['а', 'е', 'и', 'й', 'о', 'у', 'ы', 'ь', 'э', 'ю', 'я'])
        {
            Some(shorter) if letters > 4 => word = shorter,
            _ => break,
        }
        letters -= 1;
    }
    word
}

/// A product that was found, and whether it can be bought now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The product.
    pub product: Product,
    /// Whether no key is left.
    pub is_sold_out: bool,
}

impl FromRow for Hit {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            product: Product::from_row(row)?,
            is_sold_out: row.get(11)?,
        })
    }
}

// The words come as one JSON list and are looked for as they stand: no wildcard is special.
sql! {
    COUNT = "catalogue.search.count",
        sqlite: "SELECT COUNT(*) FROM products p
             WHERE p.state = 'active'
               AND NOT EXISTS (SELECT 1 FROM json_each($1) w WHERE instr(p.search, w.value) = 0)",
        postgres: "SELECT COUNT(*) FROM products p
             WHERE p.state = 'active'
               AND NOT EXISTS (
                   SELECT 1 FROM json_array_elements_text(CAST($1 AS json)) AS w (word)
                   WHERE strpos(p.search, w.word) = 0)";
    PAGE = "catalogue.search.page",
        sqlite: "SELECT p.id, p.slug, p.kind, p.title, p.description, p.prices, p.state,
                 p.category_id, p.family_id, p.photo_id, p.max_per_customer,
                 p.kind <> 'minted' AND p.file_id IS NULL AND NOT EXISTS (
                     SELECT 1 FROM keys k WHERE k.product_id = p.id AND k.state = 'available')
             FROM products p
             WHERE p.state = 'active'
               AND NOT EXISTS (SELECT 1 FROM json_each($1) w WHERE instr(p.search, w.value) = 0)
             ORDER BY p.position, p.id
             LIMIT $2 OFFSET $3",
        postgres: "SELECT p.id, p.slug, p.kind, p.title, p.description, p.prices, p.state,
                 p.category_id, p.family_id, p.photo_id, p.max_per_customer,
                 p.kind <> 'minted' AND p.file_id IS NULL AND NOT EXISTS (
                     SELECT 1 FROM keys k WHERE k.product_id = p.id AND k.state = 'available')
             FROM products p
             WHERE p.state = 'active'
               AND NOT EXISTS (
                   SELECT 1 FROM json_array_elements_text(CAST($1 AS json)) AS w (word)
                   WHERE strpos(p.search, w.word) = 0)
             ORDER BY p.position, p.id
             LIMIT $2 OFFSET $3";
}

/// Whether a query has anything to look for.
pub fn is_empty(query: &str) -> bool {
    words(query) == "[]"
}

/// How many products have every word of the query.
pub async fn count(tx: &mut Tx<'_>, query: &str) -> Result<i64, StoreError> {
    let words = words(query);
    tx.one::<(i64,)>(&COUNT, binds![words])
        .await
        .map(|row| row.0)
}

/// The products that have every word of the query, in the seller's order.
pub async fn find(
    tx: &mut Tx<'_>,
    query: &str,
    limit: i64,
    offset: i64,
) -> Result<Vec<Hit>, StoreError> {
    let words = words(query);
    tx.all(&PAGE, binds![words, limit, offset]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_becomes_its_words() {
        assert_eq!(words("  Зелёный\u{a0}ЧАЙ  чай "), r#"["зелен","чай"]"#);
        assert_eq!(words("музыка сети игра"), r#"["игра","музык","сети"]"#);
        assert_eq!(words("50% \"a_b\"\0c"), r#"["\"a_b\"","50%","c"]"#);
        assert!(is_empty(" \n\t\u{0}"));
        assert!(!is_empty("%"));
        let long = "a".repeat(100);
        assert_eq!(words(&long).len(), LONGEST + 4);
    }
}
