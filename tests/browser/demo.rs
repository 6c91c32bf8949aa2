//! `kiosk demo` in a process of its own.

use std::process::Stdio;

use reqwest::Url;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A demo that is open.
pub(super) struct Demo {
    process: Child,
    chat_url: String,
    // Goes away after the process.
    folder: tempfile::TempDir,
}

impl Demo {
    /// Starts it on a free port, and returns when its chat page is there.
    pub(super) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder")).await
    }

    async fn start_in(folder: tempfile::TempDir) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_kiosk"))
            .args(["demo", "--listen", "127.0.0.1:0", "--dir"])
            .arg(folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let stdout = process.stdout.take().expect("piped above");
        let mut lines = BufReader::new(stdout).lines();
        let chat_url = loop {
            let line = lines.next_line().await.expect("text");
            let line = line.expect("the demo prints the address of its chat page");
            if line.trim().starts_with("http://") {
                break line.trim().to_owned();
            }
        };
        // Whatever else it prints is read, or it would wait for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            process,
            chat_url,
            folder,
        }
    }

    /// Where its chat page is.
    pub(super) fn chat_url(&self) -> &str {
        &self.chat_url
    }

    /// So many more updates come to the shop, at once.
    pub(super) async fn hurries(&self, updates: usize) {
        for _ in 0..updates {
            let update = json!({ "update": { "poll": {} } });
            self.control("update", update).await;
        }
        while self.control("pending", json!({})).await["pending"] != 0 {}
    }

    async fn control(&self, verb: &str, body: Value) -> Value {
        let url = Url::parse(&self.chat_url).expect("an address");
        let url = url.join(&format!("/control/{verb}")).expect("an address");
        let client = reqwest::Client::builder().no_proxy().build();
        let request = client.expect("a client").post(url).json(&body);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{verb}: {answer:?}");
        answer.json().await.expect("JSON")
    }

    /// Ends it as Ctrl-C does; it must end well.
    pub(super) async fn stop(self) {
        self.end().await;
    }

    /// Ends it, and opens the shop that it has kept.
    pub(super) async fn again(self) -> Self {
        Self::start_in(self.end().await).await
    }

    async fn end(mut self) -> tempfile::TempDir {
        let id = self.process.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-INT", &id]).status().await;
        assert!(told.expect("kill runs").success());
        let ended = self.process.wait().await.expect("it ends");
        assert!(ended.success(), "{ended}");
        self.folder
    }
}
