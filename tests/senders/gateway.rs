//! The Telegram Gateway.

use std::time::Duration;

use kiosk::senders::settings::{Channel, GatewaySettings, PhoneAccount};
use kiosk::shop::confirmations::senders::{Carried, Progress, Report, Told};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::{NOW, around, built, code_to, impatient, nobody, phone_account, phone_sender, post};
use crate::support::phones::Fault;
use crate::support::phones::gateway::{self, Gateway, NOBODY, TOKEN};
use crate::support::python;

/// Whether an outcome is the expected one.
type Check<'a> = &'a dyn Fn(&Carried) -> bool;

const PHONE: &str = "+79991234567";

fn account_at(url: Url, token: &str) -> PhoneAccount {
    phone_account(Channel::Gateway(GatewaySettings {
        api_url: url,
        token: SecretString::from(token.to_owned()),
        username: None,
    }))
}

fn account(gateway: &Gateway) -> PhoneAccount {
    account_at(gateway.provider().url(), TOKEN)
}

#[tokio::test]
async fn a_code_is_sent_with_its_lifetime_and_where_to_tell_of_it() {
    let gateway = Gateway::start().await;
    let mut account = account(&gateway);
    account.most_a_day = Some(100);
    account.skip = vec!["+1".to_owned()];
    if let Channel::Gateway(own) = &mut account.channel {
        own.username = Some("my_shop".to_owned());
    }
    let (sender, reporter) = phone_sender(account);
    assert_eq!(
        (sender.account(), sender.most_a_day()),
        ("gateway:main", Some(100))
    );
    assert_eq!(reporter.unwrap().path(), "gateway-main");
    assert!(
        sender.can_reach(&code_to(PHONE).to) && !sender.can_reach(&code_to("+1 202 555 0100").to)
    );
    let carried = sender.carry(&code_to(PHONE)).await;
    let reference = Some("1000001".to_owned());
    assert_eq!(carried, Carried::Accepted { reference });
    let expected = json!({
        "phone_number": PHONE, "code": "048291", "ttl": 90, "payload": "r_0123456789abcdef",
        "callback_url": "https://shop.example.com/webhooks/phone/gateway-main",
        "sender_username": "my_shop",
    });
    assert_eq!(gateway.sent(), [expected]);

    // What does not arrive is told while another sender may still carry it; a lifetime has bounds of its own.
    for (lives, ttl) in [(1, 30), (60, 60), (100_000, 90)] {
        let mut code = code_to(PHONE);
        code.lives = Duration::from_secs(lives);
        assert!(matches!(
            sender.carry(&code).await,
            Carried::Accepted { .. }
        ));
        assert_eq!(gateway.sent().last().unwrap()["ttl"], ttl);
    }
}

#[tokio::test]
async fn reports_are_asked_for_only_at_an_address_that_telegram_takes() {
    let gateway = Gateway::start().await;
    for address in [None, Some("http://shop.example.com")] {
        let settings = kiosk::senders::settings::Settings {
            phone: vec![account(&gateway)],
            ..nobody()
        };
        let mut around = around();
        around.public_url = address.map(|address| Url::parse(address).unwrap());
        let sender = kiosk::senders::build(&settings, &around)
            .unwrap()
            .phone
            .remove(0);
        assert!(matches!(
            sender.carry(&code_to(PHONE)).await,
            Carried::Accepted { .. }
        ));
        assert_eq!(gateway.sent().last().unwrap()["callback_url"], json!(null));
    }
}

