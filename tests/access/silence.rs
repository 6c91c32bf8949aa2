//! What is logged while people log in, with everything on.

use std::io::Write;
use std::sync::{Arc, Mutex};

use kiosk::shop::access::identity::app;
use kiosk::shop::access::passwords::log_in::LoggedIn;
use tracing_subscriber::EnvFilter;

use crate::access::rig::Cabinet;
use crate::support::db::TestDb;

const PHONE: &str = "+79990000123";
const MAIL: &str = "canary.login@example.com";
const PASSWORD: &str = "canary password of hers";
const GUESS: &str = "canary guess of theirs";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Both engines in one test: the log is the process's.
#[tokio::test]
async fn nothing_that_opens_the_cabinet_or_names_a_person_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("trace"))
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
    let mut secrets = vec![
        PHONE.to_owned(),
        MAIL.to_owned(),
        PASSWORD.to_owned(),
        GUESS.to_owned(),
        "argon2id".to_owned(),
    ];
    for db in [TestDb::sqlite().await, TestDb::postgres().await] {
        let cabinet = Cabinet::open(&db).await;
        let ann = cabinet.known(1, PHONE, MAIL).await.id;
        cabinet.set_password(ann, PASSWORD).await;
        let LoggedIn::Welcome(token) = cabinet.log_in(MAIL, PASSWORD).await else {
            panic!("she knows her password");
        };
        cabinet.log_in(PHONE, GUESS).await;
        cabinet.log_in("nobody@example.com", GUESS).await;
        let link = cabinet.link(ann).await;
        let by_link = cabinet.consume(&link).await.expect("logged in");
        let wish = cabinet.wish(&by_link, Some(GUESS), GUESS).await;
        tracing::debug!(?wish, ?token, ?link, answer = ?cabinet.change(&wish).await, "as somebody might write it down");
        let init_data = format!(
            "user={{\"id\":1,\"first_name\":\"{MAIL}\"}}&auth_date=1&hash={}",
            "0".repeat(64)
        );
        tracing::debug!(answer = ?app::check(&init_data, &"4242:canary-token".into(), 0), "and this");
        secrets.extend([token.expose(), link.expose(), by_link.expose()]);
        cabinet.store.close().await;
    }
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    let said = ["as somebody might write it down", "and this"];
    assert!(said.iter().all(|words| log.contains(words)), "{log:.2000}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
}
