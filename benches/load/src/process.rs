//! The processes that are measured: how they are started, what they take, and how they are ended. Only these are ever ended.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use kiosk_emulator::load::cpu_time;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::Failure;

/// How long a shop may take to open, and to close.
const PATIENCE: Duration = Duration::from_secs(40);

/// A process of ours.
pub struct Process {
    child: Child,
    pid: u32,
    /// Where health is asked, of a shop.
    ops: Option<SocketAddr>,
}

/// Kiosk's program and what all its commands need.
#[derive(Clone)]
pub struct Program {
    pub path: PathBuf,
    pub folder: PathBuf,
    pub token: String,
    pub master: String,
}

/// The working set, in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub now: f64,
    pub peak: f64,
}

fn free_address() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

impl Program {
    /// Kiosk's program: the one of `KIOSK_BENCH_PROGRAM`, or one built now as it is shipped, without the demo.
    pub async fn find(folder: &Path) -> Result<Self, Failure> {
        let path = match std::env::var_os("KIOSK_BENCH_PROGRAM") {
            Some(path) => PathBuf::from(path),
            None => build().await?,
        };
        let demo = Command::new(&path)
            .args(["demo", "--help"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await?;
        if demo.success() {
            return Err(format!(
                "{} has the demo in it: build it with --no-default-features",
                path.display()
            )
            .into());
        }
        Ok(Self {
            path,
            folder: folder.to_owned(),
            token: crate::TOKEN.to_owned(),
            master: crate::MASTER.to_owned(),
        })
    }

    /// A command of the program on a database.
    pub fn command(&self, database: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(args)
            .current_dir(&self.folder)
            .env("KIOSK_DATABASE__URL", database)
            .env("KIOSK_SECRETS__MASTER_KEY", &self.master)
            .env("KIOSK_TELEGRAM__TOKEN", &self.token)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end, which must be a good one.
    pub async fn done(&self, database: &str, args: &[&str]) -> Result<(), Failure> {
        let output = self.command(database, args).output().await?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("kiosk {}: {said}", args.join(" ")).into())
    }

    /// Opens the shop: the process, and how long it took from exec to ready.
    pub async fn open(
        &self,
        database: &str,
        api_url: &str,
    ) -> Result<(Process, Duration), Failure> {
        let ops = free_address()?;
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("kiosk.log"))?;
        let mut command = self.command(database, &["run"]);
        command
            .env("KIOSK_TELEGRAM__API_URL", api_url)
            .env("KIOSK_WEB__OPS_LISTEN", ops.to_string())
            .stdout(Stdio::null())
            .stderr(log);
        let started = Instant::now();
        let mut process = Process::spawn(command, Some(ops))?;
        loop {
            if is_ready(ops).await {
                return Ok((process, started.elapsed()));
            }
            if let Some(status) = process.child.try_wait()? {
                let log = fs::read_to_string(self.folder.join("kiosk.log"))?;
                return Err(format!("the shop does not open, {status}: {log}").into());
            }
            if started.elapsed() > PATIENCE {
                return Err("the shop does not open".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn is_ready(ops: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(ops).await?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nhost: k\r\nconnection: close\r\n\r\n")
            .await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer.starts_with(b"HTTP/1.1 200"))
    };
    ask.await.unwrap_or(false)
}

/// Builds the program with the profile of the benches.
async fn build() -> Result<PathBuf, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(&root)
        .args([
            "build",
            "--quiet",
            "--profile",
            "bench",
            "-p",
            "kiosk",
            "--bin",
            "kiosk",
        ])
        .arg("--no-default-features")
        .status()
        .await?;
    if !status.success() {
        return Err("kiosk can't be built".into());
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/kiosk").canonicalize()?)
}

impl Process {
    fn spawn(mut command: Command, ops: Option<SocketAddr>) -> Result<Self, Failure> {
        let child = command.kill_on_drop(true).spawn()?;
        let pid = child.id().ok_or("a process that ended at once")?;
        Ok(Self { child, pid, ops })
    }

    /// One of the bots of this program.
    pub fn bot(kind: &str, api_url: &str) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args([kind, api_url])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Self::spawn(command, None)
    }

    /// User and system time so far.
    pub fn cpu(&self) -> Duration {
        cpu_time(Some(self.pid)).unwrap_or_default()
    }

    pub fn memory(&self) -> Result<Memory, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let mib = |name: &str| -> Option<f64> {
            let line = status.lines().find(|line| line.starts_with(name))?;
            let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
            Some(kib / 1024.0)
        };
        Ok(Memory {
            now: mib("VmRSS:").ok_or("no VmRSS")?,
            peak: mib("VmHWM:").ok_or("no VmHWM")?,
        })
    }

    /// SIGTERM to a shop, and the end of it; a bot is just killed.
    pub async fn close(mut self) -> Result<(), Failure> {
        if self.ops.is_none() {
            return self.kill().await;
        }
        let status = Command::new("kill")
            .args(["-TERM", &self.pid.to_string()])
            .status()
            .await?;
        if !status.success() {
            return Err("the shop can't be told to stop".into());
        }
        tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        Ok(())
    }

    /// SIGKILL.
    pub async fn kill(mut self) -> Result<(), Failure> {
        self.child.kill().await?;
        Ok(())
    }

    /// Waits until it ends by itself, well.
    pub async fn end(mut self) -> Result<(), Failure> {
        let status = self.child.wait().await?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("it ended badly: {status}").into())
        }
    }

    /// A command that runs beside the others.
    pub fn beside(mut command: Command) -> Result<Self, Failure> {
        command.stdout(Stdio::null()).stderr(Stdio::inherit());
        Self::spawn(command, None)
    }
}
