use super::*;
use crate::clock::Clock;
use crate::shop::catalogue::file::{Format, parse};
use crate::shop::catalogue::search::{self, count};
use crate::shop::catalogue::slugs;
use crate::store::{Location, migrate};
use crate::{binds, sql};

async fn store(folder: &tempfile::TempDir) -> Store {
    let location = Location::Sqlite(folder.path().join("kiosk.db"));
    migrate::run(&location).await.unwrap();
    Store::open(&location, 1, Clock::frozen(1_000))
        .await
        .unwrap()
}

async fn load(store: &Store, products: &[(&str, &str, &str)]) -> Report {
    let mut csv = vec!["id,kind,title.en,description.en,price.RUB".to_owned()];
    csv.extend(
        products
            .iter()
            .map(|(slug, title, price)| format!("{slug},stock,{title},,{price}")),
    );
    let file = parse(csv.join("\n").as_bytes(), Format::Csv).unwrap();
    import(store, file, Photos::default()).await.unwrap()
}

async fn shown(store: &Store) -> Vec<String> {
    let products = store.read("test", |tx| Box::pin(slugs(tx))).await.unwrap();
    products.into_iter().map(|(slug, _)| slug).collect()
}

fn change(name: &str, old: &str, new: &str) -> FieldChange {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    FieldChange {
        name: name.to_owned(),
        old: some(old),
        new: some(new),
    }
}

#[tokio::test]
async fn a_second_import_updates_and_says_what_it_changed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let first = load(
        &store,
        &[("a", "A", "1.00"), ("b", "B", "2.00"), ("c", "C", "3")],
    )
    .await;
    assert_eq!(first.products.added, ["a", "b", "c"]);

    let second = load(
        &store,
        &[("a", "A", "1"), ("b", "Bee", "2.50"), ("d", "D", "4")],
    )
    .await;
    let fields = vec![
        change("title.en", "B", "Bee"),
        change("price.RUB", "2.00", "2.50"),
    ];
    assert_eq!(
        second.products,
        Changes {
            added: vec!["d".to_owned()],
            changed: vec![Changed {
                slug: "b".to_owned(),
                fields
            }],
            unchanged: 1,
            not_in_file: vec!["c".to_owned()],
            ..Changes::default()
        }
    );
    let again = load(
        &store,
        &[("a", "A", "1"), ("b", "Bee", "2.50"), ("d", "D", "4")],
    )
    .await
    .products;
    assert_eq!((again.unchanged, again.moved), (3, 0));
    assert_eq!(shown(&store).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn the_list_follows_the_file_and_other_products_keep_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    load(&store, &[("a", "A", "1"), ("x", "X", "1"), ("b", "B", "1")]).await;
    let swapped = load(&store, &[("b", "B", "1"), ("n", "N", "1"), ("a", "A", "1")]).await;
    assert_eq!(swapped.products.moved, 2);
    assert_eq!(shown(&store).await, ["b", "x", "n", "a"]);
    let again = load(&store, &[("b", "B", "1"), ("n", "N", "1"), ("a", "A", "1")])
        .await
        .products;
    assert_eq!((again.moved, again.unchanged), (0, 3));
}

#[tokio::test]
async fn a_product_of_another_kind_stops_the_whole_import() {
    sql! {
        TO_BOOK = "test.book", "UPDATE products SET kind = 'download' WHERE slug = 'a'";
    }
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    load(&store, &[("a", "A", "1")]).await;
    store
        .write("test", |tx| {
            Box::pin(async move { tx.execute(&TO_BOOK, binds![]).await })
        })
        .await
        .unwrap();
    let csv = "id,kind,title.en,price.RUB\nnew,stock,New,1\na,stock,A,1\n";
    let file = parse(csv.as_bytes(), Format::Csv).unwrap();
    let error = import(&store, file, Photos::default()).await.unwrap_err();
    assert!(matches!(error, ImportError::OtherKind { line: 3, .. }));
    assert_eq!(shown(&store).await, ["a"]);
}

async fn toml(store: &Store, text: &str) -> Result<Report, ImportError> {
    let file = parse(text.as_bytes(), Format::Toml).unwrap();
    import(store, file, Photos::default()).await
}

const TREE: &str = r#"
[[category]]
id = "vpn"
parent = "net"
title.en = "VPN"
[[category]]
id = "net"
title.en = "Network"
[[family]]
id = "zeta"
title = { en = "Zeta", ru = "Зета" }
[[product]]
id = "month"
kind = "stock"
category = "vpn"
family = "zeta"
title.en = "Month"
price.XTR = 1
max_per_customer = 2
"#;

