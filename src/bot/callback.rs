//! What a button of ours carries: a typed, versioned code of at most 64 bytes. It names the wished state, so a repeat
//! is harmless; who may do it is asked where it is done.

mod desk;
mod own;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use self::desk::Desk;
pub use self::own::{Own, agreement};
use crate::shop::catalogue::is_slug;
use crate::shop::payments::Method;
use crate::shop::texts::Language;
use crate::store::PublicId;

/// The first byte of every code. A change that old buttons don't survive takes the next letter.
const VERSION: char = 'a';

/// Telegram's limit in bytes.
pub const LIMIT: usize = 64;

/// A method's letter in a code.
fn letter(method: Method) -> &'static str {
    match method {
        Method::Stars => "s",
        Method::TelegramCard => "c",
    }
}

/// What a tap asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// The main menu.
    Menu,
    /// A page of the catalogue, from 0.
    Catalogue {
        /// The page.
        page: u16,
    },
    /// A page of a category, from 0.
    Category {
        /// The category.
        slug: String,
        /// The page.
        page: u16,
    },
    /// A family's card.
    Family {
        /// The family.
        slug: String,
    },
    /// A page of what was found for the words that the chat keeps, from 0.
    Search {
        /// The page.
        page: u16,
    },
    /// A product's card.
    Product {
        /// The product.
        slug: String,
    },
    /// An order of one piece, at once.
    Buy {
        /// The product.
        slug: String,
        /// Drawn with the screen: the same again is the same order.
        nonce: [u8; 8],
    },
    /// So many pieces of a product in the cart.
    Put {
        /// The product.
        slug: String,
        /// How many pieces; 0 takes it out.
        quantity: u16,
        /// Where the button was.
        at: At,
    },
    /// The cart.
    Cart,
    /// Whether to empty the cart, asked before it is done.
    AskEmpty,
    /// The cart emptied.
    Empty,
    /// The cart made what can be had.
    Fit,
    /// The order of the cart.
    Checkout {
        /// The cart's version: the button is for no other.
        version: i64,
    },
    /// What an order had, in the cart again.
    Refill {
        /// The order's public id.
        order: PublicId,
    },
    /// The customer's own page.
    Profile,
    /// The question for a phone number.
    AskPhone,
    /// The phone number forgotten.
    ForgetPhone,
    /// An order's screen.
    Order {
        /// Its public id.
        id: PublicId,
    },
    /// An invoice for the order.
    Pay {
        /// The order's public id.
        order: PublicId,
        /// By which method.
        method: Method,
    },
    /// A new invoice in the place of this one.
    SendAgain {
        /// The attempt's public id.
        attempt: PublicId,
    },
    /// The order cancelled.
    Cancel {
        /// Its public id.
        order: PublicId,
    },
    /// A page of the customer's orders, from 0.
    Orders {
        /// The page.
        page: u16,
    },
    /// A page of the customer's keys, from 0.
    Keys {
        /// The page.
        page: u16,
    },
    /// The keys of an order, sent again.
    ShowKeys {
        /// The order's public id.
        order: PublicId,
    },
    /// The choice of languages, or one of them.
    Language {
        /// The chosen one; `None` shows the choice.
        code: Option<Language>,
    },
    /// Help.
    Help,
    /// Something about the customer themselves.
    Own(Own),
    /// Something at the staff desk.
    Desk(Desk),
}

/// Where a button that changes the cart was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// On the product's card.
    Card,
    /// In the cart.
    Cart,
}

/// Why a code is not followed. Each has its toast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Of another version of the bot: a fresh screen helps.
    #[error("the button is of another version")]
    Stale,
    /// No button of ours carries this.
    #[error("no button carries this")]
    Forged,
}

impl Callback {
    /// The code, of [`LIMIT`] bytes at the most.
    pub fn encode(&self) -> String {
        let rest = match self {
            Callback::Menu => "m".to_owned(),
            Callback::Catalogue { page } => format!("c{page}"),
            Callback::Category { slug, page } => format!("g{page}.{slug}"),
            Callback::Family { slug } => format!("f{slug}"),
            Callback::Search { page } => format!("q{page}"),
            Callback::Product { slug } => format!("p{slug}"),
            Callback::Buy { slug, nonce } => format!("b{}{slug}", URL_SAFE_NO_PAD.encode(nonce)),
            Callback::Put { slug, quantity, at } => {
                let at = match at {
                    At::Card => 'u',
                    At::Cart => 'v',
                };
                format!("{at}{quantity}.{slug}")
            }
            Callback::Cart => "t".to_owned(),
            Callback::AskEmpty => "z?".to_owned(),
            Callback::Empty => "z".to_owned(),
            Callback::Fit => "e".to_owned(),
            Callback::Checkout { version } => format!("w{version}"),
            Callback::Refill { order } => format!("j{order}"),
            Callback::Profile => "i".to_owned(),
            Callback::AskPhone => "n?".to_owned(),
            Callback::ForgetPhone => "n".to_owned(),
            Callback::Order { id: order } => format!("o{order}"),
            Callback::Pay { order, method } => format!("y{order}{}", letter(*method)),
            Callback::SendAgain { attempt } => format!("a{attempt}"),
            Callback::Cancel { order } => format!("x{order}"),
            Callback::Orders { page } => format!("r{page}"),
            Callback::Keys { page } => format!("k{page}"),
            Callback::ShowKeys { order } => format!("s{order}"),
            Callback::Language { code } => format!("l{}", code.map_or("", Language::code)),
            Callback::Help => "h".to_owned(),
            Callback::Own(own) => format!("C{}", own.encode()),
            Callback::Desk(desk) => format!("d{}", desk.encode()),
        };
        format!("{VERSION}{rest}")
    }

