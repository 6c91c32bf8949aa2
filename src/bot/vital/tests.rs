//! Updates good, strange and hostile.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn born(update: &serde_json::Value) -> Fact {
    fact(42, update.to_string().as_bytes())
}

fn vital(update: &serde_json::Value) -> Vital {
    Vital::read(update.to_string().as_bytes()).unwrap()
}

fn payment() -> serde_json::Value {
    json!({
        "currency": "XTR", "total_amount": 250, "invoice_payload": "p",
        "telegram_payment_charge_id": "ch", "provider_payment_charge_id": 7
    })
}

fn chat() -> serde_json::Value {
    json!({ "id": 5, "type": "private" })
}

fn ann() -> serde_json::Value {
    json!({ "id": 5, "is_bot": false, "first_name": "Ann", "last_name": "Lee", "language_code": "ru" })
}

#[test]
fn a_message_has_a_lane_a_sender_and_a_text() {
    let update = json!({ "update_id": 9, "message": {
        "message_id": 1, "chat": chat(), "from": ann(), "text": "/start",
        "entities": [{ "type": "never seen", "offset": "x" }], "new_field": { "a": [1] }
    }});
    let fact = born(&update);
    assert_eq!(
        (fact.source.as_str(), fact.event_id.as_str(), fact.kind),
        ("telegram:42", "9", "message")
    );
    assert_eq!((fact.lane, fact.birth), (Some(5), Birth::New));
    let vital = vital(&update);
    let from = vital.from.unwrap();
    assert_eq!(
        (from.name().as_str(), from.language_code.as_str()),
        ("Ann Lee", "ru")
    );
    assert_eq!(
        (vital.text.as_deref(), vital.is_private),
        (Some("/start"), true)
    );
}

#[test]
fn names_that_cant_be_read_cost_nothing() {
    let raw = br#"{"update_id":1,"message":{"chat":{"id":5,"type":"private"},
        "from":{"id":5,"first_name":"\ud83d","last_name":null},"text":"\udc00"}}"#;
    let fact = fact(42, raw);
    assert_eq!((fact.birth, fact.lane), (Birth::New, Some(5)));
    let from = Vital::read(raw).unwrap().from.unwrap();
    assert_eq!((from.id, from.name()), (5, String::new()));
}

#[test]
fn a_payment_beats_everything() {
    let read = json!({ "update_id": 1, "message": { "chat": chat(), "from": ann(), "successful_payment": payment() }});
    assert_eq!((born(&read).birth, born(&read).lane), (Birth::New, Some(5)));
    let paid = vital(&read).successful_payment.unwrap();
    assert_eq!(
        (paid.telegram_payment_charge_id.as_str(), paid.total_amount),
        ("ch", 250)
    );

    let no_chat = json!({ "update_id": 1, "message": { "from": ann(), "chat": "?", "successful_payment": payment() }});
    assert_eq!(
        (born(&no_chat).birth, born(&no_chat).lane),
        (Birth::New, Some(5))
    );
    let nobody = json!({ "update_id": 1, "message": { "successful_payment": payment() }});
    assert_eq!(
        (born(&nobody).birth, born(&nobody).lane),
        (Birth::New, None)
    );
    assert!(vital(&nobody).successful_payment.is_some());

    let strange =
        json!({ "update_id": 1, "message": { "chat": chat(), "successful_payment": { "v": 2 } }});
    assert_eq!(born(&strange).birth, Birth::New);
    assert!(vital(&strange).unreadable_payment);
    let twice =
        br#"{"update_id":1,"message":{"chat":{"id":5},"chat":{"id":5},"successful_payment":{}}}"#;
    assert_eq!(fact(42, twice).birth, Birth::New);
    let nameless = json!({ "message": { "chat": chat(), "successful_payment": payment() }});
    assert_eq!(born(&nameless).birth, Birth::New);
    assert!(born(&nameless).event_id.starts_with("sha256:"));
}

#[test]
fn another_message_in_a_message_is_not_this_one() {
    let quote = json!({ "update_id": 1, "message": {
        "chat": chat(), "from": ann(), "reply_to_message": { "successful_payment": payment() }
    }});
    assert!(!vital(&quote).is_about_money());
    let words = json!({ "update_id": 1, "message": { "text": "\"successful_payment\"" }});
    assert!(!vital(&words).is_about_money());
}

