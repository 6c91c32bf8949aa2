use super::*;
use crate::clock::Clock;
use crate::shop::catalogue::file::{Format, parse};
use crate::shop::catalogue::list;
use crate::store::{Location, migrate};

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
    import(store, file).await.unwrap()
}

async fn shown(store: &Store) -> Vec<String> {
    let products = store
        .read("test", |tx| Box::pin(list(tx, 100, 0)))
        .await
        .unwrap();
    products.into_iter().map(|product| product.slug).collect()
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
    assert_eq!(first.added, ["a", "b", "c"]);

    let second = load(
        &store,
        &[("a", "A", "1"), ("b", "Bee", "2.50"), ("d", "D", "4")],
    )
    .await;
    let change = |name: &str, old: &str, new: &str| FieldChange {
        name: name.to_owned(),
        old: Some(old.to_owned()),
        new: Some(new.to_owned()),
    };
    let fields = vec![
        change("title.en", "B", "Bee"),
        change("price.RUB", "2.00", "2.50"),
    ];
    assert_eq!(
        second,
        Report {
            added: vec!["d".to_owned()],
            changed: vec![Changed {
                slug: "b".to_owned(),
                fields
            }],
            unchanged: 1,
            not_in_file: vec!["c".to_owned()],
            ..Report::default()
        }
    );
    let again = load(
        &store,
        &[("a", "A", "1"), ("b", "Bee", "2.50"), ("d", "D", "4")],
    )
    .await;
    assert_eq!((again.unchanged, again.moved), (3, 0));
    assert_eq!(shown(&store).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn the_list_follows_the_file_and_other_products_keep_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    load(&store, &[("a", "A", "1"), ("x", "X", "1"), ("b", "B", "1")]).await;
    let swapped = load(&store, &[("b", "B", "1"), ("n", "N", "1"), ("a", "A", "1")]).await;
    assert_eq!(swapped.moved, 2);
    assert_eq!(shown(&store).await, ["b", "x", "n", "a"]);
    let again = load(&store, &[("b", "B", "1"), ("n", "N", "1"), ("a", "A", "1")]).await;
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
    let error = import(&store, file).await.unwrap_err();
    assert!(matches!(error, ImportError::OtherKind { line: 3, .. }));
    assert_eq!(shown(&store).await, ["a"]);
}