    /// Reads what [`Callback::encode`] wrote, and nothing else: every callback has one code.
    pub fn decode(code: &str) -> Result<Self, Unfit> {
        let mut letters = code.chars();
        match letters.next() {
            Some(VERSION) => {}
            Some(other) if other.is_ascii_lowercase() && code.len() <= LIMIT => {
                return Err(Unfit::Stale);
            }
            _ => return Err(Unfit::Forged),
        }
        let verb = letters.next();
        let callback = Self::read(verb, letters.as_str()).ok_or(Unfit::Forged)?;
        // Leading zeros, spare base64 bits and tails would give a callback many codes.
        if callback.encode() == code {
            Ok(callback)
        } else {
            Err(Unfit::Forged)
        }
    }

    fn read(verb: Option<char>, rest: &str) -> Option<Self> {
        Some(match verb? {
            'm' => Callback::Menu,
            'c' => Callback::Catalogue {
                page: rest.parse().ok()?,
            },
            'g' => {
                let (page, rest) = rest.split_once('.')?;
                Callback::Category {
                    slug: slug(rest)?,
                    page: page.parse().ok()?,
                }
            }
            'f' => Callback::Family { slug: slug(rest)? },
            'q' => Callback::Search {
                page: rest.parse().ok()?,
            },
            'p' => Callback::Product { slug: slug(rest)? },
            'b' => {
                // 8 bytes are 11 letters of base64.
                let (nonce, rest) = rest.split_at_checked(11)?;
                Callback::Buy {
                    nonce: nonce_of(nonce)?,
                    slug: slug(rest)?,
                }
            }
            verb @ ('u' | 'v') => {
                let (quantity, rest) = rest.split_once('.')?;
                Callback::Put {
                    quantity: quantity.parse().ok()?,
                    slug: slug(rest)?,
                    at: if verb == 'u' { At::Card } else { At::Cart },
                }
            }
            't' => Callback::Cart,
            'z' if rest.is_empty() => Callback::Empty,
            'z' => Callback::AskEmpty,
            'e' => Callback::Fit,
            'w' => Callback::Checkout {
                version: rest.parse().ok()?,
            },
            'j' => Callback::Refill {
                order: rest.parse().ok()?,
            },
            'i' => Callback::Profile,
            'n' if rest.is_empty() => Callback::ForgetPhone,
            'n' => Callback::AskPhone,
            'o' => Callback::Order {
                id: rest.parse().ok()?,
            },
            'y' => {
                // 16 bytes are 22 letters of base64.
                let (order, code) = rest.split_at_checked(22)?;
                let mut methods = Method::ALL.into_iter();
                Callback::Pay {
                    order: order.parse().ok()?,
                    method: methods.find(|method| letter(*method) == code)?,
                }
            }
            'a' => Callback::SendAgain {
                attempt: rest.parse().ok()?,
            },
            'x' => Callback::Cancel {
                order: rest.parse().ok()?,
            },
            'r' => Callback::Orders {
                page: rest.parse().ok()?,
            },
            'k' => Callback::Keys {
                page: rest.parse().ok()?,
            },
            's' => Callback::ShowKeys {
                order: rest.parse().ok()?,
            },
            'l' if rest.is_empty() => Callback::Language { code: None },
            'l' => {
                let mut languages = Language::ALL.into_iter();
                let code = languages.find(|language| language.code() == rest)?;
                Callback::Language { code: Some(code) }
            }
            'h' => Callback::Help,
            'C' => Callback::Own(Own::read(rest)?),
            'd' => Callback::Desk(Desk::read(rest)?),
            _ => return None,
        })
    }
}

fn slug(text: &str) -> Option<String> {
    is_slug(text).then(|| text.to_owned())
}

