//! The real program in a process of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use kiosk::store::Location;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::watch;

use crate::support::db::TestDb;
use crate::support::shop::{MASTER, TOKEN};

/// The program with the settings of a shop on `db`, in a folder without a kiosk.toml.
pub fn command(db: &TestDb) -> Command {
    command_of(env!("CARGO_BIN_EXE_kiosk").into(), db)
}

/// The same of another version's program.
pub fn command_of(program: PathBuf, db: &TestDb) -> Command {
    let url = match db.location() {
        Location::Sqlite(path) => format!("sqlite://{}", path.display()),
        Location::Postgres(url) => url.clone(),
    };
    let mut command = Command::new(program);
    command
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .env("KIOSK_DATABASE__URL", url)
        .env("KIOSK_SECRETS__MASTER_KEY", MASTER)
        .env("KIOSK_WEB__OPS_LISTEN", "127.0.0.1:0")
        .kill_on_drop(true);
    command
}

/// How a command ended: its exit status, and what it said on each stream.
pub struct Ended {
    pub status: i32,
    pub out: String,
    pub err: String,
}

/// Runs a command to its end, with `input` on its standard input.
pub async fn run(mut command: Command, input: &str) -> Ended {
    use tokio::io::AsyncWriteExt;
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = process.stdin.take().expect("piped above");
    // A command that does not read its input ends before it is written.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = process.wait_with_output().await.expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended {
        status: output.status.code().expect("no signal"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// The address of this name in the line that says that the shop is open; empty if nothing is served there.
fn address_in(line: &str, name: &str) -> String {
    let (_, rest) = line.split_once(&format!("{name}=")).expect("its name");
    let rest = rest.strip_prefix("Some(").unwrap_or("");
    let end = rest.find(')').unwrap_or(rest.len());
    rest[..end].to_owned()
}

/// A running `kiosk run`.
pub struct Child {
    process: tokio::process::Child,
    ops: String,
    pages: String,
    log: watch::Receiver<String>,
}

impl Child {
    /// Starts it, and returns when the shop is open.
    pub async fn start(db: &TestDb, api_url: &str) -> Self {
        Self::start_as(command(db), api_url).await
    }

    /// The same with settings of the caller's.
    pub async fn start_as(mut command: Command, api_url: &str) -> Self {
        let mut process = command
            .arg("run")
            .env("KIOSK_TELEGRAM__TOKEN", TOKEN)
            .env("KIOSK_TELEGRAM__API_URL", api_url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let errors = process.stderr.take().expect("piped above");
        let mut lines = BufReader::new(errors).lines();
        let mut said = Vec::new();
        let (ops, pages) = loop {
            match lines.next_line().await.expect("text") {
                Some(line) if line.contains("the shop is open") => {
                    break (address_in(&line, "ops"), address_in(&line, "pages"));
                }
                Some(line) => said.push(line),
                None => panic!("the shop does not open: {said:#?}"),
            }
        };
        let (writes, log) = watch::channel(said.join("\n"));
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                writes.send_modify(|log| {
                    log.push('\n');
                    log.push_str(&line);
                });
            }
        });
        Self {
            process,
            ops,
            pages,
            log,
        }
    }

    /// Where its health is served.
    pub fn ops(&self) -> &str {
        &self.ops
    }

    /// Where its pages are served.
    pub fn pages(&self) -> &str {
        &self.pages
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Returns when it has logged these words.
    pub async fn says(&self, words: &str) {
        let mut log = self.log.clone();
        let said = log.wait_for(|log| log.contains(words));
        let said = tokio::time::timeout(Duration::from_secs(20), said).await;
        assert!(
            matches!(said, Ok(Ok(_))),
            "{words:?} is not in the log: {}",
            self.log()
        );
    }

    /// SIGKILL, and the end of it.
    pub async fn kill(mut self) {
        self.process.kill().await.expect("killed");
    }

    /// SIGTERM; it must end by itself, well.
    pub async fn terminate(mut self) {
        let id = self.process.id().expect("it runs").to_string();
        let status = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .await
            .expect("kill runs");
        assert!(status.success());
        let ended = self.process.wait().await.expect("it ends");
        assert!(ended.success(), "{ended}");
    }
}