#[tokio::test]
async fn each_refusal_says_what_to_do_next() {
    let gateway = Gateway::start().await;
    let (sender, _) = phone_sender(account(&gateway));
    let wrong = phone_sender(account_at(gateway.provider().url(), "AAFwrong")).0;
    assert_eq!(
        wrong.carry(&code_to(PHONE)).await,
        Carried::Misconfigured("ACCESS_TOKEN_INVALID".to_owned())
    );
    assert_eq!(
        sender.carry(&code_to(NOBODY)).await,
        Carried::NotReachable("PHONE_NUMBER_NOT_FOUND".to_owned())
    );
    let not_reachable = |it: &Carried| matches!(it, Carried::NotReachable(_));
    let misconfigured = |it: &Carried| matches!(it, Carried::Misconfigured(_));
    let busy_for = |seconds: Option<u64>| {
        move |it: &Carried| {
            let wished = seconds.map(Duration::from_secs);
            matches!(it, Carried::Busy { pause, .. } if *pause == wished)
        }
    };
    let cases: [(&str, Check<'_>); 8] = [
        ("PHONE_NUMBER_INVALID", &not_reachable),
        ("PHONE_NUMBER_NOT_AVAILABLE", &not_reachable),
        ("SOMETHING_QUITE_NEW", &not_reachable),
        ("BALANCE_NOT_ENOUGH", &misconfigured),
        ("CALLBACK_URL_INVALID", &misconfigured),
        ("FLOOD_WAIT_42", &busy_for(Some(42))),
        ("FLOOD_WAIT_X", &busy_for(None)),
        ("INTERNAL_ERROR", &|it| matches!(it, Carried::Unknown(_))),
    ];
    for (error, is_right) in cases {
        gateway.refuse(error);
        let carried = sender.carry(&code_to(PHONE)).await;
        assert!(is_right(&carried), "{error}: {carried:?}");
    }
    // What is no name of an error may repeat what was sent.
    gateway.refuse("the number +79991234567 got 048291");
    let carried = sender.carry(&code_to(PHONE)).await;
    assert_eq!(
        carried,
        Carried::NotReachable("an error without a name".to_owned())
    );
    assert_eq!(gateway.sent(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn an_answer_counts_only_if_its_status_and_its_words_agree() {
    let gateway = Gateway::start().await;
    let (sender, _) = phone_sender(account(&gateway));
    let well = json!({ "ok": true, "result": { "request_id": "1" } });
    let refused = json!({ "ok": false, "error": "PHONE_NUMBER_INVALID" });
    let unknown = |it: &Carried| matches!(it, Carried::Unknown(_));
    let cases: [(Fault, Check<'_>); 8] = [
        (Fault::Answer(502, well.clone()), &unknown),
        (Fault::Answer(301, well), &unknown),
        (Fault::Answer(400, refused.clone()), &|it| {
            matches!(it, Carried::NotReachable(_))
        }),
        (Fault::Answer(500, refused), &unknown),
        (Fault::Page(200, "<html>"), &unknown),
        (Fault::Page(403, "<html>"), &|it| {
            matches!(it, Carried::Misconfigured(_))
        }),
        (Fault::Cut, &unknown),
        (
            Fault::TooMany(9),
            &|it| matches!(it, Carried::Busy { pause: Some(pause), .. } if pause.as_secs() == 9),
        ),
    ];
    for (fault, is_right) in cases {
        gateway.provider().fail(fault.clone());
        let carried = sender.carry(&code_to(PHONE)).await;
        assert!(is_right(&carried), "{fault:?}: {carried:?}");
    }
}

#[tokio::test]
async fn a_silence_is_unknown_and_a_closed_door_is_not() {
    let gateway = Gateway::start().await;
    gateway.provider().fail(Fault::Hang);
    let carried = impatient(account(&gateway)).carry(&code_to(PHONE)).await;
    assert_eq!(carried, Carried::Unknown("no answer in time".to_owned()));
    assert_eq!(gateway.provider().heard().len(), 1);

    let closed = Url::parse("http://127.0.0.1:9").unwrap();
    let (sender, _) = phone_sender(account_at(closed, TOKEN));
    let carried = sender.carry(&code_to(PHONE)).await;
    assert!(
        matches!(&carried, Carried::Busy { pause: None, .. }),
        "{carried:?}"
    );
}

/// The signature as Python's own library computes it.
fn signature(token: &str, time: &str, body: &str) -> String {
    let script = "import hashlib, hmac, sys\n\
                  token, time, body = (arg.encode() for arg in sys.argv[1:])\n\
                  key = hashlib.sha256(token).digest()\n\
                  print(hmac.new(key, time + b'\\n' + body, hashlib.sha256).hexdigest())";
    python::says(script, &[token, time, body])
}

fn headers(time: &str, signature: &str) -> Vec<(String, Vec<u8>)> {
    vec![
        ("x-request-timestamp".to_owned(), time.as_bytes().to_vec()),
        (
            "x-request-signature".to_owned(),
            signature.as_bytes().to_vec(),
        ),
    ]
}

#[tokio::test]
async fn reports_are_told_from_forged_ones() {
    let nowhere = Url::parse("http://127.0.0.1:9").unwrap();
    let settings = kiosk::senders::settings::Settings {
        phone: vec![account_at(nowhere, TOKEN)],
        ..nobody()
    };
    let reporter = built(&settings).reporters.remove(0);
    let body = gateway::report("1000001", "delivered", 1_790_000_007);
    let now = NOW / 1_000;
    let time = now.to_string();
    let right = signature(TOKEN, &time, &body);
    // What the doubles sign is what Python signs.
    assert_eq!(gateway::signed(TOKEN, now, &body)[1].1, right.as_bytes());

    let told = reporter.read(&post(&headers(&time, &right), &body));
    let report = Report {
        account: "gateway:main".to_owned(),
        reference: "1000001".to_owned(),
        progress: Progress::Delivered,
        at: 1_790_000_007_000,
    };
    assert_eq!(told, Told::Reports(vec![report], "ok"));

    let forged = |headers: &[(String, Vec<u8>)], body: &str| {
        assert_eq!(
            reporter.read(&post(headers, body)),
            Told::Forged,
            "{headers:?}"
        );
    };
    forged(&headers(&time, &right), &body.replace("delivered", "read"));
    forged(&headers(&time, &right), &format!("{body} "));
    forged(&headers(&time, &signature("AAFother", &time, &body)), &body);
    forged(&headers(&(now + 1).to_string(), &right), &body);
    forged(&headers(&time, ""), &body);
    forged(&headers(&time, &right[..62]), &body);
    let both = headers(&time, &right);
    forged(&both[..1], &body);
    forged(&both[1..], &body);
    forged(&[], &body);
    // A header twice: the one that is right does not excuse the other.
    let twice = [both.clone(), headers(&time, &"0".repeat(64))].concat();
    forged(&twice, &body);
    let get = kiosk::shop::confirmations::senders::Call {
        method: "GET",
        ..post(&both, &body)
    };
    assert_eq!(reporter.read(&get), Told::Forged);

    for (age, is_taken) in [
        (0, true),
        (299, true),
        (301, false),
        (-299, true),
        (-301, false),
    ] {
        let time = (now - age).to_string();
        let headers = headers(&time, &signature(TOKEN, &time, &body));
        let told = reporter.read(&post(&headers, &body));
        assert_eq!(told != Told::Forged, is_taken, "{age} s old: {told:?}");
    }
    let endless = i64::MAX.to_string();
    forged(
        &headers(&endless, &signature(TOKEN, &endless, &body)),
        &body,
    );
}

#[tokio::test]
async fn each_status_is_some_progress_and_a_strange_one_is_none() {
    let nowhere = Url::parse("http://127.0.0.1:9").unwrap();
    let reporter = phone_sender(account_at(nowhere, TOKEN)).1.unwrap();
    let now = NOW / 1_000;
    let progress = |body: &str| match reporter.read(&post(&gateway::signed(TOKEN, now, body), body))
    {
        Told::Reports(reports, _) => Some(reports[0].progress),
        Told::Nothing(_) => None,
        other => panic!("{other:?}"),
    };
    for (status, expected) in [
        ("sent", Some(Progress::Accepted)),
        ("delivered", Some(Progress::Delivered)),
        ("read", Some(Progress::Read)),
        ("expired", Some(Progress::Undelivered)),
        ("revoked", Some(Progress::Undelivered)),
        ("teleported", None),
    ] {
        assert_eq!(
            progress(&gateway::report("1", status, now)),
            expected,
            "{status}"
        );
    }
    assert_eq!(progress(r#"{"request_id":"1"}"#), None);
    assert_eq!(progress("no json"), None);
}
