//! The emulator beside aiogram: what it says is read by aiogram's own models, and the bot of the README sells. Needs Python 3 with its
//! module venv, and the registry of packages at the first run; what was installed is kept in the build folder.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

const README: &str = include_str!("../../README.md");
const WISHED: &str = include_str!("../shapes/requirements.txt");
const METHODS: &str = include_str!("../../src/methods/mod.rs");
const VERBS: &str = include_str!("../../src/control/http.rs");

/// The program, killed when dropped.
struct Program {
    child: Child,
    url: String,
}

impl Program {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kiosk-emulator"))
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut first).unwrap();
        let url = first.strip_prefix("Bot API").expect("its address");
        Self {
            child,
            url: url.trim().to_owned(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn must(what: &str, done: std::io::Result<Output>) -> Output {
    let done = done.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        done.status.success(),
        "{what}: {}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    done
}

/// A Python that has aiogram. The first test to come makes it, the others wait.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lock = File::create(folder.join("aiogram.lock")).unwrap();
    lock.lock().unwrap();
    let venv = folder.join("aiogram");
    let (python, installed) = (venv.join("bin/python"), venv.join("installed"));
    if std::fs::read_to_string(&installed).ok().as_deref() == Some(WISHED) {
        return python;
    }
    must(
        "the emulator is held against aiogram, which needs Python 3 with venv (Debian: python3-venv)",
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv)
            .output(),
    );
    must(
        "the emulator is held against aiogram, which pip must be able to get from PyPI (or from a mirror that it is told of)",
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shapes/requirements.txt"))
            .output(),
    );
    std::fs::write(&installed, WISHED).unwrap();
    python
}

/// A block of the README, with the address of this emulator in it.
fn block(name: &str, url: &str) -> String {
    let from = README.find(name).expect("a block of that name");
    let (block, _) = README[from..].split_once("```").expect("its end");
    block.replace("http://127.0.0.1:8081", url)
}

/// What stands in backquotes in a text.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_the_emulator_says_is_what_aiogram_reads() {
    let python = python();
    let emulator = Program::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shapes/check.py");
    let done = must(
        "strange shapes",
        Command::new(python).arg(script).arg(&emulator.url).output(),
    );
    let told = String::from_utf8(done.stdout).unwrap();
    let (_, called) = told.split_once("called: ").expect("what was called");
    let called: BTreeSet<String> = called.split_whitespace().map(str::to_owned).collect();
    let known: BTreeSet<String> = METHODS
        .lines()
        .filter_map(|line| line.split_once(" => "))
        .flat_map(|(names, _)| names.split('"').skip(1).step_by(2))
        .chain(["getupdates"])
        .map(str::to_owned)
        .collect();
    assert_eq!(called, known, "each method is looked at");
    let (_, listed) = README.split_once("The methods: ").unwrap();
    let listed = quoted(listed.split_once("\n\n").unwrap().0);
    let listed: BTreeSet<String> = listed.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(listed, known, "the README lists each method");
}

#[test]
fn the_readme_lists_each_verb_of_the_control_api() {
    let (_, table) = README.split_once("| verb | fields").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let first = table
        .lines()
        .skip(2)
        .map(|row| row.split('|').nth(1).unwrap());
    let listed: BTreeSet<String> = first.flat_map(quoted).collect();
    let verbs = VERBS.lines().map(str::trim_start);
    let known: BTreeSet<String> = verbs
        .filter(|line| line.starts_with('"') && line.contains(" => "))
        .map(|line| line.split('"').nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn the_readme_lists_each_refusal_and_no_other() {
    let (_, table) = README.split_once("| code | description").unwrap();
    let rows = table.lines().skip(2);
    let listed: BTreeSet<String> = rows
        .flat_map(|row| quoted(row.split('|').nth(2).unwrap_or_default()))
        .collect();
    let mut source = String::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for folder in [src.clone(), src.join("methods")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "rs") {
                source += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let source = source.replace("\\\"", "\"");
    for words in &listed {
        let words = words
            .split_once(": ")
            .map_or(words.as_str(), |(kind, rest)| match kind {
                "Bad Request" | "Conflict" | "Forbidden" => rest,
                _ => words,
            });
        // What stands for something else ends the part that can be found.
        let words = words.trim_end_matches(" N").trim_matches(['…', ' ']);
        let words = words.split(" photo in").next().unwrap_or(words);
        assert!(source.contains(words), "nobody says {words:?}");
    }
    let all = listed.into_iter().collect::<Vec<_>>().join("\n");
    for call in ["bad(", "forbidden(", "conflict("] {
        let said = source.split(call).skip(1).map(str::trim_start);
        let said = said.filter_map(|rest| rest.strip_prefix('"')?.split('"').next());
        let untold: Vec<&str> = said
            .map(|words| words.trim_end_matches('\\'))
            .filter(|words| words.len() > 4 && !all.contains(words))
            .collect();
        assert!(untold.is_empty(), "the README does not tell of {untold:?}");
    }
}

#[tokio::test]
async fn the_readmes_bot_sells_to_the_readmes_customer() {
    let python = python();
    let emulator = Program::start();
    let bot = Command::new(&python)
        .args(["-c", &block("# bot.py", &emulator.url)])
        .spawn()
        .unwrap();
    let mut bot = Program {
        child: bot,
        url: String::new(),
    };
    // Python is slow to begin; the customer waits 10 s for an answer.
    let calls = format!("{}/control/calls", emulator.url);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let called = async || {
        let asked = client.post(&calls).json(&serde_json::json!({}));
        asked.send().await.unwrap().text().await.unwrap() != "[]"
    };
    while !called().await {
        assert_eq!(bot.child.try_wait().unwrap(), None, "the bot runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let play = block("# play.py", &emulator.url);
    let done = must(
        "the README's customer",
        Command::new(&python).args(["-c", &play]).output(),
    );
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(told.contains("'outcome': 'paid'"), "{told}");
    assert!(told.ends_with("Your key: ABCD-1234\n"), "{told}");
}
