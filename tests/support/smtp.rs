//! Mail servers on this machine: aiosmtpd, which takes mails or refuses them as it is told, with a certificate of an
//! authority that each has for itself.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kiosk::senders::settings::{Encryption, MailAccount, Preset};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::python::python;

/// The login that the servers take.
pub const LOGIN: (&str, &str) = ("shop@example.com", "an app password");

/// A mail as it arrived.
#[derive(Clone, Debug, Deserialize)]
pub struct Arrived {
    pub sender: String,
    pub to: Vec<String>,
    pub encrypted: bool,
    /// In their order; a header that came twice stands there twice.
    pub headers: Vec<(String, String)>,
    pub structure: String,
    /// Their types and their texts.
    pub parts: Vec<(String, String)>,
    raw: String,
}

impl Arrived {
    /// The values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        let found = self.headers.iter().filter(same);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that must have come once.
    pub fn one(&self, name: &str) -> &str {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name}: {:?}", self.headers);
        all[0]
    }

    /// The text of the part of this type.
    pub fn part(&self, kind: &str) -> &str {
        let found = self.parts.iter().find(|(known, _)| known == kind);
        &found.expect("such a part").1
    }

    /// The bytes on the line.
    pub fn raw(&self) -> Vec<u8> {
        STANDARD.decode(&self.raw).expect("base64")
    }
}

/// A running server; it ends with this value.
pub struct Smtp {
    /// Killed when dropped.
    _process: Child,
    folder: TempDir,
    port: u16,
    encryption: Encryption,
    told: watch::Receiver<Vec<Value>>,
}

impl Smtp {
    /// A server that takes everything from whoever has logged in.
    pub async fn start(encryption: Encryption) -> Self {
        Self::start_with(encryption, json!({})).await
    }

    /// A server whose replies are given: `{"RCPT": ["451 4.7.1 later", null]}`, see `server.py`.
    pub async fn start_with(encryption: Encryption, replies: Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        certify(folder.path());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let tls = match encryption {
            Encryption::Implicit => "implicit",
            Encryption::Starttls => "starttls",
            Encryption::None => "none",
        };
        let mut options = json!({
            "tls": tls, "cert": path("server.pem"), "key": path("server.key"), "replies": replies,
        });
        options["login"] = json!([LOGIN.0, LOGIN.1]);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/smtp/server.py");
        let python = tokio::task::spawn_blocking(python).await.expect("a Python");
        let mut process = Command::new(python)
            .arg(script)
            .arg(options.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        let out = process.stdout.take().expect("piped above");
        let mut lines = BufReader::new(out).lines();
        let first = lines.next_line().await.expect("text").expect("its port");
        let first: Value = serde_json::from_str(&first).expect("JSON");
        let port = first["port"].as_u64().expect("a port") as u16;
        let (tell, told) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let value: Value = serde_json::from_str(&line).expect("JSON");
                tell.send_modify(|all| all.push(value));
            }
        });
        Self {
            _process: process,
            folder,
            port,
            encryption,
            told,
        }
    }

    /// The authority that has certified it.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// An account on it that works.
    pub fn account(&self, name: &str) -> MailAccount {
        MailAccount {
            name: name.to_owned(),
            preset: Preset::Smtp,
            host: "localhost".to_owned(),
            port: self.port,
            encryption: self.encryption,
            user: Some(LOGIN.0.to_owned()),
            password: Some(SecretString::from(LOGIN.1.to_owned())),
            from: "shop@example.com".to_owned(),
            most_a_day: None,
            ca_file: (self.encryption != Encryption::None).then(|| self.ca()),
        }
    }

    /// Everything of this kind that it has told, once there are so many of it.
    async fn told(&self, what: &str, count: usize) -> Vec<Value> {
        self.told_such(what, |value| value["what"] == what, count)
            .await
    }

    async fn told_such(
        &self,
        what: &str,
        is_such: impl Fn(&Value) -> bool,
        count: usize,
    ) -> Vec<Value> {
        let of = |all: &Vec<Value>| -> Vec<Value> {
            let same = all.iter().filter(|value| is_such(value));
            same.cloned().collect()
        };
        let mut told = self.told.clone();
        let enough = told.wait_for(|all| of(all).len() >= count);
        match tokio::time::timeout(Duration::from_secs(20), enough).await {
            Ok(Ok(all)) => of(&all),
            _ => panic!("no {count} of {what}: {:?}", self.told.borrow()),
        }
    }

    /// The mails that arrived, once there are so many.
    pub async fn mails(&self, count: usize) -> Vec<Arrived> {
        let all = self.told("mail", count).await;
        let read = |value: Value| serde_json::from_value(value).expect("a mail");
        all.into_iter().map(read).collect()
    }

    /// The mails with these words that arrived for somebody, once there are so many.
    pub async fn mails_to(&self, to: &str, words: &str, count: usize) -> Vec<Arrived> {
        let is_such = |value: &Value| {
            let text = value["parts"].to_string();
            value["what"] == "mail" && value["to"] == json!([to]) && text.contains(words)
        };
        let what = format!("mails to {to} with {words}");
        let all = self.told_such(&what, is_such, count).await;
        let read = |value: Value| serde_json::from_value(value).expect("a mail");
        all.into_iter().map(read).collect()
    }

    /// How many have tried to log in, once they are so many.
    pub async fn logins(&self, count: usize) -> usize {
        self.told("login", count).await.len()
    }

    /// Returns when it has a mail and does not answer.
    pub async fn holds_a_mail(&self) {
        self.told("body", 1).await;
    }
}

/// An authority, and what it certifies: `localhost`.
fn certify(folder: &Path) {
    let write = |name: &str, text: String| {
        std::fs::write(folder.join(name), text).expect("a file");
    };
    let key = || KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, key()).expect("an authority");
    let server_key = key();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let server = server
        .signed_by(&server_key, &authority)
        .expect("certified");
    write("ca.pem", authority.pem());
    write("server.pem", server.pem());
    write("server.key", server_key.serialize_pem());
}
