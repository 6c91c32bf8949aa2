use proptest::prelude::*;

use super::*;
use crate::shop::money::Currency;
use crate::shop::texts::Language;

const GOOD: &str = r#"
[[category]]
id = "vpn"
title = { en = "VPN" }

[[product]]
id = "zeta-month"
category = "vpn"
kind = "stock"
title = { en = "Zeta, one month", ru = "Zeta, месяц" }
description = { en = "One key." }
price = { RUB = "499.00", XTR = 250 }
max_per_customer = 5

[[product]]
id = "free"
category = "vpn"
kind = "stock"
title.en = "Free"
price.XTR = 0
"#;

fn toml(text: &str) -> Result<CatalogueFile, Vec<Problem>> {
    parse(text.as_bytes(), Format::Toml)
}

fn csv(text: &str) -> Result<CatalogueFile, Vec<Problem>> {
    parse(text.as_bytes(), Format::Csv)
}

fn told(result: Result<CatalogueFile, Vec<Problem>>) -> String {
    let problems = result.unwrap_err();
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn both_formats_say_the_same() {
    let toml = toml(GOOD).unwrap();
    assert_eq!(toml.products.len(), 2);
    let zeta = &toml.products[0];
    assert_eq!((zeta.slug.as_str(), zeta.line), ("zeta-month", 6));
    assert_eq!(zeta.title.get(Language::Ru), Some("Zeta, месяц"));
    assert_eq!(zeta.prices.get(Currency::RUB), Some(49_900));
    assert_eq!(toml.products[1].prices.get(Currency::XTR), Some(0));
    assert_eq!(zeta.category.as_ref().unwrap().line, 8);
    assert_eq!(zeta.max_per_customer, Some(5));
    assert_eq!(toml.categories[0].title.get(Language::En), Some("VPN"));

    let comma = "\u{feff}id,category,kind,title.en,title.ru,description.en,price.RUB,price.XTR,max_per_customer\r\n\
        zeta-month,vpn,stock,\"Zeta, one month\",\"Zeta, месяц\",One key.,499.00,250,5\r\n\
        \r\n\
        free,vpn,stock,Free,,,,0,\r\n";
    let csv = csv(comma).unwrap();
    let without_line = |draft: &Draft| Draft {
        line: 0,
        category: draft.category.clone().map(|it| Mention { line: 0, ..it }),
        ..draft.clone()
    };
    let plain = |file: &CatalogueFile| file.products.iter().map(without_line).collect::<Vec<_>>();
    assert_eq!(plain(&csv), plain(&toml));
    assert_eq!(csv.products[1].line, 4);
    let semicolon = "id;kind;title.en;price.RUB\nzeta;stock;Zeta, one month;499.00\n";
    assert_eq!(
        parse(semicolon.as_bytes(), Format::Csv)
            .unwrap()
            .products
            .len(),
        1
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once_by_line() {
    let wrong = r#"
[[product]]
id = "Zeta"
kind = "stok"
title = "Zeta"
price = { RUB = 499, XTR = "250" }

[[product]]
id = "eta"
kind = "minted"
titel = { en = "Eta" }
title = { de = "Eta" }
price = { RUBL = "1", USD = "1.001", EUR = "-1", XTR = -1 }
photos = "x.png"

[[product]]
id = "eta"

[shop]
name = "x"
"#;
    insta::assert_snapshot!(told(toml(wrong)), @r#"
    line 3: id is "Zeta", expected a text of at most 32 small Latin letters, digits and hyphens, such as "zeta-month"
    line 4: kind is "stok", expected stock or download
    line 5: title has no language, expected title.en or title.ru
    line 6: price.RUB is 499, expected the amount as a text in quotes: "499.00"
    line 6: price.XTR is "250", expected a whole number of Stars, 0 or more, without quotes: 250
    line 10: kind is minted, expected stock or download: this version mints no keys
    line 11: titel.en is unknown, did you mean title.en?
    line 12: title.de is unknown, expected a text for each language: title.en or title.ru
    line 13: price.EUR: "-1" is negative, expected 0 or more
    line 13: price.RUBL names no currency that Telegram takes, expected for example price.RUB or price.XTR
    line 13: price.USD: "1.001" has too many decimals, expected at most 2 for USD
    line 13: price.XTR is -1, expected a whole number of Stars, 0 or more, without quotes: 250
    line 14: photos is unknown, did you mean photo?
    line 16: id "eta" is on line 8 already, expected another
    line 16: the product has no kind, expected stock or download
    line 16: the product has no price, expected at least one, for example price.RUB or price.XTR
    line 16: the product has no title, expected one in at least one language: title.en or title.ru
    line 19: shop is unknown, expected [[product]], [[category]] or [[family]]
    "#);
    let wrong = "id,kind,title.en,titel.ru,price.rub,price.XTR,,id\n\
        zeta,stock,Zeta,,,1.5\n\
        \"eta\",stock,,,,1,,,9\n";
    insta::assert_snapshot!(told(csv(wrong)), @r#"
    line 1: column 7 has no name
    line 1: price.rub names no currency that Telegram takes, expected for example price.RUB or price.XTR
    line 1: the column id stands there twice
    line 1: titel.ru is unknown, did you mean title.ru?
    line 2: price.XTR is "1.5", expected a whole number of Stars, 0 or more, without quotes: 250
    line 3: 9 cells, expected 8 as in the first line: put texts with the separator into double quotes
    "#);
}

#[test]
fn what_is_wrong_with_categories_families_and_photos_is_told_by_line() {
    let wrong = r#"
[[category]]
id = "a"
parent = "b"
title.en = "A"
[[category]]
id = "b"
parent = "a"
titel.en = "B"
photo = "b.png"
[[category]]
id = "b"
parent = "a"
title = { en = "\u200b\u202e", ru = 7 }
[[family]]
title = "Zeta"
photo = "../zeta.png"
[[product]]
id = "p"
kind = "stock"
title.en = "P"
price.XTR = 1
photo = "/etc/passwd"
category = "Not a slug"
family = 7
max_per_customer = 0
[[product]]
id = "q"
kind = "stock"
title.en = "Q"
price.XTR = 1
photo = "a\\b.png"
max_per_customer = "many"
"#;
    insta::assert_snapshot!(told(toml(wrong)), @r#"
    line 4: the category "a" is inside itself by way of b, expected a parent outside of it
    line 6: the category has no title, expected one in at least one language: title.en or title.ru
    line 9: titel.en is unknown in a category, did you mean title.en?
    line 10: photo is unknown in a category
    line 11: id "b" is on line 6 already, expected another
    line 14: title.en has nothing in it that can be seen, expected a title
    line 14: title.ru is 7, expected a text in quotes
    line 15: the family has no id, expected for example id = "vpn"
    line 16: title has no language, expected title.en or title.ru
    line 17: photo is "../zeta.png", expected a picture beside the file or in a folder there, such as "zeta.png"
    line 23: photo is "/etc/passwd", expected a picture beside the file or in a folder there, such as "zeta.png"
    line 24: category is "Not a slug", expected a text of at most 32 small Latin letters, digits and hyphens, such as "zeta-month"
    line 25: family is 7, expected a text of at most 32 small Latin letters, digits and hyphens, such as "zeta-month"
    line 26: max_per_customer is 0, expected a whole number from 1 to 1000, without quotes: 5
    line 32: photo is "a\\b.png", expected a picture beside the file or in a folder there, such as "zeta.png"
    line 33: max_per_customer is "many", expected a whole number from 1 to 1000, without quotes: 5
    "#);
    let long = "x".repeat(4_096);
    let wrong = format!("id,kind,title.en,price.XTR,max_per_customer\np,stock,{long},1,0.5\n");
    insta::assert_snapshot!(told(csv(&wrong)), @r#"
    line 2: max_per_customer is "0.5", expected a whole number from 1 to 1000, without quotes: 5
    line 2: title.en has 4096 characters, expected at most 64
    "#);
    let emoji = "id,kind,title.en,price.XTR\np,stock,🎁🎁,1\nq,stock,<b>\u{202e}bold</b>,1\n";
    assert_eq!(csv(emoji).unwrap().products.len(), 2);
}

#[test]
fn downloads_have_fields_of_their_own_in_both_formats() {
    let good = r#"
[[product]]
id = "handbook"
kind = "download"
title.en = "Handbook"
price.XTR = 100
max_downloads = 3
download_days = 365

[[product]]
id = "for-ever"
kind = "download"
title.en = "For ever"
price.XTR = 100
"#;
    let of = |file: &CatalogueFile| {
        let limits = |it: &Draft| (it.kind, it.max_downloads, it.download_days);
        file.products.iter().map(limits).collect::<Vec<_>>()
    };
    let expected = [
        (Kind::Download, Some(3), Some(365)),
        (Kind::Download, None, None),
    ];
    assert_eq!(of(&toml(good).unwrap()), expected);
    let good = "id,kind,title.en,price.XTR,max_downloads,download_days\n\
        handbook,download,Handbook,100,3,365\n\
        for-ever,download,For ever,100,,\n";
    assert_eq!(of(&csv(good).unwrap()), expected);
    let wrong = r#"
[[product]]
id = "key"
kind = "stock"
title.en = "Key"
price.XTR = 100
max_downloads = 3
download_days = 365
[[product]]
id = "handbook"
kind = "download"
title.en = "Handbook"
price.XTR = 100
max_downloads = 0
download_days = "a year"
"#;
    insta::assert_snapshot!(told(toml(wrong)), @r#"
    line 7: max_downloads is for products of the kind download, expected none here
    line 8: download_days is for products of the kind download, expected none here
    line 14: max_downloads is 0, expected a whole number from 1 to 1000, without quotes: 5
    line 15: download_days is "a year", expected a whole number from 1 to 36500, without quotes: 365
    "#);
    let wrong = "id,kind,title.en,price.XTR,max_downloads\nkey,stock,Key,100,3\n";
    insta::assert_snapshot!(told(csv(wrong)), @"line 2: max_downloads is for products of the kind download, expected none here");
}

#[test]
fn an_error_far_down_says_its_line() {
    let product = |n| {
        format!("[[product]]\nid = \"p-{n}\"\nkind = \"stock\"\ntitle.en = \"P\"\nprice.XTR = 1\n")
    };
    let mut file = vec!["# products\n".to_owned()];
    file.extend((0..43).map(product));
    file.push("[[product]]\nid = 'last'\nkind = 'stock'\n".to_owned());
    let problems = toml(&file.concat()).unwrap_err();
    assert!(
        problems.iter().all(|problem| problem.line == 217),
        "{problems:?}"
    );
}

#[test]
fn broken_syntax_is_told_by_line() {
    insta::assert_snapshot!(told(toml("[[product]]\nid = \"a\nkind = stock\n\nid = 1")), @r#"
    line 2: invalid basic string, expected `"`
    line 3: string values must be quoted, expected literal string
    line 5: duplicate key
    "#);
    insta::assert_snapshot!(told(parse(b"\n\n\xff", Format::Toml)), @"line 3: bytes that are not UTF-8, expected text: save the file as UTF-8");
    insta::assert_snapshot!(told(toml("")), @"line 1: the file has no product in it, expected [[product]] tables in TOML or a line for each in CSV");
    insta::assert_snapshot!(told(csv("")), @"line 1: the file has no product in it, expected [[product]] tables in TOML or a line for each in CSV");
    insta::assert_snapshot!(told(toml("[product]\nid = 'a'")), @"line 1: product is no list of tables, expected [[product]] in double brackets");
}

#[test]
fn the_name_tells_the_format() {
    assert_eq!(Format::of(Path::new("a/b.TOML")), Some(Format::Toml));
    assert_eq!(Format::of(Path::new("b.csv")), Some(Format::Csv));
    assert_eq!(Format::of(Path::new("toml")), None);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in r#"([\[\]{}="',;.\n ]|id|kind|stock|price|XTR|title|product|category|family|photo|parent|1|é){0,60}"#) {
        let _ = toml(&text);
        let _ = csv(&text);
    }
}
