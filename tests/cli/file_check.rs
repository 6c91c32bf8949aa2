//! `kiosk check` and the files that products deliver.

use std::path::Path;

use kiosk::store::Location;

use super::with;
use crate::on_both_engines;
use crate::support::child::{Ended, run};
use crate::support::db::TestDb;
use crate::support::shop::{TOKEN, emulator};

const CATALOGUE: &str = r#"
[[product]]
id = "handbook"
kind = "download"
title.en = "The handbook"
price.XTR = 90
"#;

/// A shop's settings that its folder and its address belong to, where they are set.
struct Desk<'a> {
    db: &'a TestDb,
    api: String,
    folder: Option<&'a Path>,
    public_url: &'a str,
}

impl Desk<'_> {
    async fn runs(&self, args: &[&str]) -> Ended {
        let mut command = with(self.db, args);
        command
            .env("KIOSK_TELEGRAM__TOKEN", TOKEN)
            .env("KIOSK_TELEGRAM__API_URL", &self.api)
            .env("KIOSK_WEB__PUBLIC_URL", self.public_url);
        if let Some(folder) = self.folder {
            command.env("KIOSK_DOWNLOADS__FOLDER", folder);
        }
        run(command, "").await
    }

    /// What a check says of files, each line with its verdict.
    async fn files(&self) -> Vec<String> {
        let done = self.runs(&["check"]).await;
        let lines = done.out.lines();
        let about = lines.filter(|line| line.split_whitespace().nth(1) == Some("files"));
        about.map(str::to_owned).collect()
    }
}

fn says(lines: &[String], verdict: &str, words: &str) -> bool {
    let mut lines = lines.iter();
    lines.any(|line| line.starts_with(verdict) && line.contains(words))
}

on_both_engines! {
    async fn a_check_names_products_without_a_file_and_files_that_are_gone(db: TestDb) {
        let emulator = emulator().await;
        let home = tempfile::tempdir().unwrap();
        let (catalogue, book) = (home.path().join("catalogue.toml"), home.path().join("handbook.pdf"));
        std::fs::write(&catalogue, CATALOGUE).unwrap();
        std::fs::write(&book, "two pages").unwrap();
        let folder = home.path().join("files");
        let bare = Desk { db: &db, api: emulator.url(), folder: None, public_url: "" };
        let done = bare.runs(&["import", "catalogue", catalogue.to_str().unwrap()]).await;
        assert_eq!(done.status, 0, "{}", done.err);
        let told = bare.files().await;
        assert!(says(&told, "warning", "have no file: handbook"), "{told:?}");
        assert!(says(&told, "warning", "no pages"), "{told:?}");
        let needs_folder = matches!(db.location(), Location::Postgres(_));
        assert_eq!(says(&told, "WRONG", "downloads.folder is not set"), needs_folder, "{told:?}");

        let desk = Desk { folder: Some(&folder), public_url: "https://shop.example.com", ..bare };
        let told = desk.files().await;
        assert_eq!((told.len(), says(&told, "warning", "have no file: handbook")), (1, true), "{told:?}");
        let done = desk.runs(&["import", "file", "handbook", book.to_str().unwrap()]).await;
        assert_eq!(done.status, 0, "{}", done.err);
        let told = desk.files().await;
        assert_eq!((told.len(), says(&told, "ok", "1 in ")), (1, true), "{told:?}");

        let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        std::fs::write(&file, "one page").unwrap();
        let told = desk.files().await;
        assert_eq!((told.len(), says(&told, "WRONG", "not whole: handbook")), (1, true), "{told:?}");
        std::fs::remove_file(&file).unwrap();
        let told = desk.files().await;
        assert_eq!((told.len(), says(&told, "WRONG", "not in ")), (1, true), "{told:?}");
        emulator.stop().await;
    }
}
