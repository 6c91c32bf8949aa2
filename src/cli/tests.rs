use clap::CommandFactory;

use super::*;

struct Desk {
    folder: tempfile::TempDir,
    config: Config,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("kiosk.db").display());
        let vars = [("KIOSK_DATABASE__URL".to_owned(), url)];
        let config = Config::from_sources(None, vars).unwrap();
        Self { folder, config }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    async fn runs(&self, arguments: &[&str]) -> Result<Outcome, Failure> {
        let arguments = ["kiosk"].iter().chain(arguments);
        let cli = Cli::try_parse_from(arguments)?;
        cli.command.run(&self.config).await
    }

    async fn says(&self, arguments: &[&str]) -> String {
        let outcome = self.runs(arguments).await.unwrap();
        assert!(outcome.is_complete, "{}", outcome.text);
        outcome.text
    }
}

const CATALOGUE: &str = "
[[product]]
id = 'zeta-month'
kind = 'stock'
title.en = 'Zeta'
price = { RUB = '499.00' }
photo = 'zeta.png'
";

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
    let wrong: [&[&str]; 5] = [
        &[],
        &["sell"],
        &["import", "keys", "zeta"],
        &["import", "catalogue", "shop.xls"],
        &["migrate", "--now"],
    ];
    for arguments in wrong {
        let error = Cli::try_parse_from(["kiosk"].iter().chain(arguments)).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_database_is_migrated_once() {
    let desk = Desk::new();
    assert!(
        desk.says(&["migrate", "--status"])
            .await
            .contains("missing")
    );
    assert!(!desk.folder.path().join("kiosk.db").exists());
    assert!(
        desk.says(&["migrate"])
            .await
            .starts_with("migrations applied: ")
    );
    assert_eq!(desk.says(&["migrate"]).await, "the database is up to date");
    assert!(
        !desk
            .says(&["migrate", "--status"])
            .await
            .contains("missing")
    );
}

#[tokio::test]
async fn a_migration_waits_for_no_running_shop() {
    let desk = Desk::new();
    let _running = lock(&desk.config.database.url).unwrap();
    let refused = desk.runs(&["migrate"]).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("another kiosk uses this database")
    );
}

#[tokio::test]
async fn a_catalogue_and_its_keys_are_imported_into_a_new_shop() {
    let desk = Desk::new();
    let catalogue = desk.file("shop.toml", CATALOGUE);
    let missing = desk.runs(&["import", "catalogue", &catalogue]).await;
    let missing = missing.unwrap_err().to_string();
    assert!(
        missing.contains("line 7: the photo \"zeta.png\" is not there"),
        "{missing}"
    );
    let photo = crate::shop::catalogue::picture::tests::png_of(800, 500);
    std::fs::write(desk.folder.path().join("zeta.png"), photo).unwrap();
    insta::assert_snapshot!(desk.says(&["import", "catalogue", &catalogue]).await, @r"
    products added: 1, changed: 0, unchanged: 0
      zeta-month: new
    ");
    let changed = desk.file(
        "shop.toml",
        &CATALOGUE.replace("RUB = '499.00'", "XTR = 250").replace(
            "zeta.png'",
            "zeta.png'\nfamily = 'zeta'\n[[family]]\nid = 'zeta'\ntitle.en = 'Zeta'",
        ),
    );
    insta::assert_snapshot!(desk.says(&["import", "catalogue", &changed]).await, @r#"
    products added: 0, changed: 1, unchanged: 0
      zeta-month: price.RUB "499.00" → nothing
      zeta-month: price.XTR nothing → "250"
      zeta-month: family nothing → "zeta"
    families added: 1, changed: 0, unchanged: 0
      zeta: new
    "#);

    // A shop may be running meanwhile.
    let _running = lock(&desk.config.database.url).unwrap();
    let keys = desk.file("keys.txt", "AAA\r\nBBB\r\n\r\nAAA\r\n");
    insta::assert_snapshot!(desk.says(&["import", "keys", "zeta-month", &keys]).await, @r"
    keys added to zeta-month: 2
    lines that repeat an earlier line: 1 (line 4)
    empty lines: 1
    ");
    let more = desk.file("more.txt", "BBB\nC\tC\n");
    let outcome = desk
        .runs(&["import", "keys", "zeta-month", &more])
        .await
        .unwrap();
    assert!(!outcome.is_complete);
    insta::assert_snapshot!(outcome.text, @r"
    keys added to zeta-month: 0
    lines that the shop has already: 1 (line 1)
    lines that are no keys: 1
      line 2: has the control character U+0009, expected plain text
    ");
}

#[tokio::test]
async fn a_catalogue_with_a_mistake_changes_nothing() {
    let desk = Desk::new();
    let catalogue = desk.file("shop.toml", &CATALOGUE.replace("stock", "stok"));
    let told = desk
        .runs(&["import", "catalogue", &catalogue])
        .await
        .unwrap_err();
    assert_eq!(
        told.to_string(),
        format!(
            "{catalogue}: nothing is imported\nline 4: kind is \"stok\", expected stock or download"
        )
    );
    assert!(!desk.folder.path().join("kiosk.db").exists());
    let missing = desk
        .runs(&["import", "keys", "zeta", "/nowhere/keys"])
        .await
        .unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("can't read /nowhere/keys: ")
    );
}
