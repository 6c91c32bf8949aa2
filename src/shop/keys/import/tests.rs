use std::io::Cursor;

use super::*;
use crate::clock::Clock;
use crate::shop::vault::MasterKey;
use crate::store::{Location, migrate};

struct Shop {
    _folder: tempfile::TempDir,
    store: Store,
    vault: Vault,
}

sql! {
    PRODUCT = "test.product",
        "INSERT INTO products (slug, kind, title, description, prices, position, created_at, updated_at)
         VALUES ($1, $2, '{}', '{}', '{}', 1, 1, 1)";
    KEYS = "test.keys",
        "SELECT k.product_id, k.position, k.fingerprint, k.ciphertext FROM keys k
         JOIN products p ON p.id = k.product_id
         WHERE p.slug = $1
         ORDER BY k.position";
}

impl Shop {
    async fn with(products: &'static [(&'static str, &'static str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kiosk.db");
        let location = Location::Sqlite(path.clone());
        migrate::run(&location).await.unwrap();
        let store = Store::open(&location, 1, Clock::frozen(1_000))
            .await
            .unwrap();
        let vault = Vault::open(&store, &MasterKey::beside(&path).unwrap())
            .await
            .unwrap();
        store
            .write("test", move |tx| {
                Box::pin(async move {
                    for (slug, kind) in products {
                        tx.execute(&PRODUCT, binds![slug, kind]).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .unwrap();
        Self {
            _folder: folder,
            store,
            vault,
        }
    }

    async fn import(&self, slug: &str, file: impl Into<Vec<u8>>) -> Result<Report, ImportError> {
        import(
            &self.store,
            &self.vault,
            slug,
            Cursor::new(file.into()),
            |_| {},
        )
        .await
    }

    /// The texts in the order in which they are sold.
    async fn keys(&self, slug: &'static str) -> Vec<String> {
        let rows: Vec<(i64, i64, [u8; 32], Vec<u8>)> = self
            .store
            .read("test", move |tx| {
                Box::pin(async move { tx.all(&KEYS, binds![slug]).await })
            })
            .await
            .unwrap();
        rows.iter()
            .map(|(product, _, fingerprint, ciphertext)| {
                let text = self.vault.unseal(*product, fingerprint, ciphertext);
                text.unwrap().expose().to_owned()
            })
            .collect()
    }
}

#[tokio::test]
async fn lines_become_keys_in_their_order_and_the_rest_is_told_by_number() {
    let shop = Shop::with(&[("zeta", "stock"), ("eta", "stock")]).await;
    let report = shop
        .import("zeta", "\u{feff}B\r\n\r\nA\n B \nC\tC\nD")
        .await
        .unwrap();
    assert_eq!(
        report,
        Report {
            added: 3,
            duplicates_in_file: LineList {
                count: 1,
                first: vec![4]
            },
            already_known: LineList::default(),
            empty: 1,
            refused: 1,
            refused_lines: vec![(5, Refusal::Control('\t'))],
        }
    );
    assert_eq!(shop.keys("zeta").await, ["B", "A", "D"]);

    let again = shop.import("eta", "E\nA\nF\n").await.unwrap();
    assert_eq!((again.added, again.already_known.first), (2, vec![2]));
    let more = shop.import("zeta", "A\nG").await.unwrap();
    assert_eq!((more.added, more.already_known.first), (1, vec![1]));
    assert_eq!(shop.keys("zeta").await, ["B", "A", "D", "G"]);
    assert_eq!(shop.keys("eta").await, ["E", "F"]);
}

#[tokio::test]
async fn a_large_file_goes_in_by_chunks_and_an_import_that_broke_off_is_run_again() {
    struct Breaks(Cursor<Vec<u8>>);
    impl Read for Breaks {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(into)? {
                0 => Err(std::io::Error::other("the disk was pulled out")),
                read => Ok(read),
            }
        }
    }
    let shop = Shop::with(&[("zeta", "stock")]).await;
    let file: Vec<String> = (0..1_700).map(|n| format!("KEY-{n}\n")).collect();
    let file = file.concat();
    let half = Breaks(Cursor::new(file.as_bytes()[..file.len() / 2].to_vec()));
    let broken = import(&shop.store, &shop.vault, "zeta", half, |_| {}).await;
    let added = match broken {
        Err(ImportError::Read { added, .. }) => added,
        other => panic!("{other:?}"),
    };
    assert_eq!(added, 750);
    let mut seen = Vec::new();
    let whole = Cursor::new(file.clone().into_bytes());
    let report = import(&shop.store, &shop.vault, "zeta", whole, |at| seen.push(at))
        .await
        .unwrap();
    assert_eq!((report.added, report.already_known.count), (950, 750));
    assert_eq!(report.already_known.first.len(), LISTED);
    let lines: Vec<u64> = seen.iter().map(|at| at.lines).collect();
    assert_eq!(lines, [250, 500, 750, 1_000, 1_250, 1_500, 1_700]);
    assert_eq!(seen.last().unwrap().bytes, file.len() as u64);
    assert_eq!(seen.last().unwrap().added, 950);
    let keys = shop.keys("zeta").await;
    assert_eq!((keys.len(), keys[1_699].as_str()), (1_700, "KEY-1699"));
}

#[tokio::test]
async fn only_a_product_with_a_stock_takes_keys() {
    let shop = Shop::with(&[("zeta-month", "stock"), ("book", "download")]).await;
    let unknown = shop.import("zeta-mnth", "A").await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no product zeta-mnth, did you mean zeta-month?"
    );
    let other = shop.import("book", "A").await.unwrap_err();
    assert!(matches!(
        other,
        ImportError::NotStock {
            kind: Kind::Download,
            ..
        }
    ));
}

#[tokio::test]
async fn a_report_and_its_debug_form_never_show_a_key() {
    let shop = Shop::with(&[("zeta", "stock")]).await;
    let report = shop
        .import("zeta", "SECRET-1\nSECRET-1\nSECRET\t2\nSECRET-1\n")
        .await
        .unwrap();
    assert!(!format!("{report:?}").contains("SECRET"));
}
