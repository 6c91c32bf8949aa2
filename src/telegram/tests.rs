//! The client against the emulator, and against servers that misbehave.

use std::time::Duration;

use kiosk_emulator::{Control, CustomerSpec, Emulator, Fault, FaultKind, Options, PayOptions};
use secrecy::SecretString;
use serde_json::value::RawValue;

use super::*;

const TOKEN: &str = "4242:very-secret_token";

struct Bench {
    // Stops when dropped.
    _emulator: Emulator,
    control: Control,
    client: Client,
    ann: i64,
}

async fn bench() -> Bench {
    let emulator = kiosk_emulator::start(Options::default()).await.unwrap();
    let control = emulator.control();
    let ann = control.customer(CustomerSpec::named("Ann").speaking("en"));
    control.say(ann, "/start");
    Bench {
        client: client(&emulator.url()),
        _emulator: emulator,
        control,
        ann,
    }
}

fn client(api_url: &str) -> Client {
    Client::new(api_url, SecretString::from(TOKEN)).unwrap()
}

impl Bench {
    async fn say(&self, html: &str) -> Result<Sent, CallError> {
        let message = Message {
            chat_id: self.ann,
            html,
            reply_markup: None,
            protect_content: false,
        };
        self.client.send_message(&message).await
    }

    async fn fails(&self, kind: FaultKind) -> CallError {
        self.control.fault(Fault::once("sendMessage", kind));
        self.say("Hello").await.unwrap_err()
    }

    async fn invoice(&self) -> Sent {
        let invoice = Invoice {
            chat_id: self.ann,
            title: "Zeta",
            description: "One key",
            payload: "payload",
            currency: "XTR",
            provider_token: "",
            amount: 250,
            start_parameter: "p_zeta",
            reply_markup: None,
        };
        self.client.send_invoice(&invoice).await.unwrap()
    }
}

fn keyboard(data: &str) -> Box<RawValue> {
    let json =
        serde_json::json!({ "inline_keyboard": [[{ "text": "Go", "callback_data": data }]] });
    RawValue::from_string(json.to_string()).unwrap()
}

#[tokio::test]
async fn a_screen_is_sent_and_changed_and_its_tap_answered() {
    let bench = bench().await;
    assert_eq!(bench.client.get_me().await.unwrap().id, 4242);
    let markup = keyboard("x");
    let message = Message {
        chat_id: bench.ann,
        html: "<b>Hello</b>",
        reply_markup: Some(&markup),
        protect_content: true,
    };
    let sent = bench.client.send_message(&message).await.unwrap();
    let seen = bench.control.message(bench.ann, sent.message_id).unwrap();
    assert_eq!((seen.text.as_str(), seen.protect_content), ("Hello", true));

    let edit = Edit {
        chat_id: bench.ann,
        message_id: sent.message_id,
        html: "<i>Bye</i>",
        reply_markup: Some(&markup),
    };
    bench.client.edit_message_text(&edit).await.unwrap();
    let again = bench.client.edit_message_text(&edit).await.unwrap_err();
    assert!(again.is_not_modified(), "{again}");

    let query = bench
        .control
        .press(bench.ann, sent.message_id, "x")
        .unwrap();
    let toast = Toast {
        callback_query_id: &query,
        text: Some("Done"),
        show_alert: false,
    };
    bench.client.answer_callback_query(&toast).await.unwrap();
    let answer = bench.control.callback_answer(&query).unwrap();
    assert_eq!(answer.text, "Done");
    let late = bench
        .client
        .answer_callback_query(&toast)
        .await
        .unwrap_err();
    assert!(late.is_query_too_old(), "{late}");
}

#[tokio::test]
async fn commands_are_set_and_a_webhook_is_ended() {
    let bench = bench().await;
    let commands = [Command {
        command: "menu",
        description: "Menu",
    }];
    let set = async |language, chat| {
        bench
            .client
            .set_my_commands(&commands, language, chat)
            .await
    };
    set(None, None).await.unwrap();
    set(Some("ru"), None).await.unwrap();
    set(None, Some(bench.ann)).await.unwrap();
    bench.client.delete_webhook().await.unwrap();
}

#[tokio::test]
async fn an_unreadable_update_does_not_cost_the_batch() {
    let bench = bench().await;
    let strange = serde_json::json!({ "message": { "entities": [{ "type": 7 }] } });
    bench
        .control
        .push_update_raw(strange.as_object().unwrap().clone());
    let updates = bench
        .client
        .get_updates(None, 100, Duration::ZERO, &["message"])
        .await
        .unwrap();
    assert_eq!(updates.len(), 2);
    assert!(updates[1].body.get().contains("\"type\":7"));
    let next = updates[1].id.unwrap() + 1;
    let confirm = bench
        .client
        .get_updates(Some(next), 100, Duration::ZERO, &[]);
    assert!(confirm.await.unwrap().is_empty());
    assert_eq!(bench.control.pending_updates(), 0);
}

