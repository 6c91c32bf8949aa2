//! The buttons of the staff desk. A code names what is wished; whether this person may have it is asked where it is done.

use super::slug;

/// What a tap on the staff desk asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Desk {
    /// The desk itself.
    Home,
    /// A page of open tasks, from 0.
    Tasks {
        /// The page.
        page: u16,
    },
    /// One task.
    Task {
        /// Its number.
        id: i64,
    },
    /// The question whether a task is done.
    Resolve {
        /// Its number.
        id: i64,
    },
    /// Yes, the task is done.
    Resolved {
        /// Its number.
        id: i64,
    },
    /// A page of stock levels, from 0.
    Stock {
        /// The page.
        page: u16,
    },
    /// New keys for a product.
    Keys {
        /// The product.
        slug: String,
    },
    /// Yes, add the keys that were sent.
    AddKeys {
        /// The message that carried them, by its place in the inbox.
        upload: i64,
        /// The product.
        slug: String,
    },
    /// No, forget the keys that were sent.
    DropKeys {
        /// The message that carried them.
        upload: i64,
    },
    /// A page of the newest orders, from 0.
    Orders {
        /// The page.
        page: u16,
    },
}

impl Desk {
    pub(super) fn encode(&self) -> String {
        match self {
            Desk::Home => String::new(),
            Desk::Tasks { page } => format!("t{page}"),
            Desk::Task { id } => format!("n{id}"),
            Desk::Resolve { id } => format!("r{id}"),
            Desk::Resolved { id } => format!("y{id}"),
            Desk::Stock { page } => format!("s{page}"),
            Desk::Keys { slug } => format!("k{slug}"),
            Desk::AddKeys { upload, slug } => format!("a{upload}.{slug}"),
            Desk::DropKeys { upload } => format!("x{upload}"),
            Desk::Orders { page } => format!("o{page}"),
        }
    }

    pub(super) fn read(code: &str) -> Option<Self> {
        let mut letters = code.chars();
        let Some(verb) = letters.next() else {
            return Some(Desk::Home);
        };
        let rest = letters.as_str();
        Some(match verb {
            't' => Desk::Tasks {
                page: rest.parse().ok()?,
            },
            'n' => Desk::Task {
                id: rest.parse().ok()?,
            },
            'r' => Desk::Resolve {
                id: rest.parse().ok()?,
            },
            'y' => Desk::Resolved {
                id: rest.parse().ok()?,
            },
            's' => Desk::Stock {
                page: rest.parse().ok()?,
            },
            'k' => Desk::Keys { slug: slug(rest)? },
            'a' => {
                let (upload, product) = rest.split_once('.')?;
                Desk::AddKeys {
                    upload: upload.parse().ok()?,
                    slug: slug(product)?,
                }
            }
            'x' => Desk::DropKeys {
                upload: rest.parse().ok()?,
            },
            'o' => Desk::Orders {
                page: rest.parse().ok()?,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Callback, LIMIT};
    use super::*;

    fn any_desk() -> impl Strategy<Value = Desk> {
        let slug = "[a-z0-9][a-z0-9-]{0,31}";
        prop_oneof![
            Just(Desk::Home),
            any::<u16>().prop_map(|page| Desk::Tasks { page }),
            any::<i64>().prop_map(|id| Desk::Task { id }),
            any::<i64>().prop_map(|id| Desk::Resolve { id }),
            any::<i64>().prop_map(|id| Desk::Resolved { id }),
            any::<u16>().prop_map(|page| Desk::Stock { page }),
            slug.prop_map(|slug| Desk::Keys { slug }),
            (any::<i64>(), slug).prop_map(|(upload, slug)| Desk::AddKeys { upload, slug }),
            any::<i64>().prop_map(|upload| Desk::DropKeys { upload }),
            any::<u16>().prop_map(|page| Desk::Orders { page }),
        ]
    }

    proptest! {
        #[test]
        fn a_desks_code_fits_and_is_read_back(desk in any_desk()) {
            let callback = Callback::Desk(desk);
            let code = callback.encode();
            prop_assert!(code.len() <= LIMIT, "{} bytes", code.len());
            prop_assert_eq!(Callback::decode(&code), Ok(callback));
        }
    }
}
