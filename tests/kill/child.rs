//! The real program in a process of its own.

use std::process::Stdio;

use kiosk::store::Location;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::support::db::TestDb;
use crate::support::shop::{MASTER, TOKEN};

/// A running `kiosk run`.
pub struct Child {
    process: tokio::process::Child,
}

impl Child {
    /// Starts it, and returns when the shop is open.
    pub async fn start(db: &TestDb, api_url: &str) -> Self {
        let url = match db.location() {
            Location::Sqlite(path) => format!("sqlite://{}", path.display()),
            Location::Postgres(url) => url.clone(),
        };
        let mut process = tokio::process::Command::new(env!("CARGO_BIN_EXE_kiosk"))
            .arg("run")
            .current_dir(std::env::temp_dir())
            .env("KIOSK_TELEGRAM__TOKEN", TOKEN)
            .env("KIOSK_TELEGRAM__API_URL", api_url)
            .env("KIOSK_DATABASE__URL", url)
            .env("KIOSK_SECRETS__MASTER_KEY", MASTER)
            .env("KIOSK_WEB__OPS_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let errors = process.stderr.take().expect("piped above");
        let mut lines = BufReader::new(errors).lines();
        let mut said = Vec::new();
        loop {
            match lines.next_line().await.expect("text") {
                Some(line) if line.contains("the shop is open") => break,
                Some(line) => said.push(line),
                None => panic!("the shop does not open: {said:#?}"),
            }
        }
        // What it says from now on goes to the test's own output.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                eprintln!("{line}");
            }
        });
        Self { process }
    }

    /// SIGKILL, and the end of it.
    pub async fn kill(mut self) {
        self.process.kill().await.expect("killed");
    }

    /// SIGTERM; it must end by itself, well.
    pub async fn terminate(mut self) {
        let id = self.process.id().expect("it runs").to_string();
        let status = tokio::process::Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .await
            .expect("kill runs");
        assert!(status.success());
        let ended = self.process.wait().await.expect("it ends");
        assert!(ended.success(), "{ended}");
    }
}
