//! Guards of who may open the cabinet: sessions, passwords and login links.

use kiosk::store::ErrorKind::{Constraint, Unique};

use crate::on_both_engines;
use crate::schema::clock;
use crate::schema::guards::{Guard, never, rule, try_all};

macro_rules! session {
    ($name:literal, $hash:literal, $way:literal, $times:literal, $address:literal) => {
        concat!(
            "INSERT INTO sessions (public_id, hash, customer_id, way, created_at, last_seen_at, expires_at, address)
             SELECT CAST('", $name, "' AS BYTEA), CAST('", $hash, "' AS BYTEA), id, '", $way, "', ", $times, ", ", $address, "
             FROM customers"
        )
    };
    ($way:literal, $times:literal) => {
        session!("the first visit.", "32 bytes, the hash of a token. .", $way, $times, "'203.0.113.0/24'")
    };
}
macro_rules! link {
    ($hash:literal) => {
        concat!(
            "INSERT INTO login_links (hash, customer_id, created_at, expires_at)
             SELECT CAST('",
            $hash,
            "' AS BYTEA), id, 1, 9 FROM customers"
        )
    };
}

const SESSION: &str = session!("link", "1, 1, 9");
const ENDED: &str = "UPDATE sessions SET ended_at = 5";
const LINK: &str = link!("32 bytes, the hash of a token. .");
const USED: &str = "UPDATE login_links SET used_at = 5";
const PASSWORD: &str = "INSERT INTO passwords (customer_id, phc, changed_at)
    SELECT id, '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', 1 FROM customers";

const PAID: &str = "INSERT INTO payments (provider, charge_id, disposition, payer_telegram_id, currency, amount_minor, received_at)
    VALUES ('stars', 'c', 'unmatched', 7, 'XTR', 1, 1)";

const GUARDS: &[Guard] = &[
    // Sessions.
    rule(SESSION, session!("magic", "1, 1, 9"), Constraint),
    rule(
        session!("widget", "1, 2, 9"),
        session!("link", "2, 1, 9"),
        Constraint,
    ),
    rule(
        session!("password", "1, 8, 9"),
        session!("link", "1, 9, 9"),
        Constraint,
    ),
    rule(
        SESSION,
        session!(
            "short",
            "32 bytes, the hash of a token. .",
            "link",
            "1, 1, 9",
            "NULL"
        ),
        Constraint,
    ),
    rule(
        SESSION,
        session!("the first visit.", "short", "link", "1, 1, 9", "NULL"),
        Constraint,
    ),
    rule(
        SESSION,
        session!(
            "the first visit.",
            "32 bytes, the hash of a token. .",
            "link",
            "1, 1, 9",
            "'0123456789012345678901234567890123456789012/56'"
        ),
        Constraint,
    ),
    Guard {
        before: &[SESSION],
        good: session!(
            "the second visit",
            "32 bytes, the hash of another. .",
            "link",
            "1, 1, 9",
            "NULL"
        ),
        bad: session!(
            "the second visit",
            "32 bytes, the hash of a token. .",
            "link",
            "1, 1, 9",
            "NULL"
        ),
        kind: Unique,
        says: "",
    },
    Guard {
        before: &[SESSION],
        good: ENDED,
        bad: session!(
            "the first visit.",
            "32 bytes, the hash of another. .",
            "link",
            "1, 1, 9",
            "NULL"
        ),
        kind: Unique,
        says: "",
    },
    never(
        &[SESSION],
        "UPDATE sessions SET hash = CAST('32 bytes, the hash of another. .' AS BYTEA)",
        "do not change",
    ),
    never(
        &[SESSION],
        "UPDATE sessions SET customer_id = customer_id",
        "do not change",
    ),
    never(
        &[SESSION],
        "UPDATE sessions SET public_id = CAST('the second visit' AS BYTEA)",
        "do not change",
    ),
    never(
        &[SESSION],
        "UPDATE sessions SET way = 'app'",
        "do not change",
    ),
    never(
        &[SESSION],
        "UPDATE sessions SET created_at = 0",
        "do not change",
    ),
    Guard {
        before: &[SESSION],
        good: "UPDATE sessions SET last_seen_at = 3, expires_at = 12",
        bad: "UPDATE sessions SET last_seen_at = 9",
        kind: Constraint,
        says: "",
    },
    never(
        &[SESSION, ENDED],
        "UPDATE sessions SET ended_at = NULL",
        "it has ended",
    ),
    never(
        &[SESSION, ENDED],
        "UPDATE sessions SET ended_at = 6",
        "it has ended",
    ),
    never(
        &[SESSION, ENDED],
        "UPDATE sessions SET last_seen_at = 3",
        "it has ended",
    ),
    never(
        &[SESSION, ENDED],
        "UPDATE sessions SET expires_at = 12",
        "it has ended",
    ),
    Guard {
        before: &[SESSION, ENDED],
        good: "UPDATE sessions SET address = NULL, agent = NULL",
        bad: "UPDATE sessions SET address = '198.51.100.0/24'",
        kind: Constraint,
        says: "only forgotten",
    },
    never(
        &[SESSION],
        "UPDATE sessions SET agent = 'another'",
        "only forgotten",
    ),
    // A payer is forgotten, and nothing else put in their place.
    Guard {
        before: &[PAID],
        good: "UPDATE payments SET payer_telegram_id = -8",
        bad: "UPDATE payments SET payer_telegram_id = 8",
        kind: Constraint,
        says: "only forgotten",
    },
    never(
        &[PAID],
        "UPDATE payments SET payer_telegram_id = NULL",
        "only forgotten",
    ),
    never(
        &[PAID, "UPDATE payments SET payer_telegram_id = -8"],
        "UPDATE payments SET payer_telegram_id = -9",
        "only forgotten",
    ),
    // Passwords.
    Guard {
        before: &[PASSWORD],
        good: "UPDATE passwords SET changed_at = 2",
        bad: PASSWORD,
        kind: Unique,
        says: "",
    },
    rule(
        PASSWORD,
        "INSERT INTO passwords (customer_id, phc, changed_at) SELECT id, 'correct horse', 1 FROM customers",
        Constraint,
    ),
    rule(
        PASSWORD,
        "INSERT INTO passwords (customer_id, phc, changed_at) SELECT id, '$2b$12$abc', 1 FROM customers",
        Constraint,
    ),
    // Login links.
    Guard {
        before: &[LINK],
        good: link!("32 bytes, the hash of another. ."),
        bad: LINK,
        kind: Unique,
        says: "",
    },
    rule(LINK, link!("short"), Constraint),
    never(
        &[LINK],
        "UPDATE login_links SET hash = CAST('32 bytes, the hash of another. .' AS BYTEA)",
        "does not change",
    ),
    never(
        &[LINK],
        "UPDATE login_links SET customer_id = customer_id",
        "does not change",
    ),
    never(
        &[LINK],
        "UPDATE login_links SET created_at = 0",
        "does not change",
    ),
    Guard {
        before: &[LINK],
        good: "UPDATE login_links SET expires_at = 2",
        bad: "UPDATE login_links SET expires_at = 10",
        kind: Constraint,
        says: "lives no longer",
    },
    never(
        &[LINK, USED],
        "UPDATE login_links SET used_at = NULL",
        "used once",
    ),
    never(
        &[LINK, USED],
        "UPDATE login_links SET used_at = 6",
        "used once",
    ),
    never(
        &[LINK, USED],
        "UPDATE login_links SET expires_at = 2",
        "used once",
    ),
];

on_both_engines! {
    async fn each_guard_of_access_holds(db: TestDb) {
        let store = db.store(&clock()).await;
        try_all(&store, GUARDS).await;
    }
}
