//! What is logged while people log in, with everything on.

use kiosk::shop::access::identity::app;
use kiosk::shop::access::passwords::log_in::LoggedIn;

use crate::access::rig::Cabinet;
use crate::support::db::TestDb;
use crate::support::log::Log;

const PHONE: &str = "+79990000123";
const MAIL: &str = "canary.login@example.com";
const PASSWORD: &str = "canary password of hers";
const GUESS: &str = "canary guess of theirs";

/// Both engines in one test: the log is the process's.
#[tokio::test]
async fn nothing_that_opens_the_cabinet_or_names_a_person_is_logged() {
    let log = Log::of_everybody("trace");
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
    let log = log.text();
    let said = ["as somebody might write it down", "and this"];
    assert!(said.iter().all(|words| log.contains(words)), "{log:.2000}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
}
