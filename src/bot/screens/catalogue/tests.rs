//! The catalogue's part of the gallery, and what its labels say.

use super::super::tests::{localizer, nameless, prices, texts, zeta};
use super::*;
use crate::shop::catalogue::shelf::Category;
use crate::shop::texts::Language;

const NONCE: [u8; 8] = [7; 8];

fn category(slug: &str, english: &str, russian: &str) -> Category {
    Category {
        slug: slug.to_owned(),
        title: texts(english, russian),
    }
}

fn hit(product: Product, is_sold_out: bool) -> Hit {
    Hit {
        product,
        is_sold_out,
    }
}

fn family(json: &[&str], is_sold_out: bool) -> Entry {
    Entry::Family {
        slug: "zeta".to_owned(),
        title: texts("Zeta", "Zeta"),
        prices: json.iter().map(|json| prices(json)).collect(),
        is_sold_out,
    }
}

fn shelf(path: Vec<Category>, entries: Vec<Entry>, page: u16, pages: u16) -> Shelf {
    Shelf {
        path,
        entries,
        page,
        pages,
    }
}

pub(in crate::bot::screens) fn card(product: Product) -> Card {
    Card {
        left: 1,
        category: Some("vpn".to_owned()),
        photo: None,
        family: None,
        variants: Vec::new(),
        product,
    }
}

fn month_and_year() -> Card {
    let month = Product {
        title: texts("Zeta VPN, one month", "Zeta VPN, месяц"),
        max_per_customer: Some(5),
        ..zeta()
    };
    let variant = |slug: &str, title: Texts, json: &str, is_sold_out| Variant {
        slug: slug.to_owned(),
        title,
        prices: prices(json),
        is_sold_out,
    };
    Card {
        family: Some(texts("Zeta VPN", "Zeta VPN")),
        variants: vec![
            variant(&month.slug, month.title.clone(), r#"{"XTR":250}"#, false),
            variant(
                "zeta-year",
                texts("Zeta VPN, one year", "Zeta VPN, год"),
                r#"{"XTR":2500}"#,
                true,
            ),
            variant("zeta", texts("Zeta VPN", "Zeta VPN"), r#"{"XTR":9}"#, false),
        ],
        ..card(month)
    }
}

fn shown(l: &Localizer, card: &Card, stock: Stock) -> Screen {
    let back = Callback::Category {
        slug: "vpn".to_owned(),
        page: 1,
    };
    product(l, card, stock, Currency::RUB, back, 0, NONCE)
}

/// The screens with their names.
pub(in crate::bot::screens) fn screens(l: &Localizer) -> Vec<(&'static str, Screen)> {
    let net = || category("net", "Network & more", "Сеть & связь");
    let vpn = || category("vpn", "VPN", "VPN");
    let top = vec![
        Entry::Category(net()),
        family(&[r#"{"XTR":250}"#, r#"{"XTR":2500,"RUB":100}"#], false),
        Entry::Product(hit(zeta(), false)),
        Entry::Product(hit(nameless(), true)),
    ];
    let same = family(&[r#"{"RUB":0}"#, r#"{"RUB":0}"#], false);
    let mixed = family(&[r#"{"RUB":100}"#, r#"{"XTR":2}"#], false);
    let below = vec![same, mixed, family(&[], true)];
    let hits = [hit(zeta(), false), hit(nameless(), true)];
    let long = Card {
        category: None,
        ..card(nameless())
    };
    let pictured = Card {
        photo: Some(1),
        product: Product {
            title: texts(&"😀".repeat(64), &"&".repeat(64)),
            description: texts(&"🎁<b>".repeat(200), &"Длинно & ".repeat(100)),
            max_per_customer: Some(1_000),
            ..zeta()
        },
        ..card(zeta())
    };
    let free = Card {
        product: Product {
            prices: prices(r#"{"RUB":0,"XTR":0}"#),
            ..zeta()
        },
        ..long.clone()
    };
    vec![
        ("catalogue", catalogue(l, &shelf(vec![], top, 0, 1))),
        (
            "catalogue, category",
            catalogue(l, &shelf(vec![net(), vpn()], below.clone(), 1, 3)),
        ),
        (
            "catalogue, first category",
            catalogue(l, &shelf(vec![net()], below, 0, 1)),
        ),
        ("catalogue, empty", catalogue(l, &Shelf::default())),
        ("found", found(l, "<zeta> & \u{202e}co", &hits, 0, 1)),
        ("found, page", found(l, "zeta", &hits, 1, 3)),
        ("found, nothing", found(l, "50%", &[], 0, 0)),
        ("product gone", product_gone(l)),
        ("product", shown(l, &card(zeta()), Stock::Plenty)),
        ("product, last", shown(l, &long, Stock::Last(1))),
        ("product, few", shown(l, &card(zeta()), Stock::Last(3))),
        ("product, sold out", shown(l, &card(zeta()), Stock::None)),
        ("product, in the cart", {
            let back = Callback::Catalogue { page: 0 };
            product(
                l,
                &card(zeta()),
                Stock::Plenty,
                Currency::RUB,
                back,
                2,
                NONCE,
            )
        }),
        ("product, free", shown(l, &free, Stock::Plenty)),
        ("product, photo", shown(l, &pictured, Stock::Last(10))),
        (
            "product, family",
            shown(l, &month_and_year(), Stock::Plenty),
        ),
    ]
}

#[test]
fn a_price_is_shown_in_the_shops_currency_and_in_stars() {
    let l = localizer(Language::En);
    let price = |json: &str, currency| price_of(&l, &prices(json), currency);
    let both = r#"{"RUB":49900,"USD":500,"XTR":250}"#;
    assert_eq!(price(both, Currency::RUB).unwrap(), "₽499.00 · 250\u{a0}⭐");
    assert_eq!(price(both, Currency::XTR).unwrap(), "250\u{a0}⭐");
    assert_eq!(price(r#"{"USD":500}"#, Currency::RUB).unwrap(), "$5.00");
    assert_eq!(
        price(r#"{"RUB":0,"XTR":1}"#, Currency::RUB).unwrap(),
        "free · 1\u{a0}⭐"
    );
    assert_eq!(price("{}", Currency::RUB), None);
}