#[tokio::test]
async fn stars_come_and_go_and_are_listed() {
    let bench = bench().await;
    let sent = bench.invoice().await;
    let query = bench
        .control
        .start_pay(bench.ann, sent.message_id, PayOptions::default())
        .unwrap();
    bench
        .client
        .answer_pre_checkout_query(&query, PreCheckoutAnswer::Approve)
        .await
        .unwrap();
    let paid = bench.control.finish_pay(&query).await;
    let charge = paid.charge_id().unwrap();
    let late = bench
        .client
        .answer_pre_checkout_query(&query, PreCheckoutAnswer::Refuse("No"))
        .await
        .unwrap_err();
    assert!(late.is_query_too_old(), "{late}");

    let refund = || bench.client.refund_star_payment(bench.ann, charge);
    refund().await.unwrap();
    let repeat = refund().await.unwrap_err();
    assert!(repeat.is_already_refunded(), "{repeat}");

    let list = bench.client.get_star_transactions(0, 100).await.unwrap();
    let directions: Vec<_> = list.iter().map(|entry| entry.direction).collect();
    assert_eq!(directions, [Direction::In, Direction::Out]);
    for entry in &list {
        assert_eq!((entry.id.as_str(), entry.amount), (charge, 250));
        assert_eq!(entry.user, Some(bench.ann));
        assert_eq!(entry.invoice_payload.as_deref(), Some("payload"));
    }
    let rest = bench.client.get_star_transactions(2, 100).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test]
async fn each_failure_tells_what_to_do() {
    let bench = bench().await;
    let status = |code, description: &str| FaultKind::Status {
        code,
        description: description.to_owned(),
    };
    assert!(matches!(
        bench.fails(status(400, "Bad Request: message is too long")).await,
        CallError::Refused { code: 400, description } if description.ends_with("too long")
    ));
    let gone = bench
        .fails(status(400, "Bad Request: chat not found"))
        .await;
    assert!(gone.is_chat_not_found());
    let blocked = bench
        .fails(status(403, "Forbidden: bot was blocked by the user"))
        .await;
    assert!(matches!(blocked, CallError::Blocked(_)));
    let conflict = bench.fails(status(409, "Conflict: terminated")).await;
    assert!(matches!(conflict, CallError::Conflict(_)));
    assert_eq!(
        bench.fails(status(401, "Unauthorized")).await,
        CallError::Unauthorized
    );
    assert_eq!(
        bench.fails(status(404, "Not Found")).await,
        CallError::Unauthorized
    );
    assert_eq!(
        bench.fails(FaultKind::TooMany { retry_after: 7 }).await,
        CallError::Wait(Duration::from_secs(7))
    );
    for kind in [
        status(502, "Bad Gateway"),
        FaultKind::DropBefore,
        FaultKind::DropAfter,
        FaultKind::MalformedJson,
    ] {
        let error = bench.fails(kind).await;
        assert!(matches!(error, CallError::Unknown(_)), "{error:?}");
    }
    bench.control.block(bench.ann);
    let error = bench.say("Hello").await.unwrap_err();
    assert!(matches!(error, CallError::Blocked(_)), "{error:?}");
}

/// A port that nobody listens on.
async fn closed_port() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_refused_connection_is_certain_and_silence_is_not() {
    let error = client(&closed_port().await).get_me().await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error:?}");

    // Accepts by the system's backlog and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = client(&format!("http://{}", listener.local_addr().unwrap()));
    let short = Duration::from_millis(50);
    let call = silent.call::<_, bool>(client::Pool::Ordinary, short, "getMe", &());
    let error = call.await.unwrap_err();
    assert!(matches!(error, CallError::Unknown(_)), "{error:?}");
}

#[tokio::test]
async fn the_token_is_shown_nowhere() {
    let secret = "very-secret_token";
    let closed = client(&closed_port().await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = client(&format!("http://{}", listener.local_addr().unwrap()));
    let short = Duration::from_millis(50);
    let bench = bench().await;
    let mut shown = format!("{closed:?} {:#?}", bench.client);
    for error in [
        closed.get_me().await.unwrap_err(),
        silent
            .call::<_, bool>(client::Pool::Ordinary, short, "getMe", &())
            .await
            .unwrap_err(),
        bench.fails(FaultKind::DropAfter).await,
        bench.fails(FaultKind::MalformedJson).await,
    ] {
        shown = format!("{shown}{error} {error:?}");
    }
    for (address, token) in [
        ("no address", TOKEN),
        ("ftp://api.telegram.org", TOKEN),
        ("https://me:very-secret_token@api.telegram.org", TOKEN),
        ("https://api.telegram.org", "very-secret_token"),
        ("https://api.telegram.org", "4242:very-secret_token/../x"),
    ] {
        let error = Client::new(address, SecretString::from(token)).unwrap_err();
        shown = format!("{shown}{error} {error:?}");
    }
    assert!(!shown.contains(secret), "{shown}");
    assert!(!shown.contains("4242:"), "{shown}");
}
