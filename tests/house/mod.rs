//! The house plan: which room may use which. An arrow that runs the wrong way fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each room with the rooms that it may use.
const PLAN: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("spelling", &[]),
    ("meters", &[]),
    ("store", &["clock", "meters"]),
    ("bus", &["store", "clock", "meters"]),
    ("shop", &["bus", "store", "clock", "meters", "spelling"]),
    // What stands on the shop's words alone, for the faces and for the settings.
    ("i18n", &["shop", "clock"]),
    ("config", &["senders", "shop", "store", "spelling"]),
    ("telemetry", &["config"]),
    ("telegram", &["meters"]),
    (
        "pay",
        &["shop", "bus", "store", "clock", "telegram", "i18n"],
    ),
    (
        "senders",
        &["shop", "bus", "store", "clock", "meters", "i18n"],
    ),
    (
        "bot",
        &[
            "shop", "bus", "store", "clock", "meters", "telegram", "i18n",
        ],
    ),
    ("web", &["shop", "bus", "store", "clock", "meters", "i18n"]),
    (
        "app",
        &[
            "pay",
            "senders",
            "bot",
            "web",
            "shop",
            "bus",
            "store",
            "clock",
            "telegram",
            "telemetry",
            "i18n",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "pay",
            "senders",
            "bot",
            "web",
            "shop",
            "bus",
            "store",
            "clock",
            "config",
            "telegram",
            "telemetry",
            "i18n",
        ],
    ),
];

/// Libraries that the shop must not know.
const OUTSIDE: &[&str] = &["teloxide", "axum", "lettre", "reqwest"];
/// What never stands in `src`.
const NEVER: &[&str] = &["todo!(", "unimplemented!(", "dbg!(", "#[allow(", "TODO"];
/// A longer file hides its order.
const LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().is_some_and(|name| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every file of the program: its room, its place and its text. Tests inside it may stand on anything.
fn sources() -> Vec<(String, PathBuf, String)> {
    let src = root().join("src");
    files(&src, ".rs")
        .into_iter()
        .filter(|path| !path.ends_with("tests.rs") && !path.ends_with("lib.rs"))
        .map(|path| {
            let inside = path.strip_prefix(&src).expect("below src");
            let room = inside.components().next().expect("a name").as_os_str();
            let room = room.to_str().expect("text").trim_end_matches(".rs");
            let text = std::fs::read_to_string(&path).expect("text");
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
            (room.to_owned(), path.clone(), text.to_owned())
        })
        .filter(|(room, ..)| room != "main")
        .collect()
}

/// The rooms that a text names by `crate::`.
fn named(text: &str) -> BTreeSet<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: Vec<&str> = code.collect();
    let code = code.join("\n");
    let mut rooms = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        if let Some(list) = part.strip_prefix('{') {
            let list = list.split('}').next().unwrap_or_default();
            rooms.extend(list.split(',').map(first_word));
        } else {
            rooms.insert(first_word(part));
        }
    }
    // The macros stand at the root of the crate, and belong to the store.
    for macro_name in ["sql", "binds", "row"] {
        if rooms.remove(macro_name) {
            rooms.insert("store".to_owned());
        }
    }
    rooms.remove("");
    rooms
}

fn first_word(text: &str) -> String {
    let is_word = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    text.trim().chars().take_while(is_word).collect()
}

/// What a room uses and may not.
fn wrong_arrows(room: &str, text: &str) -> Vec<String> {
    let allowed = PLAN.iter().find(|(name, _)| *name == room);
    let Some((_, allowed)) = allowed else {
        return vec![format!("{room} is no room of the plan")];
    };
    named(text)
        .into_iter()
        .filter(|other| other != room && !allowed.contains(&other.as_str()))
        .map(|other| format!("{room} uses {other}"))
        .collect()
}

