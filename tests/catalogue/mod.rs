//! The catalogue: imported, browsed, searched and looked at.

mod browsing;
mod searching;

use kiosk::shop::catalogue::file::{Format, Photos, Unreadable, parse};
use kiosk::shop::catalogue::import::{ImportError, Report, import};
use kiosk::shop::keys::import as keys;
use kiosk::shop::vault::{MasterKey, Vault};
use kiosk::store::Store;

use crate::support::shop::MASTER;

/// A small catalogue: two levels, a family, and something that is sold out.
const CATALOGUE: &str = r#"
[[category]]
id = "net"
title = { en = "Network", ru = "Сеть" }
[[category]]
id = "vpn"
parent = "net"
title = { en = "VPN", ru = "ВПН" }
[[category]]
id = "empty"
title = { en = "Nothing here" }
[[family]]
id = "eta"
title = { en = "Eta VPN", ru = "Eta VPN" }
[[product]]
id = "eta-month"
kind = "stock"
category = "vpn"
family = "eta"
title = { en = "Eta VPN, one month", ru = "Eta VPN, месяц" }
price = { RUB = "99.00", XTR = 50 }
[[product]]
id = "eta-year"
kind = "stock"
category = "vpn"
family = "eta"
title = { en = "Eta VPN, one year", ru = "Eta VPN, год" }
price = { XTR = 500 }
[[product]]
id = "tea"
kind = "stock"
category = "net"
title = { en = "A 100% <b>green</b> tea_bag", ru = "Зелёный чай" }
description = { en = "Not a network.", ru = "Совсем не сеть." }
price = { XTR = 5 }
"#;

/// Imports a catalogue; its pictures are what `photo` has.
async fn load_with(
    store: &Store,
    toml: &str,
    photo: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<Report, ImportError> {
    let file = parse(toml.as_bytes(), Format::Toml).expect("a catalogue");
    let photos = Photos::read(&file, |name| photo(name).ok_or(Unreadable::Missing));
    import(store, file, photos.expect("pictures")).await
}

async fn load(store: &Store, toml: &str) -> Report {
    load_with(store, toml, |_| None).await.expect("imported")
}

/// Keys for a product.
async fn fill(store: &Store, slug: &str, count: usize) {
    let master = MasterKey::from_base64(MASTER).expect("a master key");
    let vault = Vault::open(store, &master).await.expect("a vault");
    let lines: String = (0..count).map(|at| format!("{slug}-{at:04}\n")).collect();
    let lines = std::io::Cursor::new(lines);
    keys::import(store, &vault, slug, lines, |_| {})
        .await
        .expect("keys");
}
