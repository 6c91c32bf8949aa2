//! `kiosk import file`, and what an operator does for somebody whose downloads are used up.

use tokio::process::Command;

use crate::cli::with;
use crate::on_both_engines;
use crate::support::child::run;
use crate::support::shop::stock;

const CATALOGUE: &str = "[[product]]\nid = \"handbook\"\nkind = \"download\"\ntitle = { en = \"Handbook\" }\n\
                         price = { XTR = 5 }\nmax_downloads = 3\ndownload_days = 30\n";

on_both_engines! {
    async fn a_file_becomes_what_a_product_delivers(db: TestDb) {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        let folder = path("files");
        let with_folder = |args: &[&str]| -> Command {
            let mut command = with(&db, args);
            command.env("KIOSK_DOWNLOADS__FOLDER", &folder);
            command
        };
        std::fs::write(path("catalogue.toml"), CATALOGUE).unwrap();
        let catalogue = path("catalogue.toml");
        let done = run(with_folder(&["import", "catalogue", catalogue.to_str().unwrap()]), "").await;
        assert_eq!(done.status, 0, "{}{}", done.out, done.err);
        let file = path("handbook.txt");
        let file = file.to_str().unwrap();
        let import = ["import", "file", "handbook", file];
        let done = run(with_folder(&import), "").await;
        assert_eq!(done.status, 1);
        assert!(done.err.contains("handbook.txt: "), "{}", done.err);
        std::fs::write(file, "abc").unwrap();
        let done = run(with_folder(&import), "").await;
        assert_eq!(done.status, 0, "{}{}", done.out, done.err);
        // What sha256sum says of "abc".
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for words in ["has its file now", "handbook.txt, 3 bytes", digest, "web.public_url is not set"] {
            assert!(done.out.contains(words), "{words}: {}", done.out);
        }
        let done = run(with_folder(&import), "").await;
        assert!(done.out.contains("has this file already"), "{}", done.out);
        let piped = ["import", "file", "handbook", "-"];
        let done = run(with_folder(&piped), "abcd").await;
        assert_eq!((done.status, done.err.contains("--name")), (1, true), "{}", done.err);
        let named = ["import", "file", "handbook", "-", "--name", "Книга.txt"];
        let done = run(with_folder(&named), "abcd").await;
        assert!(done.out.contains("another file now"), "{}{}", done.out, done.err);
        let badly = ["import", "file", "handbook", "-", "--name", "../book.txt"];
        let done = run(with_folder(&badly), "abcde").await;
        assert_eq!((done.status, done.err.contains("no name for a file")), (1, true), "{}", done.err);
        let done = run(with_folder(&["import", "file", "handbok", file]), "").await;
        assert_eq!((done.status, done.err.contains("did you mean handbook?")), (1, true), "{}", done.err);
        let done = run(with_folder(&["import", "keys", "handbook", "-"]), "A-1\n").await;
        assert_eq!((done.status, done.err.contains("of the kind download")), (1, true), "{}", done.err);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        let done = run(with_folder(&["audit", "--strict"]), "").await;
        assert_eq!(done.status, 0, "{}{}", done.out, done.err);
    }

    async fn without_a_folder_each_engine_says_where_files_go(db: TestDb) {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("handbook.txt");
        std::fs::write(&file, "abc").unwrap();
        let catalogue = home.path().join("catalogue.toml");
        std::fs::write(&catalogue, CATALOGUE).unwrap();
        run(with(&db, &["import", "catalogue", catalogue.to_str().unwrap()]), "").await;
        let done = run(with(&db, &["import", "file", "handbook", file.to_str().unwrap()]), "").await;
        if let kiosk::store::Location::Sqlite(path) = db.location() {
            assert_eq!(done.status, 0, "{}{}", done.out, done.err);
            let mut beside = path.clone().into_os_string();
            beside.push(".files");
            assert_eq!(std::fs::read_dir(beside).unwrap().count(), 1);
        } else {
            assert_eq!((done.status, done.err.contains("downloads.folder is not set")), (1, true), "{}", done.err);
        }
    }

    async fn an_order_without_files_has_none_to_renew(db: TestDb) {
        let store = db.store(&kiosk::clock::Clock::system()).await;
        stock(&store, 1).await;
        store.close().await;
        let done = run(with(&db, &["order", "renew-downloads", "7F3A-91C2"]), "").await;
        assert_eq!((done.status, done.err.contains("there is no order")), (1, true), "{}", done.err);
        let done = run(with(&db, &["order", "renew-downloads", "7F3A-91C2", "--times", "0"]), "").await;
        assert_eq!(done.status, 2, "{}", done.err);
    }
}
