//! Guards of what customers prove and agree to.

use kiosk::store::ErrorKind::{Constraint, Unique};

use crate::on_both_engines;
use crate::schema::clock;
use crate::schema::guards::{Guard, never, rule, try_all};

const BOB: &str =
    "INSERT INTO customers (telegram_id, name, language, created_at) VALUES (8, 'Bob', 'ru', 1)";
const ANNS_PHONE: &str = "UPDATE customers SET phone = '+79990000001' WHERE telegram_id = 7";
const ANNS_EMAIL: &str = "UPDATE customers SET email = 'Ann@example.com', email_key = 'ann@example.com', email_confirmed_at = 1
    WHERE telegram_id = 7";

macro_rules! confirmation {
    ($name:literal, $customer:literal, $purpose:literal, $channel:literal, $token:literal) => {
        concat!(
            "INSERT INTO confirmations (public_id, customer_id, purpose, channel, target, target_key, code_hash, token_hash,
                sent_at, code_expires_at, expires_at, created_at, changed_at)
            SELECT CAST('", $name, "' AS BYTEA), ", $customer, ", '", $purpose, "', '", $channel, "', 't', 't',
                CAST('32 bytes of the hash of the code' AS BYTEA), ", $token, ", 1, 1, 2, 1, 1 FROM customers WHERE telegram_id = 7"
        )
    };
}
const PHONE: &str = confirmation!("the first proof.", "id", "phone", "phone", "NULL");
const LOGIN: &str = confirmation!(
    "the second proof",
    "NULL",
    "login",
    "email",
    "CAST('32 bytes of a token''s hash......' AS BYTEA)"
);
const ENDED: &str = "UPDATE confirmations SET state = 'expired'";

macro_rules! send {
    ($name:literal, $round:literal, $sender:literal, $reference:literal) => {
        concat!(
            "INSERT INTO confirmation_sends (public_id, confirmation_id, round, sender, reference, created_at, changed_at)
            SELECT CAST('", $name, "' AS BYTEA), id, ", $round, ", '", $sender, "', ", $reference, ", 1, 1 FROM confirmations"
        )
    };
}
const SEND: &str = send!("the first send..", "1", "log", "'r'");

const fn after(
    before: &'static [&'static str],
    good: &'static str,
    bad: &'static str,
    kind: kiosk::store::ErrorKind,
) -> Guard {
    Guard {
        before,
        good,
        bad,
        kind,
        says: "",
    }
}

