//! A headless Chromium in a process of its own, and the line to it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::page::{Size, Tab};

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--hide-scrollbars",
    "--lang=en-US",
    "--remote-debugging-port=0",
];

/// A browser on a cold disk beside other tests takes its time.
const STARTS_WITHIN: Duration = Duration::from_mins(1);

fn installed() -> PathBuf {
    if let Some(path) = std::env::var_os("KIOSK_TEST_CHROMIUM") {
        return path.into();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "the browser tests need Chromium: install the package 'chromium' (as root ./test does so by itself), \
             or name a browser in KIOSK_TEST_CHROMIUM"
        )
    })
}

/// A running browser with a profile of its own; it ends with this value.
pub(super) struct Browser {
    address: String,
    process: Child,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it, and returns when it can be talked to.
    pub(super) async fn start() -> Self {
        let program = installed();
        let profile = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(&program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let stderr = process.stderr.take().expect("piped above");
        let mut lines = BufReader::new(stderr).lines();
        let mut said = Vec::new();
        let address = timeout(STARTS_WITHIN, async {
            loop {
                match lines.next_line().await.expect("text") {
                    Some(line) => match line.strip_prefix("DevTools listening on ") {
                        Some(address) => break address.to_owned(),
                        None => said.push(line),
                    },
                    None => panic!("the browser ended: {said:#?}"),
                }
            }
        })
        .await
        .expect("the browser starts within a minute");
        // It goes on complaining about a machine without a desktop.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            address,
            process,
            profile,
        }
    }

    /// Opens a page in a tab of this size, with light colours and nothing that moves.
    pub(super) async fn open(&self, url: &str, size: Size) -> Tab {
        Tab::open(&self.address, url, size).await
    }

    /// The same for a page that is no chat.
    pub(super) async fn visit(&self, url: &str, size: Size) -> Tab {
        Tab::visit(&self.address, url, size).await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its folder can be removed once nobody writes there: the kill is asked for here, the rest is the system's.
        let _ = self.process.start_kill();
        tracing::debug!(profile = %self.profile.path().display(), "the browser ends");
    }
}
