//! The real command: imported, imported again with changes, and refused by line.

use std::path::Path;

use crate::on_both_engines;
use crate::support::child::{command, run};
use crate::support::db::TestDb;

use super::pictures::png;

const CATALOGUE: &str = r#"[[category]]
id = "net"
title.en = "Network"
[[category]]
id = "vpn"
parent = "net"
title.en = "VPN"
[[family]]
id = "zeta"
title.en = "Zeta"
photo = "pictures/zeta.png"
[[product]]
id = "month"
kind = "stock"
category = "vpn"
family = "zeta"
title.en = "Month"
price.XTR = 1
photo = "pictures/zeta.png"
max_per_customer = 5
"#;

/// What the command prints, and whether it succeeded.
async fn imported(db: &TestDb, file: &Path, text: &str) -> (bool, String) {
    std::fs::write(file, text).expect("a file");
    let mut command = command(db);
    command.args(["import", "catalogue"]).arg(file);
    let done = run(command, "").await;
    (done.status == 0, done.out + &done.err)
}

on_both_engines! {
    async fn a_second_import_says_what_it_changed(db: TestDb) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("pictures")).unwrap();
        std::fs::write(folder.path().join("pictures/zeta.png"), png(800, 500)).unwrap();
        let file = folder.path().join("shop.toml");
        let (done, told) = imported(&db, &file, CATALOGUE).await;
        assert!(done, "{told}");
        for line in ["products added: 1", "categories added: 2", "families added: 1", "  vpn: new"] {
            assert!(told.contains(line), "{line}: {told}");
        }
        let (_, told) = imported(&db, &file, CATALOGUE).await;
        assert!(told.contains("categories added: 0, changed: 0, unchanged: 2"), "{told}");

        std::fs::write(folder.path().join("pictures/zeta.png"), png(640, 500)).unwrap();
        let changed = CATALOGUE
            .replace("category = \"vpn\"", "category = \"net\"")
            .replace("parent = \"net\"\n", "")
            .replace("\"Zeta\"", "\"Eta\"")
            .replace("customer = 5", "customer = 2");
        let (done, told) = imported(&db, &file, &changed).await;
        assert!(done, "{told}");
        for line in [
            "  month: category \"vpn\" → \"net\"",
            "  month: photo \"another picture\" → \"pictures/zeta.png\"",
            "  month: max_per_customer \"5\" → \"2\"",
            "  vpn: parent \"net\" → nothing",
            "  zeta: title.en \"Zeta\" → \"Eta\"",
            "  zeta: photo",
        ] {
            assert!(told.contains(line), "{line}: {told}");
        }
        // A table of products may name what an earlier file has brought.
        let csv = folder.path().join("more.csv");
        let rows = "id;kind;title.en;title.ru;price.RUB;category;family;photo;max_per_customer\n\
            year;stock;Year;Год;99.00;vpn;zeta;pictures/zeta.png;3\n";
        let (done, told) = imported(&db, &csv, rows).await;
        assert!(done && told.contains("products that are not in the file, and stay: 1 (month)"), "{told}");
    }

    async fn what_does_not_fit_is_told_by_line_and_nothing_is_imported(db: TestDb) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.toml");
        let product = "[[product]]\nid = \"p\"\nkind = \"stock\"\ntitle.en = \"P\"\nprice.XTR = 1\n";
        let heavy = std::fs::File::create(folder.path().join("heavy.png")).unwrap();
        heavy.set_len(10 * 1024 * 1024 + 1).unwrap();
        std::fs::write(folder.path().join("large.png"), png(6_000, 5_000)).unwrap();
        let deep: String = (1..=6)
            .map(|at| {
                let parent = if at == 1 { String::new() } else { format!("parent = \"c{}\"\n", at - 1) };
                format!("[[category]]\nid = \"c{at}\"\n{parent}title.en = \"C\"\n")
            })
            .collect();
        for (text, words) in [
            (format!("{product}category = \"nowhere\""), "line 6: category \"nowhere\" is neither in the file nor in the shop"),
            (format!("{product}family = \"nowhere\""), "line 6: family \"nowhere\" is neither"),
            (format!("{product}photo = \"none.png\""), "line 6: the photo \"none.png\" is not there"),
            (format!("{product}photo = \"heavy.png\""), "line 6: the photo \"heavy.png\" has 11 MB, expected at most 10"),
            (format!("{product}photo = \"large.png\""), "line 6: the photo \"large.png\" is 6000 × 5000 pixels"),
            (format!("{product}photo = \"../x.png\""), "line 6: photo is \"../x.png\""),
            (format!("{product}max_per_customer = 0"), "line 6: max_per_customer is 0"),
            (product.replace("\"P\"", &format!("\"{}\"", "x".repeat(4_096))), "line 4: title.en has 4096 characters, expected at most 64"),
            ("[[category]]\nid = \"a\"\nparent = \"a\"\ntitle.en = \"A\"".to_owned(), "line 3: the category \"a\" is its own parent"),
            (deep, "is 6 levels deep, expected at most 5"),
        ] {
            let (done, told) = imported(&db, &file, &text).await;
            assert!(!done && told.contains(words) && told.contains("nothing is imported"), "{words}: {told}");
        }
        let (done, told) = imported(&db, &file, product).await;
        assert!(done && told.contains("products added: 1") && !told.contains("categories"), "{told}");
    }
}
