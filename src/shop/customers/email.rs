//! E-mail addresses: read with care, since they end up in headers.

use std::fmt;

use url::Host;

/// An address: its local part as it was typed, its domain in small ASCII letters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email {
    text: String,
    key: String,
}

/// RFC 5321, 4.5.3.1.3: a path has 256 characters at most, two of them `<` and `>`.
const LONGEST: usize = 254;
/// RFC 5321, 4.5.3.1.1.
const LONGEST_LOCAL: usize = 64;

impl Email {
    /// Reads an address. The local part is a dot-atom of RFC 5322: neither quoted nor with letters beyond ASCII, which many
    /// servers refuse. The domain may be written in any script and is kept in ASCII.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        if text.len() > 2 * LONGEST {
            return None;
        }
        let (local, domain) = text.split_once('@')?;
        let is_atom = |part: &str| !part.is_empty() && part.bytes().all(is_atext);
        if local.len() > LONGEST_LOCAL || !local.split('.').all(is_atom) {
            return None;
        }
        let domain = read_domain(domain)?;
        let text = format!("{local}@{domain}");
        let key = text.to_ascii_lowercase();
        (text.len() <= LONGEST).then_some(Self { text, key })
    }

    /// The address, as mails are sent to it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// All of it in small letters, as addresses are compared.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The address with its local part hidden, such as `j***@example.com`.
    pub fn masked(&self) -> String {
        let at = self.text.find('@').unwrap_or_default();
        format!("{}***{}", &self.text[..1], &self.text[at..])
    }
}

/// Masked: addresses of people are not for logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({})", self.masked())
    }
}

/// RFC 5322, 3.2.3.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// A name in the public sense: with a dot, of letters, digits and dashes, no address of a machine.
fn read_domain(domain: &str) -> Option<String> {
    // The parser of hosts would decode these.
    if domain.contains('%') {
        return None;
    }
    let Ok(Host::Domain(domain)) = Host::parse(domain) else {
        return None;
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = domain.contains('.') && domain.len() <= 253 && domain.split('.').all(is_label);
    is_name.then_some(domain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_and_their_domains_brought_to_ascii() {
        for (text, read, key) in [
            ("Ann@Example.COM", "Ann@example.com", "ann@example.com"),
            ("  ann@example.com ", "ann@example.com", "ann@example.com"),
            (
                "a.b+c_d@sub.example.org",
                "a.b+c_d@sub.example.org",
                "a.b+c_d@sub.example.org",
            ),
            (
                "ann@пример.рф",
                "ann@xn--e1afmkfd.xn--p1ai",
                "ann@xn--e1afmkfd.xn--p1ai",
            ),
            (
                "ann@МОСКВА.рф",
                "ann@xn--80adxhks.xn--p1ai",
                "ann@xn--80adxhks.xn--p1ai",
            ),
            (
                "o'hara@example.co",
                "o'hara@example.co",
                "o'hara@example.co",
            ),
            ("1@1.example", "1@1.example", "1@1.example"),
        ] {
            let email = Email::read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((email.as_str(), email.key()), (read, key), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_not_read() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}com", "abcdefgh.".repeat(28));
        for wrong in [
            "",
            "@",
            "ann",
            "ann@",
            "@example.com",
            "ann@@example.com",
            "ann@bob@example.com",
            "ann@example",
            "ann@localhost",
            "ann@example.com.",
            "ann@.example.com",
            "ann@ex ample.com",
            "an n@example.com",
            "ann@example.com\r\nBcc: bob@example.com",
            "ann\r\n@example.com",
            "ann@example.com\n",
            "ann\0@example.com",
            "ann@exam\0ple.com",
            "\tann@example.com",
            "ann@127.0.0.1",
            "ann@2130706433",
            "ann@[127.0.0.1]",
            "ann@[::1]",
            "ann@0x7f.1",
            "ann@exa%6dple.com",
            "ann@exa%0d%0ample.com",
            "\"ann\"@example.com",
            "<ann@example.com>",
            "Ann <ann@example.com>",
            "ann@example.com,bob@example.com",
            "ann@example.com;bob@example.com",
            ".ann@example.com",
            "ann.@example.com",
            "a..b@example.com",
            "анна@example.com",
            "ann@-example.com",
            "ann@example-.com",
            "ann@exam_ple.com",
            "ann@example.com/x",
            "ann@example.com:25",
            "ann@example.com?x",
            "ann@example.com#x",
            &long,
            &longer,
        ] {
            assert_eq!(Email::read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_address_hides_itself() {
        let email = Email::read("john@example.com").unwrap();
        assert_eq!(format!("{email:?}"), "Email(j***@example.com)");
    }

    proptest! {
        #[test]
        fn what_is_read_is_harmless_in_a_header_and_reads_the_same_again(text in "\\PC{0,12}@\\PC{0,12}|[a-zA-Z0-9.@%+ -]{0,40}") {
            if let Some(email) = Email::read(&text) {
                let plain = email.as_str().bytes().all(|it| it.is_ascii_graphic() && !b"<>()[],;:\"\\".contains(&it));
                prop_assert!(plain, "{}", email.as_str());
                prop_assert_eq!(email.as_str().matches('@').count(), 1);
                prop_assert!(email.as_str().len() <= 254);
                prop_assert_eq!(Email::read(email.as_str()), Some(email.clone()));
                prop_assert_eq!(Email::read(email.key()).map(|it| it.key().to_owned()), Some(email.key().to_owned()));
            }
        }
    }
}
