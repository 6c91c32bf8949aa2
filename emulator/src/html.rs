//! Telegram's HTML: few tags, properly closed. The refusals are worded as Telegram words them, offsets count bytes of the source.

use crate::message::Entity;

const TAGS: [&str; 16] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "span",
    "pre",
    "code",
    "blockquote",
];

/// A tag that is open.
struct Open {
    tag: String,
    argument: String,
    /// UTF-16 offset and byte length of the text when it opened.
    offset: usize,
    from: usize,
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
    text: String,
    utf16: usize,
    open: Vec<Open>,
    entities: Vec<Entity>,
}

/// Splits HTML into text and entities; the error is what follows `can't parse entities: `.
pub(crate) fn parse(source: &str) -> Result<(String, Vec<Entity>), String> {
    let mut parser = Parser {
        source,
        at: 0,
        text: String::with_capacity(source.len()),
        utf16: 0,
        open: Vec::new(),
        entities: Vec::new(),
    };
    while let Some(next) = parser.peek() {
        if next == '<' {
            if source[parser.at + 1..].starts_with('/') {
                parser.end_tag()?;
            } else {
                parser.start_tag()?;
            }
        } else {
            let character = parser.character(next);
            parser.text.push(character);
            parser.utf16 += character.len_utf16();
        }
    }
    if let Some(open) = parser.open.last() {
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            open.tag
        ));
    }
    let mut entities = parser.entities;
    entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
    Ok((parser.text, entities))
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) -> &str {
        let from = self.at;
        while let Some(next) = self.peek().filter(|next| wanted(*next)) {
            self.at += next.len_utf8();
        }
        &self.source[from..self.at]
    }

    /// Takes one character, decoding it if it is an entity; unknown ones stay as they are written.
    fn character(&mut self, next: char) -> char {
        if next == '&'
            && let Some((character, length)) = decoded(&self.source[self.at..])
        {
            self.at += length;
            return character;
        }
        self.at += next.len_utf8();
        next
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        let unclosed = || format!("Unclosed start tag at byte offset {begin}");
        self.at += 1;
        let tag = self
            .skip_while(|c| !c.is_ascii_whitespace() && c != '>')
            .to_ascii_lowercase();
        if self.peek().is_none() {
            return Err(unclosed());
        }
        if !TAGS.contains(&tag.as_str()) {
            return Err(format!(
                "Unsupported start tag \"{tag}\" at byte offset {begin}"
            ));
        }
        let mut argument = String::new();
        loop {
            self.skip_while(|c| c.is_ascii_whitespace());
            match self.peek() {
                None => return Err(unclosed()),
                Some('>') => break,
                Some(_) => {}
            }
            let name = self
                .skip_while(|c| !c.is_ascii_whitespace() && c != '=' && c != '>')
                .to_ascii_lowercase();
            if name.is_empty() {
                return Err(format!(
                    "Empty attribute name in the tag \"{tag}\" at byte offset {begin}"
                ));
            }
            self.skip_while(|c| c.is_ascii_whitespace());
            if self.peek() != Some('=') {
                if self.peek().is_none() {
                    return Err(unclosed());
                }
                if tag == "blockquote" && name == "expandable" {
                    "1".clone_into(&mut argument);
                    continue;
                }
                return Err(format!(
                    "Expected equal sign in declaration of an attribute of the tag \"{tag}\" at byte offset {begin}"
                ));
            }
            self.at += 1;
            self.skip_while(|c| c.is_ascii_whitespace());
            let value = self.attribute_value(begin)?;
            match (tag.as_str(), name.as_str()) {
                ("a", "href") | ("tg-emoji", "emoji-id") => argument = value,
                ("code", "class") => {
                    if let Some(language) = value.strip_prefix("language-") {
                        language.clone_into(&mut argument);
                    }
                }
                ("span", "class") if value.starts_with("tg-") => argument = value,
                ("blockquote", "expandable") => "1".clone_into(&mut argument),
                _ => {}
            }
        }
        if tag == "span" && argument != "tg-spoiler" {
            return Err(format!(
                "Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"
            ));
        }
        self.at += 1;
        self.open.push(Open {
            tag,
            argument,
            offset: self.utf16,
            from: self.text.len(),
        });
        Ok(())
    }

    fn attribute_value(&mut self, begin: usize) -> Result<String, String> {
        let unclosed = || format!("Unclosed start tag at byte offset {begin}");
        let quote = self.peek().ok_or_else(unclosed)?;
        if quote != '"' && quote != '\'' {
            let from = self.at;
            let value = self
                .skip_while(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
                .to_ascii_lowercase();
            return match self.peek() {
                None => Err(unclosed()),
                Some(next) if next.is_ascii_whitespace() || next == '>' => Ok(value),
                Some(_) => Err(format!(
                    "Unexpected end of name token at byte offset {from}"
                )),
            };
        }
        self.at += 1;
        let mut value = String::new();
        loop {
            let next = self.peek().ok_or_else(unclosed)?;
            if next == quote {
                self.at += 1;
                break;
            }
            let character = self.character(next);
            value.push(character);
        }
        self.peek().map(|_| value).ok_or_else(unclosed)
    }

    fn end_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        let Some(open) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        self.at += 2;
        let found = self
            .skip_while(|c| !c.is_ascii_whitespace() && c != '>')
            .to_ascii_lowercase();
        self.skip_while(|c| c.is_ascii_whitespace());
        if self.peek() != Some('>') {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        if !found.is_empty() && found != open.tag {
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{found}>\"",
                open.tag
            ));
        }
        self.at += 1;
        if self.utf16 > open.offset {
            self.close(open);
        }
        Ok(())
    }

    fn close(&mut self, open: Open) {
        let mut entity = Entity {
            kind: String::new(),
            offset: open.offset,
            length: self.utf16 - open.offset,
            url: None,
            language: None,
            custom_emoji_id: None,
        };
        let kind = match open.tag.as_str() {
            "b" | "strong" => "bold",
            "i" | "em" => "italic",
            "u" | "ins" => "underline",
            "s" | "strike" | "del" => "strikethrough",
            "span" | "tg-spoiler" => "spoiler",
            "blockquote" if open.argument.is_empty() => "blockquote",
            "blockquote" => "expandable_blockquote",
            "pre" => {
                // `<pre><code class="language-x">` is one block with a language.
                let inner = self.entities.iter().position(|inner| {
                    inner.kind == "code"
                        && inner.offset == entity.offset
                        && inner.length == entity.length
                });
                if let Some(inner) = inner {
                    entity.language = self.entities.swap_remove(inner).language;
                }
                "pre"
            }
            "code" => {
                if !open.argument.is_empty() && self.open.last().is_some_and(|o| o.tag == "pre") {
                    entity.language = Some(open.argument);
                }
                "code"
            }
            "tg-emoji" => {
                entity.custom_emoji_id = Some(open.argument);
                "custom_emoji"
            }
            _ => {
                let target = if open.argument.is_empty() {
                    self.text[open.from..].to_owned()
                } else {
                    open.argument
                };
                // Telegram keeps the text of a link that it doesn't take and drops the link.
                if !is_link(&target) {
                    return;
                }
                entity.url = Some(target);
                "text_link"
            }
        };
        kind.clone_into(&mut entity.kind);
        self.entities.push(entity);
    }
}