const GUARDS: &[Guard] = &[
    // A phone number, an address and an account of VK are one customer's.
    after(
        &[BOB, ANNS_PHONE],
        "UPDATE customers SET phone = '+79990000002' WHERE telegram_id = 8",
        "UPDATE customers SET phone = '+79990000001' WHERE telegram_id = 8",
        Unique,
    ),
    after(
        &[BOB, ANNS_EMAIL],
        "UPDATE customers SET email = 'ann@example.com', email_key = 'bob@example.com', email_confirmed_at = 1 WHERE telegram_id = 8",
        "UPDATE customers SET email = 'ann@example.com', email_key = 'ann@example.com', email_confirmed_at = 1 WHERE telegram_id = 8",
        Unique,
    ),
    after(
        &[
            BOB,
            "UPDATE customers SET vk_user_id = 1 WHERE telegram_id = 7",
        ],
        "UPDATE customers SET vk_user_id = 2 WHERE telegram_id = 8",
        "UPDATE customers SET vk_user_id = 1 WHERE telegram_id = 8",
        Unique,
    ),
    rule(
        ANNS_EMAIL,
        "UPDATE customers SET email = 'Ann@example.com', email_confirmed_at = 1",
        Constraint,
    ),
    rule(
        ANNS_EMAIL,
        "UPDATE customers SET email = 'Ann@example.com', email_key = 'ann@example.com'",
        Constraint,
    ),
    // By what a code shall come: by VK to let somebody in and not to prove a number, by nothing to a mailbox.
    after(
        &[PHONE],
        "UPDATE confirmations SET messenger = 'whatsapp'",
        "UPDATE confirmations SET messenger = 'vk'",
        Constraint,
    ),
    after(
        &[PHONE],
        "UPDATE confirmations SET messenger = 'telegram'",
        "UPDATE confirmations SET messenger = 'pigeon'",
        Constraint,
    ),
    after(
        &[LOGIN],
        "UPDATE confirmations SET messenger = NULL",
        "UPDATE confirmations SET messenger = 'telegram'",
        Constraint,
    ),
    // Consents.
    rule(
        "INSERT INTO consents (customer_id, what, version, at) SELECT id, 'terms', '1', 1 FROM customers",
        "INSERT INTO consents (customer_id, what, version, at) SELECT id, 'adverts', '1', 1 FROM customers",
        Constraint,
    ),
    rule(
        "INSERT INTO consents (customer_id, what, version, at) SELECT id, 'privacy', '1', 1 FROM customers",
        "INSERT INTO consents (customer_id, what, version, at) SELECT id, 'privacy', '', 1 FROM customers",
        Constraint,
    ),
    after(
        &[
            "INSERT INTO consents (customer_id, what, version, at) SELECT id, 'terms', '1', 1 FROM customers",
        ],
        "INSERT INTO consents (customer_id, what, version, at) SELECT id, 'terms', '2', 2 FROM customers",
        "INSERT INTO consents (customer_id, what, version, at) SELECT id, 'terms', '1', 2 FROM customers",
        Unique,
    ),
    never(
        &[
            "INSERT INTO consents (customer_id, what, version, at) SELECT id, 'terms', '1', 1 FROM customers",
        ],
        "UPDATE consents SET at = 2",
        "only added",
    ),
    never(
        &[
            "INSERT INTO consents (customer_id, what, version, at) SELECT id, 'terms', '1', 1 FROM customers",
        ],
        "DELETE FROM consents",
        "only added",
    ),
    // One live confirmation of a customer for each thing, of a target for each way in.
    after(
        &[PHONE],
        confirmation!(
            "the other proof.",
            "id",
            "email",
            "email",
            "CAST('32 bytes of a token''s hash......' AS BYTEA)"
        ),
        confirmation!("the other proof.", "id", "phone", "phone", "NULL"),
        Unique,
    ),
    after(
        &[PHONE, ENDED],
        confirmation!("the other proof.", "id", "phone", "phone", "NULL"),
        PHONE,
        Unique,
    ),
    after(
        &[LOGIN],
        confirmation!("the other proof.", "NULL", "recover", "phone", "NULL"),
        confirmation!("the other proof.", "NULL", "login", "phone", "NULL"),
        Unique,
    ),
    after(
        &[LOGIN, ENDED],
        confirmation!("the other proof.", "NULL", "login", "phone", "NULL"),
        confirmation!(
            "the other proof.",
            "NULL",
            "login",
            "email",
            "CAST('32 bytes of a token''s hash......' AS BYTEA)"
        ),
        Unique,
    ),
    rule(
        PHONE,
        confirmation!("the first proof.", "NULL", "phone", "phone", "NULL"),
        Constraint,
    ),
    rule(
        PHONE,
        confirmation!(
            "the first proof.",
            "id",
            "phone",
            "email",
            "CAST('32 bytes of a token''s hash......' AS BYTEA)"
        ),
        Constraint,
    ),
    rule(
        PHONE,
        confirmation!(
            "the first proof.",
            "id",
            "phone",
            "phone",
            "CAST('32 bytes of a token''s hash......' AS BYTEA)"
        ),
        Constraint,
    ),
    rule(
        LOGIN,
        confirmation!("the second proof", "NULL", "login", "email", "NULL"),
        Constraint,
    ),
    rule(
        LOGIN,
        confirmation!(
            "the second proof",
            "NULL",
            "login",
            "email",
            "CAST('short' AS BYTEA)"
        ),
        Constraint,
    ),
    rule(
        LOGIN,
        confirmation!("short", "NULL", "login", "phone", "NULL"),
        Constraint,
    ),
    rule(
        LOGIN,
        confirmation!("the second proof", "NULL", "gift", "phone", "NULL"),
        Constraint,
    ),
    after(
        &[PHONE],
        "UPDATE confirmations SET tries = 1",
        "UPDATE confirmations SET tries = -1",
        Constraint,
    ),
    after(
        &[PHONE],
        "UPDATE confirmations SET code_expires_at = 2",
        "UPDATE confirmations SET code_expires_at = 3",
        Constraint,
    ),
    never(
        &[PHONE],
        "UPDATE confirmations SET customer_id = NULL",
        "is fixed",
    ),
    never(
        &[PHONE],
        "UPDATE confirmations SET purpose = 'login'",
        "is fixed",
    ),
    never(
        &[LOGIN],
        "UPDATE confirmations SET channel = 'phone', token_hash = NULL",
        "is fixed",
    ),
    never(
        &[PHONE],
        "UPDATE confirmations SET public_id = CAST('the other proof.' AS BYTEA)",
        "is fixed",
    ),
    never(
        &[PHONE, ENDED],
        "UPDATE confirmations SET tries = 0",
        "it has ended",
    ),
    never(
        &[PHONE, ENDED],
        "UPDATE confirmations SET round = 2",
        "it has ended",
    ),
    never(
        &[PHONE, ENDED],
        "UPDATE confirmations SET expires_at = 9",
        "it has ended",
    ),
    never(
        &[PHONE, ENDED],
        "UPDATE confirmations SET code_hash = CAST('32 bytes of the hash of one else' AS BYTEA)",
        "it has ended",
    ),
    // A sender carries a code once, and a provider's name means one send.
    after(
        &[PHONE, SEND],
        send!("the second send.", "2", "log", "NULL"),
        send!("the second send.", "1", "log", "NULL"),
        Unique,
    ),
    after(
        &[
            PHONE,
            SEND,
            "UPDATE confirmation_sends SET state = 'failed'",
        ],
        send!("the second send.", "1", "log", "NULL"),
        send!("the second send.", "1", "log", "'r'"),
        Unique,
    ),
    after(
        &[
            PHONE,
            SEND,
            "UPDATE confirmation_sends SET state = 'unknown'",
        ],
        send!("the second send.", "1", "vk:a", "'r'"),
        send!("the second send.", "1", "log", "'s'"),
        Unique,
    ),
    never(
        &[PHONE, SEND],
        "UPDATE confirmation_sends SET sender = 'vk:a'",
        "is fixed",
    ),
    never(
        &[PHONE, SEND],
        "UPDATE confirmation_sends SET round = 2",
        "is fixed",
    ),
    // Senders, turns, limits.
    after(
        &["INSERT INTO senders (account, changed_at) VALUES ('log', 1)"],
        "INSERT INTO senders (account, changed_at) VALUES ('vk:a', 1)",
        "INSERT INTO senders (account, changed_at) VALUES ('log', 1)",
        Unique,
    ),
    rule(
        "INSERT INTO senders (account, sent, changed_at) VALUES ('log', 0, 1)",
        "INSERT INTO senders (account, sent, changed_at) VALUES ('log', -1, 1)",
        Constraint,
    ),
    rule(
        "UPDATE sender_turns SET turn = 7 WHERE kind = 'phone'",
        "INSERT INTO sender_turns (kind) VALUES ('pigeon')",
        Constraint,
    ),
    rule(
        "INSERT INTO throttles (name, subject, count, started_at, ends_at) VALUES ('n', CAST('32 bytes of the hash of the code' AS BYTEA), 1, 1, 1)",
        "INSERT INTO throttles (name, subject, count, started_at, ends_at) VALUES ('n', CAST('short' AS BYTEA), 1, 1, 1)",
        Constraint,
    ),
];

on_both_engines! {
    async fn each_guard_of_confirmations_holds(db: TestDb) {
        let store = db.store(&clock()).await;
        try_all(&store, GUARDS).await;
    }
}
