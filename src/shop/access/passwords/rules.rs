//! Which passwords are taken. Length is what makes one good; a list keeps out those that everybody tries first.

use super::Password;

/// Characters of a password, at least.
pub const SHORTEST: usize = 8;
/// Characters of a password, at most: a longer one costs more than it is worth to hash.
pub const LONGEST: usize = 256;

/// The list, whose head tells its source and its licence.
const COMMON: &str = include_str!("common.txt");
/// The keys of a Russian keyboard, and what they write when it is switched to English.
const KEYS: (&str, &str) = (
    "йцукенгшщзхъфывапролджэячсмитьбюё",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,.`",
);

/// What a password must not be.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The shop's name.
    pub shop: String,
    /// The customer's phone number.
    pub phone: Option<String>,
    /// The customer's e-mail address.
    pub email: Option<String>,
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Less than [`SHORTEST`] characters.
    #[error("too short")]
    Short,
    /// More than [`LONGEST`] characters.
    #[error("too long")]
    Long,
    /// Everybody tries it first.
    #[error("too common")]
    Common,
    /// It is the shop's name.
    #[error("the shop's name")]
    Shop,
    /// It is their phone number or their e-mail address.
    #[error("their own phone number or e-mail address")]
    Yours,
}

/// Whether somebody may have this password.
pub fn judge(password: &Password, about: &About) -> Result<(), Weak> {
    let length = password.length();
    if length < SHORTEST {
        return Err(Weak::Short);
    }
    if length > LONGEST {
        return Err(Weak::Long);
    }
    let small = password.text().to_lowercase();
    if is_common(&small) {
        return Err(Weak::Common);
    }
    // The name with a year behind it is the name.
    let letters = small.trim_matches(|letter: char| !letter.is_alphabetic());
    let shop = about.shop.to_lowercase();
    if is_same(&small, &shop) || (!letters.is_empty() && is_same(letters, &shop)) {
        return Err(Weak::Shop);
    }
    if about
        .phone
        .as_deref()
        .is_some_and(|it| is_phone(&small, it))
        || about
            .email
            .as_deref()
            .is_some_and(|it| is_email(&small, it))
    {
        return Err(Weak::Yours);
    }
    Ok(())
}

fn is_common(small: &str) -> bool {
    let mut letters = small.chars();
    let first = letters.next();
    if letters.all(|letter| Some(letter) == first) {
        return true;
    }
    let typed: String = small.chars().map(in_english).collect();
    let listed = COMMON.lines().filter(|line| !line.starts_with('#'));
    listed
        .into_iter()
        .any(|word| word == small || word == typed)
}

/// What the key of a letter writes on an English keyboard.
fn in_english(letter: char) -> char {
    let (russian, english) = KEYS;
    let at = russian.chars().position(|it| it == letter);
    at.and_then(|at| english.chars().nth(at)).unwrap_or(letter)
}

fn is_same(one: &str, other: &str) -> bool {
    let letters =
        |text: &str| -> String { text.chars().filter(|it| !it.is_whitespace()).collect() };
    letters(one) == letters(other)
}

/// A number is itself however it is spaced, and with 8 for +7 or without either.
fn is_phone(small: &str, phone: &str) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let is_number = small
        .chars()
        .all(|letter| letter.is_ascii_digit() || " +-()".contains(letter));
    let (typed, own) = (digits(small), digits(phone));
    is_number && (own.ends_with(&typed) || typed.get(1..) == own.get(1..))
}

fn is_email(small: &str, email: &str) -> bool {
    let email = email.to_lowercase();
    let local = email.rsplit_once('@').map_or("", |(local, _)| local);
    small == email || small == local
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str) -> Result<(), Weak> {
        let about = About {
            shop: "Лавка Zeta".to_owned(),
            phone: Some("+79995551234".to_owned()),
            email: Some("Anna.Long.Name@example.com".to_owned()),
        };
        judge(&Password::new(password.to_owned()), &about)
    }

    #[test]
    fn length_is_counted_in_characters_and_nothing_is_trimmed() {
        assert_eq!(judged("жук-жук"), Err(Weak::Short));
        assert_eq!(judged("жук-жуки"), Ok(()));
        assert_eq!(judged("🦊🐻🦊🐻🦊🐻🦊"), Err(Weak::Short));
        assert_eq!(judged("🦊🐻🦊🐻🦊🐻🦊🐻"), Ok(()));
        assert_eq!(judged(" four   "), Ok(()), "spaces are characters");
        assert_eq!(judged(&"жук".repeat(85)), Ok(()));
        assert_eq!(judged(&format!("{}я!", "жук".repeat(85))), Err(Weak::Long));
    }

    #[test]
    fn no_class_of_characters_is_asked_for() {
        for fine in [
            "correct horse battery",
            "слон ест ананас",
            "38295617402",
            "!;;!..!-!",
        ] {
            assert_eq!(judged(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn what_everybody_tries_first_is_not_taken() {
        for common in [
            "password",
            "PASSWORD",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "trustno1",
            "aaaaaaaa",
            "ЖЖЖЖЖЖЖЖЖ",
            "йцукенгш",
            "ЙЦУКЕНГШ",
            "парольпароль",
        ] {
            assert_eq!(judged(common), Err(Weak::Common), "{common}");
        }
        let listed = COMMON.lines().filter(|line| !line.starts_with('#'));
        let listed: Vec<&str> = listed.collect();
        assert!(listed.len() >= 3_000);
        assert!(
            listed
                .iter()
                .all(|word| word.chars().count() >= SHORTEST && **word == word.to_lowercase())
        );
    }

    #[test]
    fn what_everybody_knows_of_them_is_not_taken() {
        for shop in [
            "лавка zeta",
            "ЛавкаZeta",
            "Лавка Zeta 2026!",
            "123лавкаzeta",
        ] {
            assert_eq!(judged(shop), Err(Weak::Shop), "{shop}");
        }
        for own in [
            "+79995551234",
            "79995551234",
            "89995551234",
            "9995551234",
            "8 (999) 555-12-34",
            "95551234",
            "anna.long.name@EXAMPLE.com",
            "Anna.Long.Name",
        ] {
            assert_eq!(judged(own), Err(Weak::Yours), "{own}");
        }
        assert_eq!(judged("89995551235"), Ok(()));
        assert_eq!(judged("лавка zeta на углу"), Ok(()));
        let nothing = About::default();
        assert_eq!(
            judge(&Password::new("2026-2027!".to_owned()), &nothing),
            Ok(())
        );
    }
}
