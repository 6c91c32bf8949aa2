//! The lines of a key file: what is a key, what is empty, and what can't be one.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use zeroize::Zeroizing;

use crate::shop::vault::KeyText;

/// A key has no more characters than fit into one message.
pub const LONGEST: usize = 4_096;
/// No more of a line is kept in memory: a character has at most four bytes, and white space around a key is short.
const KEPT_BYTES: usize = 4 * LONGEST + 1_024;
const BOM: &str = "\u{feff}";

/// Why a line is no key. It never repeats the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More than [`LONGEST`] characters.
    TooLong,
    /// A character that can't be seen, such as a tab inside the line or NUL.
    Control(char),
    /// Not UTF-8.
    NotUtf8,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::TooLong => write!(f, "too long, expected at most {LONGEST} characters"),
            Refusal::Control(character) => write!(
                f,
                "has the control character U+{:04X}, expected plain text",
                u32::from(*character)
            ),
            Refusal::NotUtf8 => f.write_str("not UTF-8, save the file as UTF-8"),
        }
    }
}

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A key, without the white space around it.
    Key(KeyText),
    /// Nothing but white space.
    Empty,
    /// No key.
    Refused(Refusal),
}

/// The lines of a key file, one after another.
pub struct Lines<R> {
    from: BufReader<R>,
    line: Zeroizing<Vec<u8>>,
    /// The number of the line read last, from 1.
    pub number: u64,
    /// How many bytes have been read.
    pub bytes: u64,
}

impl<R> fmt::Debug for Lines<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl<R: Read> Lines<R> {
    /// Reads `from` its start.
    pub fn new(from: R) -> Self {
        Self {
            from: BufReader::with_capacity(64 * 1_024, from),
            line: Zeroizing::new(Vec::with_capacity(KEPT_BYTES)),
            number: 0,
            bytes: 0,
        }
    }

    /// The next line; `None` after the last.
    pub fn next_line(&mut self) -> std::io::Result<Option<Line>> {
        self.line.clear();
        let Some(is_whole) = self.read()? else {
            return Ok(None);
        };
        self.number += 1;
        if !is_whole {
            return Ok(Some(Line::Refused(Refusal::TooLong)));
        }
        let Ok(text) = std::str::from_utf8(&self.line) else {
            return Ok(Some(Line::Refused(Refusal::NotUtf8)));
        };
        let text = if self.number == 1 {
            text.strip_prefix(BOM).unwrap_or(text)
        } else {
            text
        };
        Ok(Some(judge(text.trim())))
    }

    /// Fills `line` up to the next line feed. `None` at the end; false if the line is longer than what is kept.
    fn read(&mut self) -> std::io::Result<Option<bool>> {
        let (mut is_whole, mut is_end) = (true, true);
        loop {
            let buffer = match self.from.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                return Ok((!is_end).then_some(is_whole));
            }
            is_end = false;
            let feed = buffer.iter().position(|&byte| byte == b'\n');
            let part = &buffer[..feed.unwrap_or(buffer.len())];
            if self.line.len() + part.len() <= KEPT_BYTES {
                self.line.extend_from_slice(part);
            } else {
                is_whole = false;
            }
            let used = part.len() + usize::from(feed.is_some());
            self.from.consume(used);
            self.bytes += used as u64;
            if feed.is_some() {
                return Ok(Some(is_whole));
            }
        }
    }
}

fn judge(text: &str) -> Line {
    if text.is_empty() {
        return Line::Empty;
    }
    if let Some(character) = text.chars().find(|character| character.is_control()) {
        return Line::Refused(Refusal::Control(character));
    }
    if text.len() > LONGEST && text.chars().count() > LONGEST {
        return Line::Refused(Refusal::TooLong);
    }
    Line::Key(KeyText::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8]) -> Vec<Line> {
        let mut lines = Lines::new(bytes);
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            all.push(line);
        }
        assert_eq!(lines.bytes, bytes.len() as u64);
        assert_eq!(lines.number, all.len() as u64);
        all
    }

    fn key(text: &str) -> Line {
        Line::Key(KeyText::new(text.to_owned()))
    }

    #[test]
    fn bom_line_endings_and_outer_white_space_are_no_part_of_a_key() {
        assert_eq!(
            all("\u{feff}AAA\r\n  B B\t\r\n\r\n \nключ".as_bytes()),
            [
                key("AAA"),
                key("B B"),
                Line::Empty,
                Line::Empty,
                key("ключ")
            ]
        );
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\n"), [Line::Empty]);
        assert_eq!(all(b"A\n"), [key("A")]);
    }

    #[test]
    fn what_can_be_no_key_is_refused_and_the_next_line_is_read() {
        let longest = "ж".repeat(LONGEST);
        let file = format!(
            "{longest}\n{longest}ж\n{}\nA\tB\nC\0\nD\n",
            "x".repeat(1 << 20)
        );
        assert_eq!(
            all(file.as_bytes()),
            [
                key(&longest),
                Line::Refused(Refusal::TooLong),
                Line::Refused(Refusal::TooLong),
                Line::Refused(Refusal::Control('\t')),
                Line::Refused(Refusal::Control('\0')),
                key("D"),
            ]
        );
        assert_eq!(
            all(b"\xff\xfe\nA"),
            [Line::Refused(Refusal::NotUtf8), key("A")]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_give_an_unclean_key(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            for line in all(&bytes) {
                if let Line::Key(key) = line {
                    let text = key.expose();
                    prop_assert!(text == text.trim() && !text.is_empty() && !text.contains(char::is_control));
                }
            }
        }
    }
}
