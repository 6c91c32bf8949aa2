//! WhatsApp's Cloud API.

use kiosk::senders::settings::{Channel, PhoneAccount, Settings, WhatsappSettings};
use kiosk::shop::confirmations::senders::{Call, Carried, Progress, Told};
use kiosk::shop::texts::Language;
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::{NOW, built, code_to, impatient, nobody, phone_account, phone_sender, post};
use crate::support::phones::Fault;
use crate::support::phones::whatsapp::{Graph, NOBODY, NUMBER, TEMPLATE, TOKEN, VERSION, news};
use crate::support::python;

const PHONE: &str = "+49151234567";
const SECRET: &str = "an application's secret";
const VERIFY: &str = "our-own-word";

fn account(url: Url) -> PhoneAccount {
    let secret = |text: &str| SecretString::from(text.to_owned());
    phone_account(Channel::Whatsapp(WhatsappSettings {
        api_url: url,
        version: VERSION.to_owned(),
        token: secret(TOKEN),
        number_id: NUMBER.to_owned(),
        template: TEMPLATE.to_owned(),
        languages: vec!["ru".to_owned(), "en_US".to_owned()],
        app_secret: Some(secret(SECRET)),
        verify_token: Some(secret(VERIFY)),
    }))
}

fn own(account: &mut PhoneAccount) -> &mut WhatsappSettings {
    match &mut account.channel {
        Channel::Whatsapp(own) => own,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_code_goes_twice_into_the_template_of_the_readers_language() {
    let graph = Graph::start().await;
    let (sender, _) = phone_sender(account(graph.provider().url()));
    for (language, code) in [(Language::Ru, "ru"), (Language::En, "en_US")] {
        let mut wished = code_to(PHONE);
        wished.to.language = language;
        let carried = sender.carry(&wished).await;
        assert!(
            matches!(carried, Carried::Accepted { reference: Some(_) }),
            "{carried:?}"
        );
        let sent = graph.sent().pop().unwrap();
        assert_eq!(sent["to"], "49151234567");
        assert_eq!(sent["template"]["language"]["code"], code);
        let given = json!([{ "type": "text", "text": "048291" }]);
        assert_eq!(sent["template"]["components"][0]["parameters"], given);
        assert_eq!(sent["template"]["components"][1]["parameters"], given);
    }
    // A language in which there is no template: the first one.
    let mut german = account(graph.provider().url());
    own(&mut german).languages = vec!["ru".to_owned()];
    let mut wished = code_to(PHONE);
    wished.to.language = Language::En;
    let carried = phone_sender(german).0.carry(&wished).await;
    assert!(matches!(carried, Carried::Accepted { .. }), "{carried:?}");
}

#[tokio::test]
async fn each_error_says_what_to_do_next() {
    let graph = Graph::start().await;
    let (sender, _) = phone_sender(account(graph.provider().url()));
    let class = |carried: &Carried| match carried {
        Carried::Accepted { .. } => "accepted",
        Carried::NotReachable(_) => "next",
        Carried::Busy { .. } => "busy",
        Carried::Misconfigured(_) => "mend",
        Carried::Unknown(_) => "unknown",
    };
    for (status, code, expected) in [
        (401, 190, "mend"),
        (400, 100, "mend"),
        (400, 132_000, "mend"),
        (404, 132_001, "mend"),
        (400, 132_015, "mend"),
        (400, 132_016, "mend"),
        (400, 131_026, "next"),
        (400, 131_030, "next"),
        (400, 131_047, "mend"),
        (400, 131_048, "busy"),
        (429, 130_429, "busy"),
        (400, 131_056, "busy"),
        (403, 131_031, "mend"),
        (403, 368, "mend"),
        (400, 133_010, "mend"),
        (500, 131_000, "unknown"),
        (503, 2, "unknown"),
        (400, 999_999, "next"),
    ] {
        graph.refuse(status, code);
        let carried = sender.carry(&code_to(PHONE)).await;
        assert_eq!(class(&carried), expected, "{code}: {carried:?}");
        // Meta's own words repeat the number and the code.
        let shown = format!("{carried:?}");
        assert!(
            !shown.contains("048291") && !shown.contains("1234567"),
            "{shown}"
        );
    }
    for (fault, expected) in [
        (Fault::Page(502, "<html>"), "unknown"),
        (Fault::Page(200, "<html>"), "unknown"),
        (Fault::Cut, "unknown"),
        (Fault::TooMany(5), "busy"),
    ] {
        graph.provider().fail(fault.clone());
        let carried = sender.carry(&code_to(PHONE)).await;
        assert_eq!(class(&carried), expected, "{fault:?}: {carried:?}");
    }
    graph.provider().fail(Fault::Hang);
    let silent = impatient(account(graph.provider().url()));
    assert_eq!(class(&silent.carry(&code_to(PHONE)).await), "unknown");
    assert_eq!(class(&sender.carry(&code_to(NOBODY)).await), "next");
    let mut stranger = account(graph.provider().url());
    own(&mut stranger).token = SecretString::from("EAAother".to_owned());
    assert_eq!(
        class(&phone_sender(stranger).0.carry(&code_to(PHONE)).await),
        "mend"
    );
    assert_eq!(graph.sent().len(), 0);
}

/// The signature as Python's own library computes it.
fn signature(secret: &str, body: &str) -> String {
    let script = "import hashlib, hmac, sys\n\
                  secret, body = (arg.encode() for arg in sys.argv[1:])\n\
                  print('sha256=' + hmac.new(secret, body, hashlib.sha256).hexdigest())";
    python::says(script, &[secret, body])
}

fn signed(signature: &str) -> Vec<(String, Vec<u8>)> {
    vec![(
        "x-hub-signature-256".to_owned(),
        signature.as_bytes().to_vec(),
    )]
}

fn nowhere() -> Url {
    Url::parse("http://127.0.0.1:9").unwrap()
}

#[tokio::test]
async fn reports_are_told_from_forged_ones() {
    let reporter = phone_sender(account(nowhere())).1.unwrap();
    assert_eq!(reporter.path(), "whatsapp-main");
    let second = NOW / 1_000;
    let body = news(
        NUMBER,
        &[
            ("wamid.1", "sent", second),
            ("wamid.1", "delivered", second + 1),
            ("wamid.2", "read", second + 2),
            ("wamid.3", "failed", second),
            ("wamid.4", "dreamt", second),
        ],
    );
    let right = signature(SECRET, &body);
    let Told::Reports(reports, _) = reporter.read(&post(&signed(&right), &body)) else {
        panic!("genuine")
    };
    let told: Vec<_> = reports
        .iter()
        .map(|it| (it.reference.as_str(), it.progress, it.at))
        .collect();
    assert_eq!(
        told,
        [
            ("wamid.1", Progress::Accepted, NOW),
            ("wamid.1", Progress::Delivered, NOW + 1_000),
            ("wamid.2", Progress::Read, NOW + 2_000),
            ("wamid.3", Progress::Undelivered, NOW),
        ]
    );
    assert!(reports.iter().all(|it| it.account == "whatsapp:main"));

    let without = right.trim_start_matches("sha256=");
    for wrong in [
        signature("another secret", &body).as_str(),
        without,
        "sha256=",
        "",
        &right[..70],
        &format!("sha1={without}"),
    ] {
        let told = reporter.read(&post(&signed(wrong), &body));
        assert_eq!(told, Told::Forged, "{wrong}");
    }
    let tampered = body.replace("failed", "read  ");
    assert_eq!(
        reporter.read(&post(&signed(&right), &tampered)),
        Told::Forged
    );
    assert_eq!(reporter.read(&post(&[], &body)), Told::Forged);
    // A message of a customer, and what is no JSON: genuine, and nothing to us.
    for nothing in [
        r#"{"entry":[{"changes":[{"value":{"messages":[]}}]}]}"#,
        "[]",
    ] {
        let told = reporter.read(&post(&signed(&signature(SECRET, nothing)), nothing));
        assert_eq!(told, Told::Nothing("ok"));
    }
}

#[tokio::test]
async fn one_webhook_tells_of_all_numbers_of_its_application_and_of_no_others() {
    let mut first = account(nowhere());
    first.name = "a".to_owned();
    let mut second = account(nowhere());
    second.name = "b".to_owned();
    own(&mut second).number_id = "222".to_owned();
    let mut other = account(nowhere());
    other.name = "c".to_owned();
    own(&mut other).number_id = "333".to_owned();
    own(&mut other).app_secret = Some(SecretString::from("another application".to_owned()));
    let settings = Settings {
        phone: vec![first, second, other],
        ..nobody()
    };
    let reporters = built(&settings).reporters;
    let told = |number: &str| {
        let body = news(number, &[("wamid.1", "read", 1)]);
        match reporters[0].read(&post(&signed(&signature(SECRET, &body)), &body)) {
            Told::Reports(reports, _) => Some(reports[0].account.clone()),
            Told::Nothing(_) => None,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told(NUMBER).as_deref(), Some("whatsapp:a"));
    assert_eq!(told("222").as_deref(), Some("whatsapp:b"));
    assert_eq!(told("333"), None);
    assert_eq!(told("444"), None);
}

#[tokio::test]
async fn a_challenge_is_answered_to_whoever_knows_our_word() {
    let reporter = phone_sender(account(nowhere())).1.unwrap();
    let ask = |query: &str| {
        reporter.read(&Call {
            method: "GET",
            query,
            headers: &[],
            body: b"",
            now: NOW,
        })
    };
    let right = format!("hub.mode=subscribe&hub.verify_token={VERIFY}&hub.challenge=1158201444");
    assert_eq!(ask(&right), Told::Challenge("1158201444".to_owned()));
    for wrong in [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=other&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=&hub.challenge=1",
        &right.replace("subscribe", "unsubscribe"),
        &right.replace("1158201444", "%3Cscript%3E"),
        &format!("hub.mode=subscribe&hub.verify_token={VERIFY}"),
    ] {
        assert_eq!(ask(wrong), Told::Forged, "{wrong}");
    }
    // Without its secrets nobody listens at all.
    let mut silent = account(nowhere());
    own(&mut silent).app_secret = None;
    assert!(phone_sender(silent).1.is_none());
}