/// Whether Telegram would make a link of it: a known scheme, or a bare host with a dot.
pub(crate) fn is_link(target: &str) -> bool {
    let lower = target.to_ascii_lowercase();
    match lower.split_once(':') {
        Some(("http" | "https", rest)) => rest.len() > 2 && rest.starts_with("//"),
        Some(("tg" | "ton" | "tonsite", rest)) => rest.starts_with("//"),
        Some(("mailto" | "tel", rest)) => !rest.is_empty(),
        Some(_) => false,
        None => lower.contains('.') && !lower.contains(char::is_whitespace),
    }
}

/// `&lt;`, `&gt;`, `&amp;`, `&quot;` or a numeric entity at the start of `text`, and its length.
fn decoded(text: &str) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 4] = [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
        ("&quot;", '"'),
    ];
    if let Some((name, character)) = NAMED.iter().find(|(name, _)| text.starts_with(name)) {
        return Some((*character, name.len()));
    }
    let (digits, radix, prefix) = match text.strip_prefix("&#x") {
        Some(digits) => (digits, 16, 3),
        None => (text.strip_prefix("&#")?, 10, 2),
    };
    let length = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let code = u32::from_str_radix(&digits[..length], radix).ok()?;
    let character = char::from_u32(code).filter(|c| *c != '\0')?;
    let semicolon = usize::from(digits[length..].starts_with(';'));
    Some((character, prefix + length + semicolon))
}
