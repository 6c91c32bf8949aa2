//! Text of a message: parse mode, trimming, length, and the commands in what customers write.

use serde_json::Value;

use crate::{html, message::Entity, params::Params, reply::ApiError};

/// Longest text of a message, in UTF-16 code units after parsing.
pub(crate) const TEXT_LIMIT: usize = 4096;
/// Longest caption.
pub(crate) const CAPTION_LIMIT: usize = 1024;

/// Text as sent, as read, and its formatting.
#[derive(Debug, Default)]
pub(crate) struct Formatted {
    pub(crate) source: String,
    pub(crate) text: String,
    pub(crate) entities: Vec<Entity>,
}

pub(crate) fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Reads `text` with its `parse_mode` or `entities`.
pub(crate) fn message_text(params: &Params) -> Result<Formatted, ApiError> {
    let formatted = formatted(params, "text", "entities")?;
    if formatted.text.is_empty() {
        return Err(ApiError::bad("message text is empty"));
    }
    if utf16_length(&formatted.text) > TEXT_LIMIT {
        return Err(ApiError::bad("message is too long"));
    }
    Ok(formatted)
}

/// Reads `caption`, which may be absent.
pub(crate) fn caption(params: &Params) -> Result<Formatted, ApiError> {
    let formatted = formatted(params, "caption", "caption_entities")?;
    if utf16_length(&formatted.text) > CAPTION_LIMIT {
        return Err(ApiError::bad("message caption is too long"));
    }
    Ok(formatted)
}

fn formatted(params: &Params, field: &str, entities: &str) -> Result<Formatted, ApiError> {
    let source = params.text(field).unwrap_or_default();
    let mode = params.text("parse_mode").unwrap_or_default();
    let (text, entities) = match mode.to_ascii_lowercase().as_str() {
        "" => {
            let given = match params.json(entities)? {
                Some(list @ Value::Array(_)) => serde_json::from_value(list)
                    .map_err(|_| ApiError::bad("can't parse message entities"))?,
                _ => Vec::new(),
            };
            (source.clone(), given)
        }
        "html" => html::parse(&source)
            .map_err(|error| ApiError::bad(format!("can't parse entities: {error}")))?,
        "markdown" | "markdownv2" => {
            return Err(ApiError::bad(
                "can't parse entities: the emulator knows parse_mode HTML only",
            ));
        }
        _ => return Err(ApiError::bad("unsupported parse_mode")),
    };
    let (text, entities) = trimmed(&text, entities);
    Ok(Formatted {
        source,
        text,
        entities,
    })
}

/// Takes white space off both ends, as Telegram does, and moves the entities along.
fn trimmed(text: &str, entities: Vec<Entity>) -> (String, Vec<Entity>) {
    let inner = text.trim();
    if inner.len() == text.len() {
        return (text.to_owned(), entities);
    }
    let leading = utf16_length(&text[..text.len() - text.trim_start().len()]);
    let length = utf16_length(inner);
    let entities = entities
        .into_iter()
        .filter_map(|mut entity| {
            let end = (entity.offset + entity.length)
                .saturating_sub(leading)
                .min(length);
            entity.offset = entity.offset.saturating_sub(leading);
            entity.length = end
                .checked_sub(entity.offset)
                .filter(|length| *length > 0)?;
            Some(entity)
        })
        .collect();
    (inner.to_owned(), entities)
}

/// The letters that `text` begins with and that a command, with its bot's name, may have.
fn command_name(text: &str) -> &str {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '@'))
        .map_or(text, |end| &text[..end])
}

/// `bot_command` entities of what a customer wrote.
pub(crate) fn commands(text: &str) -> Vec<Entity> {
    let mut entities = Vec::new();
    let mut offset = 0;
    let mut before = ' ';
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let tail = &rest[next.len_utf8()..];
        let starts =
            next == '/' && !(before.is_alphanumeric() || matches!(before, '/' | '_' | '<'));
        let name = if starts { command_name(tail) } else { "" };
        let bare = name.split('@').next().unwrap_or_default().len();
        if (1..=32).contains(&bare) {
            entities.push(Entity {
                kind: "bot_command".into(),
                offset,
                length: 1 + name.len(),
                url: None,
                language: None,
                custom_emoji_id: None,
            });
        }
        offset += next.len_utf16();
        before = next;
        rest = tail;
    }
    entities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_where_they_stand() {
        let found = |text: &str| {
            commands(text)
                .iter()
                .map(|entity| (entity.offset, entity.length))
                .collect::<Vec<_>>()
        };
        assert_eq!(found("/start abc"), [(0, 6)]);
        assert_eq!(found("😀 /help@shop_bot"), [(3, 14)]);
        assert_eq!(found("and/or 1/2"), []);
        assert_eq!(found("/ "), []);
    }

    #[test]
    fn white_space_goes_and_entities_follow() {
        let bold = Entity {
            kind: "bold".into(),
            offset: 1,
            length: 4,
            url: None,
            language: None,
            custom_emoji_id: None,
        };
        let (text, entities) = trimmed("  ab  ", vec![bold]);
        assert_eq!(text, "ab");
        assert_eq!((entities[0].offset, entities[0].length), (0, 2));
    }
}