#[test]
fn refunds_and_pre_checkout_have_no_lane() {
    let refund = json!({ "update_id": 1, "message": { "chat": chat(), "from": ann(), "refunded_payment": payment() }});
    assert_eq!(
        (born(&refund).birth, born(&refund).lane),
        (Birth::New, None)
    );
    assert!(vital(&refund).refunded_payment.is_some());
    let query = json!({ "update_id": 2, "pre_checkout_query": {
        "id": "q", "from": ann(), "currency": "XTR", "total_amount": 250, "invoice_payload": "p"
    }});
    let fact = born(&query);
    assert_eq!(
        (fact.kind, fact.lane, fact.birth),
        ("pre_checkout_query", None, Birth::New)
    );
    let query = vital(&query).pre_checkout.unwrap();
    assert_eq!(
        (query.id.as_str(), query.from.id, query.total_amount),
        ("q", 5, 250)
    );
}

#[test]
fn a_tap_keeps_the_order_of_its_chat_or_of_its_person() {
    let tap = json!({ "update_id": 1, "callback_query": {
        "id": "t", "from": ann(), "data": "am", "message": { "message_id": 3, "date": 0, "chat": { "id": -7, "type": "group" } }
    }});
    assert_eq!(born(&tap).lane, Some(-7));
    let read = vital(&tap).tap.unwrap();
    assert_eq!(
        (read.data.as_deref(), read.message_id),
        (Some("am"), Some(3))
    );
    let inline = json!({ "update_id": 1, "callback_query": { "id": "t", "from": ann(), "inline_message_id": "i" }});
    assert_eq!(
        (born(&inline).birth, born(&inline).lane),
        (Birth::New, Some(5))
    );
    let member = json!({ "update_id": 1, "my_chat_member": { "chat": chat(), "from": ann() }});
    assert_eq!(
        (born(&member).birth, born(&member).lane),
        (Birth::New, Some(5))
    );
}

#[test]
fn a_contact_tells_whose_it_is() {
    let shared = json!({ "update_id": 1, "message": {
        "chat": chat(), "from": ann(), "contact": { "phone_number": "79990000000", "user_id": 5, "first_name": "Ann" },
        "forward_origin": { "type": "user" }
    }});
    let contact = vital(&shared).contact.unwrap();
    assert_eq!((contact.user_id, contact.forwarded), (Some(5), true));
}

#[test]
fn what_we_dont_use_is_done_and_what_cant_be_read_is_dead() {
    for other in [
        json!({ "update_id": 1, "poll": {} }),
        json!({ "update_id": 1 }),
        json!({}),
    ] {
        assert_eq!(born(&other).birth, Birth::Done, "{other}");
    }
    for dead in [
        json!({ "update_id": 1, "message": 7 }),
        json!({ "update_id": 1, "message": null }),
        json!({ "update_id": 1, "message": { "from": ann() } }),
        json!({ "update_id": 1, "callback_query": { "id": "t" } }),
        json!({ "update_id": 1, "pre_checkout_query": { "id": "q", "from": ann() } }),
        json!({ "update_id": "x", "message": { "chat": chat() } }),
    ] {
        assert!(matches!(born(&dead).birth, Birth::Dead(_)), "{dead}");
    }
    let first = fact(42, b"\xff not json");
    assert!(matches!(first.birth, Birth::Dead(_)));
    assert_eq!(first.event_id.len(), "sha256:".len() + 64);
    assert_eq!(first.event_id, fact(42, b"\xff not json").event_id);
    assert_ne!(first.event_id, fact(42, b"\xff not JSON").event_id);
    assert_eq!(first.raw, b"\xff not json");
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        "\\PC{0,4}".prop_map(|text| json!(text)),
    ];
    let names = prop::sample::select(vec![
        "update_id",
        "message",
        "callback_query",
        "pre_checkout_query",
        "my_chat_member",
        "chat",
        "from",
        "id",
        "successful_payment",
        "refunded_payment",
        "contact",
        "data",
        "text",
        "type",
        "first_name",
    ]);
    leaf.prop_recursive(4, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| json!(list)),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = fact(42, &raw);
    }

    #[test]
    fn no_json_makes_it_panic(update in any_json()) {
        let fact = born(&update);
        prop_assert!(!fact.event_id.is_empty());
    }

    #[test]
    fn a_payment_is_never_dead(fields in any_json(), id in any_json()) {
        let mut message = fields.as_object().cloned().unwrap_or_default();
        message.insert("successful_payment".to_owned(), payment());
        let fact = born(&json!({ "update_id": id, "message": message }));
        prop_assert_eq!(fact.birth, Birth::New);
    }
}