#[tokio::test]
async fn categories_and_families_are_updated_and_told_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let first = toml(&store, TREE).await.unwrap();
    assert_eq!(first.categories.added, ["vpn", "net"]);
    assert_eq!(first.families.added, ["zeta"]);
    let same = toml(&store, TREE).await.unwrap();
    let counts = [&same.categories, &same.families, &same.products].map(|it| it.unchanged);
    assert_eq!(counts, [2, 1, 1]);

    let changed = TREE
        .replace("parent = \"net\"\n", "")
        .replace("\"Zeta\"", "\"Eta\"")
        .replace("category = \"vpn\"", "category = \"net\"")
        .replace("max_per_customer = 2", "");
    let report = toml(&store, &changed).await.unwrap();
    assert_eq!(
        report.categories.changed[0].fields,
        [change("parent", "net", "")]
    );
    assert_eq!(
        report.families.changed[0].fields,
        [change("title.en", "Zeta", "Eta")]
    );
    assert_eq!(
        report.products.changed[0].fields,
        [
            change("category", "vpn", "net"),
            change("max_per_customer", "2", "")
        ]
    );
    assert_eq!(report.categories.unchanged, 1);
}

#[tokio::test]
async fn what_is_nowhere_is_told_by_line_and_what_is_in_the_shop_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let csv = "id,kind,title.en,price.XTR,category,family\nyear,stock,Year,9,vpm,zeta\nday,stock,Day,1,,zeto\n";
    let file = parse(csv.as_bytes(), Format::Csv).unwrap();
    toml(&store, &TREE.replace("month", "a")).await.unwrap();
    let refused = import(&store, file, Photos::default()).await.unwrap_err();
    insta::assert_snapshot!(refused, @r#"
    line 2: category "vpm" is neither in the file nor in the shop, did you mean vpn?
    line 3: family "zeto" is neither in the file nor in the shop, did you mean zeta?
    "#);
    let circle = "[[category]]\nid = 'net'\nparent = 'vpn'\ntitle.en = 'N'\n[[category]]\nid = 'x'\nparent = 'y'\ntitle.en = 'X'";
    insta::assert_snapshot!(toml(&store, circle).await.unwrap_err(), @r#"
    line 3: the category "net" is inside itself by way of vpn, expected a parent outside of it
    line 7: parent "y" is neither in the file nor in the shop, did you mean x?
    "#);
    let csv = "id,kind,title.en,price.XTR,category,family\nyear,stock,Year,9,vpn,zeta\n";
    let file = parse(csv.as_bytes(), Format::Csv).unwrap();
    let report = import(&store, file, Photos::default()).await.unwrap();
    assert_eq!(report.products.added, ["year"]);
}

#[tokio::test]
async fn a_search_knows_every_language_and_the_family_whatever_the_case() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    toml(&store, TREE).await.unwrap();
    let counted = async |query: &'static str| {
        let found = store.read("test", move |tx| Box::pin(count(tx, query)));
        found.await.unwrap()
    };
    assert_eq!(counted("ЗЕТА mon").await, 1);
    assert_eq!(counted("зета week").await, 0);
    assert_eq!(counted("%").await, 0);
    assert!(search::is_empty(" "));
    toml(&store, "[[family]]\nid = 'zeta'\ntitle.ru = 'Ёлка'")
        .await
        .unwrap();
    assert_eq!(counted("елка").await, 1);
    assert_eq!(counted("зета").await, 0);
}

#[tokio::test]
async fn what_a_file_product_allows_is_updated_and_told() {
    const HANDBOOK: &str = r#"
[[product]]
id = "handbook"
kind = "download"
title.en = "Handbook"
price.XTR = 100
max_downloads = 3
download_days = 365
"#;
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let first = toml(&store, HANDBOOK).await.unwrap().products;
    assert_eq!(first.added, ["handbook"]);
    let again = toml(&store, HANDBOOK).await.unwrap().products;
    assert_eq!(again.unchanged, 1);
    let other = HANDBOOK
        .replace("max_downloads = 3", "max_downloads = 10")
        .replace("download_days = 365\n", "");
    let second = toml(&store, &other).await.unwrap().products;
    assert_eq!(
        second.changed[0].fields,
        [
            change("max_downloads", "3", "10"),
            change("download_days", "365", ""),
        ]
    );
}