#[test]
fn each_room_uses_only_what_lies_below_it() {
    let mut wrong = Vec::new();
    for (room, path, text) in sources() {
        for arrow in wrong_arrows(&room, &text) {
            wrong.push(format!("{}: {arrow}", path.display()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_wrong_arrow_is_seen() {
    assert_eq!(
        wrong_arrows("store", "use crate::bus::Bus;"),
        ["store uses bus"]
    );
    assert_eq!(
        wrong_arrows("shop", "let x = crate::bot::face::Face;"),
        ["shop uses bot"]
    );
    assert_eq!(
        wrong_arrows("pay", "use crate::{binds, bot, sql};"),
        ["pay uses bot"]
    );
    assert!(wrong_arrows("bus", "use crate::{binds, sql};\n// crate::shop").is_empty());
    assert_eq!(wrong_arrows("attic", ""), ["attic is no room of the plan"]);
}

#[test]
fn the_plan_has_no_circles() {
    let mut order: Vec<&str> = Vec::new();
    while order.len() < PLAN.len() {
        let next = PLAN.iter().find(|(room, uses)| {
            !order.contains(room) && uses.iter().all(|other| order.contains(other))
        });
        let (room, _) = next.unwrap_or_else(|| panic!("a circle above {order:?}"));
        order.push(room);
    }
}

#[test]
fn the_shop_knows_no_outside() {
    for (room, path, text) in sources() {
        for outside in OUTSIDE {
            let names = text.contains(&format!("{outside}::"));
            assert!(
                room != "shop" || !names,
                "{} names {outside}",
                path.display()
            );
        }
    }
}

#[test]
fn files_are_short_and_finished() {
    for (_, path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LINES, "{} has {lines} lines", path.display());
        for never in NEVER {
            assert!(!text.contains(never), "{} has {never}", path.display());
        }
    }
}

#[test]
fn each_statement_has_a_name_of_its_own() {
    let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
    for (_, path, text) in sources() {
        for block in text.split("sql! {").skip(1) {
            let block = block.split("\n}").next().unwrap_or_default();
            for part in block.split(" = \"").skip(1) {
                let name = part.split('"').next().unwrap_or_default();
                if !name.contains('.') || name.contains(' ') {
                    continue;
                }
                let before = seen.insert(name.to_owned(), path.clone());
                assert_eq!(before, None, "{name} also in {}", path.display());
            }
        }
    }
    assert!(
        seen.len() > 60,
        "the reader sees statements: {}",
        seen.len()
    );
}

#[test]
fn engines_and_languages_have_the_same_files() {
    let names = |folder: &str, ending: &str| -> Vec<String> {
        let all = files(&root().join(folder), ending);
        let names = all.iter().filter_map(|path| path.file_name()?.to_str());
        names.map(str::to_owned).collect()
    };
    assert_eq!(
        names("migrations/sqlite", ".sql"),
        names("migrations/postgres", ".sql")
    );
    assert_eq!(names("locales/en", ".ftl"), names("locales/ru", ".ftl"));
}

/// The ids of a file of texts, each as often as it stands there.
fn ids(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("texts");
    let begins = |line: &&str| line.starts_with(|first: char| first.is_ascii_alphabetic());
    let lines = text.lines().filter(begins);
    let named = lines.filter_map(|line| line.split_once('='));
    named.map(|(id, _)| id.trim().to_owned()).collect()
}

/// The loader panics at the first text, whichever that is, and does not say where the two stand.
#[test]
fn each_text_has_an_id_of_its_own_and_each_language_has_the_same() {
    let mut twice = Vec::new();
    let languages = ["en", "ru"].map(|language| {
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for file in files(&root().join("locales").join(language), ".ftl") {
            let here = file.display().to_string();
            for id in ids(&file) {
                if let Some(there) = known.insert(id.clone(), here.clone()) {
                    twice.push(format!("{id} is in {there} and in {here}"));
                }
            }
        }
        known.into_keys().collect::<BTreeSet<_>>()
    });
    assert_eq!(twice, Vec::<String>::new());
    let [english, russian] = &languages;
    assert!(english.len() > 300, "{}", english.len());
    let apart: Vec<&String> = english.symmetric_difference(russian).collect();
    assert_eq!(apart, Vec::<&String>::new(), "in one language alone");
}

/// Pages for people, with what they name.
const PAGES: &[&str] = &["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs"];

fn pages() -> Vec<PathBuf> {
    let all = PAGES.iter().map(|page| root().join(page));
    all.flat_map(|path| {
        if path.is_dir() {
            files(&path, ".md")
        } else {
            vec![path]
        }
    })
    .collect()
}

#[test]
fn links_and_files_on_pages_for_people_exist() {
    let mut missing = Vec::new();
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        let folder = page.parent().expect("a folder");
        let links = text.split("](").skip(1);
        let links = links.filter_map(|rest| rest.split([')', '#']).next());
        let links = links.filter(|link| !link.is_empty() && !link.contains("://"));
        let linked = links.map(|link| folder.join(link));
        // A file of ours is named by its path from the root.
        let code = text.split('`').skip(1).step_by(2);
        let is_ours = |word: &&str| {
            let rooms = [
                "src/",
                "tests/",
                "docs/",
                "deploy/",
                "migrations/",
                "locales/",
                "config/",
            ];
            rooms.iter().any(|room| word.starts_with(room)) && !word.contains([' ', '*', '…'])
        };
        let named = code.filter(is_ours).map(|word| root().join(word));
        for path in linked.chain(named) {
            seen += 1;
            if !path.exists() {
                missing.push(format!("{}: {}", page.display(), path.display()));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(seen > 60, "the reader sees links and files: {seen}");
}

#[test]
fn the_image_is_built_with_every_manifest() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).expect(name);
    let (manifest, image) = (read("Cargo.toml"), read("Dockerfile"));
    let members = manifest.split("members = [").nth(1).expect("members");
    let members = members.split(']').next().unwrap_or_default();
    for member in members.split('"').skip(1).step_by(2) {
        let copied = format!("COPY {member}/Cargo.toml {member}/\n");
        assert!(image.contains(&copied), "{member} in the Dockerfile");
    }
    // How SQLite is built is in there: without it the image would be slower than the figures say.
    let flags = "COPY .cargo/config.toml .cargo/\n";
    assert!(image.contains(flags), "{flags} in the Dockerfile");
    assert!(read(".dockerignore").contains("\n!.cargo\n"));
}

#[test]
fn sqlite_is_built_as_the_settings_of_cargo_say() {
    let conn = rusqlite::Connection::open_in_memory().expect("a database");
    let mut options = conn.prepare("PRAGMA compile_options").expect("options");
    let options = options.query_map([], |row| row.get::<_, String>(0));
    let options: Vec<String> = options
        .expect("rows")
        .map(|row| row.expect("text"))
        .collect();
    let is_there = |wanted: &str| options.iter().any(|it| it == wanted);
    assert!(is_there("DEFAULT_MEMSTATUS=0"), "{options:?}");
    assert!(!is_there("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
}

#[test]
fn each_guard_that_is_to_be_taken_out_is_there() {
    let list = root().join("tests/guards/check");
    let looked = Command::new("python3").arg(list).arg("--stale").output();
    let looked = looked.expect("Python 3");
    let told = String::from_utf8_lossy(&looked.stderr);
    assert!(looked.status.success(), "{told}");
}
