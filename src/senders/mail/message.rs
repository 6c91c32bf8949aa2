//! A mail as the bytes that go over the line. Every value of a header is one line before lettre encodes it: what holds a
//! line end or another control character is not sent at all.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use url::Host;

use crate::clock::Millis;
use crate::shop::confirmations::senders::Mail;

/// The longest address that can be mailed to (RFC 5321, with its errata).
const ADDRESS: usize = 254;
/// The longest line of a header, with its name, that is safe everywhere (RFC 5322).
const LINE: usize = 900;

/// Why a mail can't be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// The address can't be one.
    Address,
    /// Something in it has no place in a header; its name.
    Header(&'static str),
}

/// A mail, ready to be handed over.
pub(super) struct Written {
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

/// Writes a mail from `from` at the time `now`.
pub(super) fn write(mail: &Mail, from: &Mailbox, now: Millis) -> Result<Written, Unwritten> {
    let to = address(&mail.to).ok_or(Unwritten::Address)?;
    if mail.subject.trim().is_empty() || !is_line(&mail.subject) {
        return Err(Unwritten::Header("Subject"));
    }
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let id = &mail.message_id;
    if id.is_empty() || id.len() > 128 || !id.bytes().all(is_atom) {
        return Err(Unwritten::Header("Message-ID"));
    }
    let now = UNIX_EPOCH + Duration::from_millis(now.max(0) as u64);
    let mut message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(mail.subject.trim())
        .date(now)
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        // No answer of a robot, please (RFC 3834).
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()));
    if let Some(link) = &mail.unsubscribe {
        let is_link = |text: &str| {
            text.starts_with("https://")
                && text.len() < LINE
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"<>,".contains(&byte))
        };
        if !is_link(link) {
            return Err(Unwritten::Header("List-Unsubscribe"));
        }
        message = message
            .raw_header(raw("List-Unsubscribe", format!("<{link}>")))
            .raw_header(raw(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            ));
    }
    let parts = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let message = message
        .multipart(parts)
        .map_err(|_| Unwritten::Header("From"))?;
    Ok(Written {
        to,
        bytes: message.formatted(),
    })
}

/// A header of plain ASCII that is one line, which needs neither folding nor encoding: a folded link is no link to some.
fn raw(name: &'static str, value: String) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}

/// Whether a text can be a header's value.
pub(super) fn is_line(text: &str) -> bool {
    // U+2028 and U+2029 are line ends to some readers.
    text.len() < LINE
        && !text.contains(|letter: char| {
            letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
        })
}

/// An address that can be mailed to. Quoted local parts exist on paper only, and are a way to write other things.
pub(super) fn address(text: &str) -> Option<Address> {
    let (user, domain) = text.rsplit_once('@')?;
    let strange = |letter: char| letter.is_whitespace() || "\"<>()[],;:\\".contains(letter);
    if text.len() > ADDRESS || !is_line(text) || text.contains(strange) {
        return None;
    }
    let domain = match Host::parse(domain).ok()? {
        Host::Domain(domain) => domain,
        Host::Ipv4(_) | Host::Ipv6(_) => return None,
    };
    Address::new(user, domain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_or_it_is_none() {
        let domain = |text| address(text).map(|address| address.domain().to_owned());
        assert_eq!(domain("ann@example.com").as_deref(), Some("example.com"));
        assert_eq!(
            domain("Ann.B+k@EXAMPLE.com").as_deref(),
            Some("example.com")
        );
        assert_eq!(
            domain("анна@почта.рф").as_deref(),
            Some("xn--80a1acny.xn--p1ai")
        );
        for wrong in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@b@example.com",
            "ann b@example.com",
            "\"ann\"@example.com",
            "ann@example.com>\r\nBcc: <eve@example.com",
            "ann\n@example.com",
            "ann\0@example.com",
            "ann,eve@example.com",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "ann@exa mple.com",
            &format!("{}@example.com", "a".repeat(250)),
        ] {
            assert_eq!(address(wrong), None, "{wrong:?}");
        }
    }
}
