//! What the database holds of files and of the right to fetch them.

use kiosk::store::ErrorKind::Constraint;

use crate::on_both_engines;
use crate::schema::clock;
use crate::schema::guards::{Guard, KEY, RESERVED, never, try_all};

const DOWNLOAD: &str = "INSERT INTO downloads (public_id, unit_id, product_id, most, changed_at)
    SELECT CAST('the only file...' AS BYTEA), id, product_id, 5, 1 FROM order_units";
const OTHERS_DOWNLOAD: &str = "INSERT INTO downloads (public_id, unit_id, product_id, most, changed_at)
    SELECT CAST('another file....' AS BYTEA), u.id, p.id, 5, 1 FROM order_units u, products p WHERE p.slug = 'book'";
const GRANTED: &str = "UPDATE downloads SET state = 'granted', granted_at = 1";
const FILE: &str = "INSERT INTO files (public_id, digest, size, name, created_at)
    VALUES (CAST('the only bytes..' AS BYTEA), CAST('32 bytes of the digest of a file' AS BYTEA), 1, 'a', 1)";
const START: &str =
    "INSERT INTO download_starts (public_id, download_id, file_id, started_at, expires_at)
    SELECT CAST('the only start..' AS BYTEA), d.id, f.id, 5, 6 FROM downloads d, files f";

const GUARDS: &[Guard] = &[
    Guard {
        before: &["UPDATE orders SET state = 'paid'", DOWNLOAD, GRANTED],
        good: "UPDATE orders SET state = 'fulfilled'",
        bad: "UPDATE orders SET state = 'open'",
        kind: Constraint,
        says: "order",
    },
    never(
        &["UPDATE orders SET state = 'paid'", DOWNLOAD],
        "UPDATE orders SET state = 'fulfilled'",
        "a unit has neither a sold key nor a granted download",
    ),
    never(
        &[
            "UPDATE orders SET state = 'paid'",
            DOWNLOAD,
            GRANTED,
            "UPDATE downloads SET state = 'revoked'",
        ],
        "UPDATE orders SET state = 'fulfilled'",
        "a unit has neither a sold key nor a granted download",
    ),
    // Downloads and files.
    Guard {
        before: &[],
        good: DOWNLOAD,
        bad: OTHERS_DOWNLOAD,
        kind: Constraint,
        says: "of another product",
    },
    never(&[DOWNLOAD, KEY], RESERVED, "the unit has a download"),
    never(
        &[DOWNLOAD],
        "UPDATE downloads SET days = 9",
        "what it allows are fixed",
    ),
    never(
        &[DOWNLOAD],
        "UPDATE downloads SET unit_id = unit_id",
        "whose it is",
    ),
    never(
        &[DOWNLOAD, GRANTED],
        "UPDATE downloads SET granted_at = 9",
        "granted once",
    ),
    never(
        &[DOWNLOAD, GRANTED, "UPDATE downloads SET started = 2"],
        "UPDATE downloads SET started = 1",
        "not unsaid",
    ),
    never(
        &[DOWNLOAD, GRANTED],
        "UPDATE downloads SET most = 4",
        "not unsaid",
    ),
    never(&[DOWNLOAD], "DELETE FROM downloads", "never deleted"),
    Guard {
        before: &[DOWNLOAD, GRANTED],
        good: "UPDATE downloads SET started = 5",
        bad: "UPDATE downloads SET started = 6",
        kind: Constraint,
        says: "",
    },
    Guard {
        before: &[DOWNLOAD],
        good: GRANTED,
        bad: "UPDATE downloads SET started = 1",
        kind: Constraint,
        says: "",
    },
    never(
        &[FILE],
        "UPDATE files SET name = 'other'",
        "its bytes are fixed",
    ),
    never(
        &[DOWNLOAD, GRANTED, FILE, START],
        "UPDATE download_starts SET expires_at = 99",
        "what it opens is fixed",
    ),
    Guard {
        before: &[DOWNLOAD, GRANTED, FILE],
        good: START,
        bad: "INSERT INTO download_starts
        (public_id, download_id, file_id, started_at, expires_at)
        SELECT CAST('the only start..' AS BYTEA), d.id, f.id, 5, 5 FROM downloads d, files f",
        kind: Constraint,
        says: "",
    },
    Guard {
        before: &[
            FILE,
            "UPDATE products SET kind = 'download' WHERE slug = 'book'",
        ],
        good: "UPDATE products SET file_id = (SELECT id FROM files) WHERE slug = 'book'",
        bad: "UPDATE products SET file_id = (SELECT id FROM files) WHERE slug = 'vpn'",
        kind: Constraint,
        says: "",
    },
    never(
        &[],
        "UPDATE products SET kind = 'download' WHERE slug = 'vpn'",
        "ordered as another kind",
    ),
];

on_both_engines! {
    async fn each_guard_of_downloads_holds(db: TestDb) {
        try_all(&db.store(&clock()).await, GUARDS).await;
    }
}
