//! Phone numbers: as Telegram writes them in a contact, and as people type them.

use std::fmt;

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, Type};

/// A phone number: `+` and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// The country whose numbers may be typed without their country code, such as `RU`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(Id);

/// Nobody types a number longer than this, spaces and all.
const LONGEST: usize = 40;

impl Region {
    /// Reads a country's two letters. The plans of numbers, 2 MB, are not read for it: most shops are at rest.
    pub fn read(code: &str) -> Option<Self> {
        let code = code.to_ascii_uppercase();
        let is_code = code.len() == 2 && code.bytes().all(|it| it.is_ascii_uppercase());
        is_code.then(|| code.parse().ok()).flatten().map(Self)
    }
}

impl Phone {
    /// Reads a number as Telegram writes it in a contact: digits, perhaps with a `+`, spaces and dashes among them.
    pub fn read(text: &str) -> Option<Self> {
        let digits: String = text
            .chars()
            .filter(|letter| !matches!(letter, '+' | ' ' | '-' | '(' | ')'))
            .collect();
        let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
        fits.then(|| Self(format!("+{digits}")))
    }

    /// Reads a number as people type it: international, or as it is dialled inside `region`. `None` for what is no number
    /// of any country, and for those that no code can be sent to: landlines, premium and service numbers.
    pub fn typed(text: &str, region: Option<Region>) -> Option<Self> {
        let text = text.trim();
        let is_number = text.len() <= LONGEST
            && text.chars().all(|letter| {
                letter.is_ascii_digit()
                    || matches!(letter, '+' | ' ' | '-' | '(' | ')' | '.' | '\u{a0}')
            })
            && text.rfind('+').is_none_or(|at| at == 0);
        if !is_number {
            return None;
        }
        let plain: String = text
            .chars()
            .filter(|letter| letter.is_ascii_digit() || *letter == '+')
            .collect();
        let number = phonenumber::parse(region.map(|region| region.0), plain).ok()?;
        let kind = number.number_type(&DATABASE);
        let takes_codes = matches!(
            kind,
            Type::Mobile | Type::FixedLineOrMobile | Type::PersonalNumber | Type::Voip
        );
        if !takes_codes || number.extension().is_some() || !number.is_valid() {
            return None;
        }
        Self::read(&number.format().mode(Mode::E164).to_string())
    }

    /// The number with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number with its middle hidden, such as `+7999***4567`.
    pub fn masked(&self) -> String {
        let shown = self.0.len().saturating_sub(7).min(5);
        format!("{}***{}", &self.0[..shown], &self.0[self.0.len() - 4..])
    }
}

/// Masked: numbers of people are not for logs.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_russia(text: &str) -> Option<String> {
        Phone::typed(text, Region::read("ru")).map(|phone| phone.as_str().to_owned())
    }

    #[test]
    fn a_contact_is_read_with_and_without_its_plus() {
        for text in [
            "79991234567",
            "+79991234567",
            "+7 999 123-45-67",
            "7 (999) 1234567",
        ] {
            assert_eq!(
                Phone::read(text).unwrap().as_str(),
                "+79991234567",
                "{text}"
            );
        }
        for wrong in [
            "",
            "+",
            "123456",
            "call me",
            "1234567890123456",
            "+7999123456a",
        ] {
            assert_eq!(Phone::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn russian_and_international_numbers_are_read_as_they_are_typed() {
        for text in [
            "89991234567",
            "8 999 123-45-67",
            "8 (999) 123 45 67",
            "+7 999 123-45-67",
            "+79991234567",
            "79991234567",
            "9991234567",
            "999 123 45 67",
            " 8-999-123-45-67 ",
            "8\u{a0}999\u{a0}1234567",
        ] {
            assert_eq!(in_russia(text).as_deref(), Some("+79991234567"), "{text}");
        }
        for (text, number) in [
            ("+375 29 123-45-67", "+375291234567"),
            ("+380 67 123 45 67", "+380671234567"),
            ("+7 701 123 45 67", "+77011234567"),
            ("+1 650 253 0000", "+16502530000"),
            ("+44 7400 123456", "+447400123456"),
            ("+49 1512 3456789", "+4915123456789"),
        ] {
            assert_eq!(in_russia(text).as_deref(), Some(number), "{text}");
            let anywhere = Phone::typed(text, None).unwrap();
            assert_eq!(anywhere.as_str(), number);
        }
    }

    #[test]
    fn what_takes_no_codes_is_no_number() {
        for wrong in [
            "",
            "+",
            "8",
            "123456",
            "+7",
            "+0 000 000",
            "+7 999 123",
            "+7 999 123-45-678",
            "899912345678",
            "8 800 555 35 35",
            "8 809 505 12 34",
            "+7 495 123-45-67",
            "+1 900 555 0123",
            "+44 20 7946 0958",
            "7+9991234567",
            "+79991234567 x5",
            "+79991234567;ext=5",
            "1-800-FLOWERS",
            "٩٩٩١٢٣٤٥٦٧",
            "\r\n89991234567\n+79991234568",
            "0".repeat(41).as_str(),
        ] {
            assert_eq!(in_russia(wrong), None, "{wrong:?}");
        }
        assert_eq!(Phone::typed("9991234567", None), None, "which country?");
        for wrong in ["", "R", "ZZ", "RUS", "7", "Р"] {
            assert_eq!(Region::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_hides_itself() {
        let phone = Phone::read("+79991234567").unwrap();
        assert_eq!(format!("{phone:?}"), "Phone(+7999***4567)");
        assert_eq!(Phone::read("1234567").unwrap().masked(), "+***4567");
    }
}