fn nonce_of(text: &str) -> Option<[u8; 8]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shop::confirmations::resend::Choice;
    use crate::shop::confirmations::senders::Messenger;

    fn choice(which: u8) -> Choice {
        let all = Messenger::ALL.map(Choice::By);
        let one = all.get(usize::from(which % 6)).copied();
        one.unwrap_or(if which % 6 == 4 {
            Choice::Any
        } else {
            Choice::AsBefore
        })
    }

    fn any_callback() -> impl Strategy<Value = Callback> {
        let slug = "[a-z0-9][a-z0-9-]{0,31}";
        let method = prop::sample::select(Method::ALL.to_vec());
        let language = prop::sample::select(vec![None, Some(Language::En), Some(Language::Ru)]);
        prop_oneof![
            Just(Callback::Menu),
            any::<u16>().prop_map(|page| Callback::Catalogue { page }),
            slug.prop_map(|slug| Callback::Product { slug }),
            slug.prop_map(|slug| Callback::Family { slug }),
            (slug, any::<u16>()).prop_map(|(slug, page)| Callback::Category { slug, page }),
            any::<u16>().prop_map(|page| Callback::Search { page }),
            (slug, any::<[u8; 8]>()).prop_map(|(slug, nonce)| Callback::Buy { slug, nonce }),
            (slug, any::<u16>(), any::<bool>()).prop_map(|(slug, quantity, in_cart)| {
                let at = if in_cart { At::Cart } else { At::Card };
                Callback::Put { slug, quantity, at }
            }),
            prop::sample::select(vec![
                Callback::Cart,
                Callback::AskEmpty,
                Callback::Empty,
                Callback::Fit,
                Callback::Profile,
                Callback::AskPhone,
                Callback::ForgetPhone,
            ]),
            any::<i64>().prop_map(|version| Callback::Checkout { version }),
            any::<[u8; 16]>()
                .prop_map(PublicId)
                .prop_map(|order| Callback::Refill { order }),
            any::<[u8; 16]>()
                .prop_map(PublicId)
                .prop_map(|id| Callback::Order { id }),
            (any::<[u8; 16]>().prop_map(PublicId), method)
                .prop_map(|(order, method)| Callback::Pay { order, method }),
            any::<[u8; 16]>()
                .prop_map(PublicId)
                .prop_map(|attempt| Callback::SendAgain { attempt }),
            any::<[u8; 16]>()
                .prop_map(PublicId)
                .prop_map(|order| Callback::Cancel { order }),
            any::<u16>().prop_map(|page| Callback::Orders { page }),
            any::<u16>().prop_map(|page| Callback::Keys { page }),
            any::<[u8; 16]>()
                .prop_map(PublicId)
                .prop_map(|order| Callback::ShowKeys { order }),
            language.prop_map(|code| Callback::Language { code }),
            any::<([u8; 16], u8)>().prop_map(|(id, which)| {
                let id = PublicId(id);
                Callback::Own(match which % 13 {
                    0 => Own::AskEmail,
                    1 => Own::ForgetEmail,
                    2 => Own::Code { id },
                    3 => Own::Resend { id },
                    4 => Own::AskName,
                    7 => Own::Vk,
                    8 => Own::SendBy {
                        by: choice(which / 13),
                    },
                    9 => Own::ResendBy {
                        id,
                        by: choice(which / 13),
                    },
                    5 => Own::OwnName,
                    6 => Own::Agree {
                        to: agreement(Some("0a1b2c3d"), None),
                    },
                    10 => Own::EndSession { id },
                    11 => Own::EndSessions,
                    _ => Own::Cabinet,
                })
            }),
            Just(Callback::Help),
        ]
    }

    #[test]
    fn the_longest_code_fits() {
        let buy = Callback::Buy {
            slug: "z".repeat(32),
            nonce: [255; 8],
        };
        assert_eq!(buy.encode().len(), 45);
    }

    #[test]
    fn old_buttons_are_stale_and_strange_ones_forged() {
        for code in ["z", "b", "bm", "zsomething-new"] {
            assert_eq!(Callback::decode(code), Err(Unfit::Stale), "{code}");
        }
        let long = format!("z{}", "x".repeat(64));
        for code in [
            "",
            "a",
            "am1",
            "a ",
            "ac",
            "ac-1",
            "ac01",
            "ac65536",
            "ap",
            "apZeta",
            "ap-",
            "ag1",
            "ag01.vpn",
            "ag1.",
            "af",
            "aq-1",
            "ab",
            "abcd",
            "aoAA",
            "aldé",
            "alde",
            "é",
            "A",
            "1",
            "ayAAAAAAAAAAAAAAAAAAAAAAz",
            "aoAAAAAAAAAAAAAAAAAAAAAB",
            &long,
        ] {
            assert_eq!(Callback::decode(code), Err(Unfit::Forged), "{code}");
        }
    }

    #[test]
    fn every_method_has_a_letter_of_its_own() {
        for method in Method::ALL {
            let order = PublicId([7; 16]);
            let pay = Callback::Pay { order, method };
            assert_eq!(Callback::decode(&pay.encode()), Ok(pay));
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_fits_and_is_read_back(callback in any_callback()) {
            let code = callback.encode();
            prop_assert!(code.len() <= LIMIT, "{} bytes", code.len());
            prop_assert_eq!(Callback::decode(&code), Ok(callback));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*", tail in ".*") {
            let _ = Callback::decode(&text);
            for verb in "mcgfqpbuvtzewjinoyaxrkslhdC".chars() {
                let code = format!("{VERSION}{verb}{tail}");
                if let Ok(callback) = Callback::decode(&code) {
                    prop_assert_eq!(callback.encode(), code);
                }
            }
        }
    }
}
