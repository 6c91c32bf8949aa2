//! Every state of everything: the listed transitions work, all others are refused.

use std::collections::{HashMap, VecDeque};

use kiosk::binds;
use kiosk::store::{ErrorKind, Store};

use crate::on_both_engines;
use crate::schema::{Verdict, clock, statement, verdict};

struct Entity {
    /// Its name in `state_transitions`.
    name: &'static str,
    states: &'static [&'static str],
    births: &'static [&'static str],
    /// From, and all that may follow.
    moves: &'static [(&'static str, &'static [&'static str])],
    /// What must be there before it is born.
    before: &'static [&'static str],
    /// Its birth, with `{state}` and with `{also}` for the column that goes with the state.
    birth: &'static str,
    /// A change, with `{state}` and `{also}`.
    change: &'static str,
    /// The value of `{also}` in these states, and in all others.
    also: (&'static [&'static str], &'static str, &'static str),
}

const UNIT: &str = "(SELECT id FROM order_units)";

/// Section 5 of the design.
const ENTITIES: &[Entity] = &[
    Entity {
        name: "order",
        states: &["open", "paid", "fulfilled", "backorder", "expired", "cancelled", "closed"],
        births: &["open"],
        moves: &[
            ("open", &["paid", "expired", "cancelled", "backorder"]),
            ("expired", &["paid", "backorder"]),
            ("cancelled", &["paid", "backorder"]),
            ("backorder", &["paid", "closed"]),
            ("paid", &["fulfilled", "closed"]),
            ("fulfilled", &["closed"]),
        ],
        before: &[],
        birth: "INSERT INTO orders (public_id, customer_id, state, checkout_key, created_at, expires_at, changed_at)
            SELECT CAST('the order it is.' AS BYTEA), id, '{state}', 'mine', 1, 1, 1 FROM customers",
        change: "UPDATE orders SET state = '{state}' WHERE checkout_key = 'mine'",
        also: (&[], "", ""),
    },
    Entity {
        name: "key",
        states: &["available", "reserved", "sold", "revoked", "quarantined"],
        births: &["available"],
        moves: &[
            ("available", &["reserved", "quarantined"]),
            ("reserved", &["available", "sold", "quarantined"]),
            ("sold", &["revoked"]),
            ("quarantined", &["available"]),
        ],
        before: &[],
        birth: "INSERT INTO keys (product_id, position, state, unit_id, fingerprint, ciphertext, imported_at, changed_at)
            SELECT id, 1, '{state}', {also}, CAST('32 bytes of a key''s fingerprint.' AS BYTEA), CAST('x' AS BYTEA), 1, 1
            FROM products WHERE slug = 'vpn'",
        change: "UPDATE keys SET state = '{state}', unit_id = {also}",
        also: (&["reserved", "sold", "revoked"], UNIT, "NULL"),
    },
    Entity {
        name: "attempt",
        states: &["creating", "open", "unknown", "failed", "expired", "cancelled", "captured"],
        births: &["creating", "open"],
        moves: &[
            ("creating", &["open", "unknown", "failed", "cancelled", "captured"]),
            ("unknown", &["open", "failed", "captured"]),
            ("open", &["failed", "expired", "cancelled", "captured"]),
            ("failed", &["captured"]),
            ("expired", &["captured"]),
            ("cancelled", &["captured"]),
        ],
        before: &[],
        birth: "INSERT INTO payment_attempts
                (public_id, order_id, method, attempt_no, currency, amount_minor, state, created_at, changed_at)
            SELECT CAST('the second one..' AS BYTEA), id, 'yookassa', 1, 'RUB', 100, '{state}', 1, 1 FROM orders",
        change: "UPDATE payment_attempts SET state = '{state}' WHERE method = 'yookassa'",
        also: (&[], "", ""),
    },
    Entity {
        name: "refund",
        states: &["requested", "sending", "succeeded", "failed", "unknown"],
        births: &["requested"],
        moves: &[
            ("requested", &["sending"]),
            ("sending", &["succeeded", "failed", "unknown"]),
            ("unknown", &["sending"]),
        ],
        before: &["INSERT INTO payments (provider, charge_id, disposition, currency, amount_minor,
                refund_committed_minor, received_at) VALUES ('stars', 'c', 'unmatched', 'XTR', 100, 100, 1)"],
        birth: "INSERT INTO refunds (public_id, payment_id, idem_key, amount_minor, state, reason, created_at, changed_at)
            SELECT CAST('the only refund.' AS BYTEA), id, 'k', 100, '{state}', 'why', 1, 1 FROM payments",
        change: "UPDATE refunds SET state = '{state}'",
        also: (&[], "", ""),
    },
    Entity {
        name: "inbox",
        states: &["new", "done", "dead"],
        births: &["new", "done", "dead"],
        moves: &[("new", &["done", "dead"]), ("dead", &["new", "done"])],
        before: &[],
        birth: "INSERT INTO inbox (source, event_id, kind, raw, state, received_at, due_at)
            VALUES ('s', 'e', 'message', CAST('{}' AS BYTEA), '{state}', 1, 1)",
        change: "UPDATE inbox SET state = '{state}'",
        also: (&[], "", ""),
    },
    Entity {
        name: "outbox",
        states: &["pending", "sending", "sent", "uncertain", "dead", "cancelled"],
        births: &["pending"],
        moves: &[
            ("pending", &["sending", "cancelled"]),
            ("sending", &["sent", "pending", "uncertain", "dead"]),
            ("uncertain", &["sent", "dead"]),
            ("dead", &["pending", "cancelled"]),
        ],
        before: &[],
        birth: "INSERT INTO outbox (public_id, dedup_key, kind, priority, semantics, payload, state, lease_until,
                due_at, created_at, changed_at)
            VALUES (CAST('the only letter.' AS BYTEA), 'd', 'k', 1, 'at_most_once', '{}', '{state}', {also}, 1, 1, 1)",
        change: "UPDATE outbox SET state = '{state}', lease_until = {also}",
        also: (&["sending"], "1", "NULL"),
    },
    Entity {
        name: "attention",
        states: &["open", "resolved"],
        births: &["open"],
        moves: &[("open", &["resolved"])],
        before: &[],
        birth: "INSERT INTO attention (kind, subject, detail, state, opened_at, resolved_at)
            VALUES ('k', 's', 'd', '{state}', 1, {also})",
        change: "UPDATE attention SET state = '{state}', resolved_at = {also}",
        also: (&["resolved"], "1", "NULL"),
    },
    Entity {
        name: "confirmation",
        states: &["live", "consumed", "expired", "locked"],
        births: &["live"],
        moves: &[("live", &["consumed", "expired", "locked"])],
        before: &[],
        birth: "INSERT INTO confirmations (public_id, customer_id, purpose, channel, target, target_key, code_hash, state,
                sent_at, code_expires_at, expires_at, created_at, changed_at)
            SELECT CAST('the only proof..' AS BYTEA), id, 'phone', 'phone', 't', 't',
                CAST('32 bytes of the hash of the code' AS BYTEA), '{state}', 1, 1, 1, 1, 1 FROM customers",
        change: "UPDATE confirmations SET state = '{state}'",
        also: (&[], "", ""),
    },
    Entity {
        name: "download",
        states: &["promised", "granted", "revoked"],
        births: &["promised"],
        moves: &[("promised", &["granted"]), ("granted", &["revoked"])],
        before: &[],
        birth: "INSERT INTO downloads (public_id, unit_id, product_id, state, most, granted_at, changed_at)
            SELECT CAST('the only file...' AS BYTEA), id, product_id, '{state}', 5, {also}, 1 FROM order_units",
        change: "UPDATE downloads SET state = '{state}', granted_at = {also}",
        also: (&["granted", "revoked"], "1", "NULL"),
    },
    Entity {
        name: "send",
        states: &["sending", "accepted", "unreachable", "failed", "unknown", "undelivered", "delivered", "read"],
        births: &["sending"],
        moves: &[
            ("sending", &["accepted", "unreachable", "failed", "unknown"]),
            ("unknown", &["accepted"]),
            ("accepted", &["undelivered", "delivered", "read"]),
            ("undelivered", &["delivered", "read"]),
            ("delivered", &["read"]),
        ],
        before: &["INSERT INTO confirmations (public_id, customer_id, purpose, channel, target, target_key, code_hash,
                sent_at, code_expires_at, expires_at, created_at, changed_at)
            SELECT CAST('the only proof..' AS BYTEA), id, 'phone', 'phone', 't', 't',
                CAST('32 bytes of the hash of the code' AS BYTEA), 1, 1, 1, 1, 1 FROM customers"],
        birth: "INSERT INTO confirmation_sends (public_id, confirmation_id, round, sender, state, created_at, changed_at)
            SELECT CAST('the only send...' AS BYTEA), id, 1, 'log', '{state}', 1, 1 FROM confirmations",
        change: "UPDATE confirmation_sends SET state = '{state}'",
        also: (&[], "", ""),
    },
];

impl Entity {
    fn fill(&self, text: &str, state: &str) -> String {
        let (states, with, without) = self.also;
        let also = if states.contains(&state) {
            with
        } else {
            without
        };
        text.replace("{state}", state).replace("{also}", also)
    }

    fn allows(&self, from: &str, to: &str) -> bool {
        from == to
            || self
                .moves
                .iter()
                .any(|(state, next)| *state == from && next.contains(&to))
    }

    /// The statements that bring it from nothing to `state`.
    fn way_to(&self, state: &str) -> Vec<String> {
        let mut before: HashMap<&str, &str> = HashMap::new();
        let mut queue: VecDeque<&str> = self.births.iter().copied().collect();
        while let Some(at) = queue.pop_front() {
            if at == state {
                let mut way = vec![at];
                while let Some(&earlier) = before.get(way[0]) {
                    way.insert(0, earlier);
                }
                let mut statements = vec![self.fill(self.birth, way[0])];
                statements.extend(way[1..].iter().map(|state| self.fill(self.change, state)));
                return statements;
            }
            for next in self.states {
                let known = self.births.contains(next) || before.contains_key(next);
                if self.allows(at, next) && !known {
                    before.insert(next, at);
                    queue.push_back(next);
                }
            }
        }
        panic!("{}: no way to {state}", self.name);
    }
}

fn judge(what: &str, allowed: bool, verdict: &Verdict) {
    match (allowed, verdict) {
        (true, Verdict::Accepted) | (false, Verdict::Refused(ErrorKind::Constraint, _)) => {}
        _ => panic!("{what}: {verdict:?}"),
    }
}

async fn try_all(store: &Store, entity: &Entity) {
    for state in entity.states {
        let birth = verdict(store, entity.before, &entity.fill(entity.birth, state)).await;
        judge(
            &format!("{} born {state}", entity.name),
            entity.births.contains(state),
            &birth,
        );
    }
    for from in entity.states {
        let way = entity.way_to(from);
        let mut before = entity.before.to_vec();
        before.extend(way.iter().map(String::as_str));
        for to in entity.states {
            let change = verdict(store, &before, &entity.fill(entity.change, to)).await;
            let what = format!("{} from {from} to {to}", entity.name);
            judge(&what, entity.allows(from, to), &change);
        }
        let unheard = verdict(store, &before, &entity.fill(entity.change, "unheard of")).await;
        judge(
            &format!("{} from {from} to nowhere", entity.name),
            false,
            &unheard,
        );
    }
}

on_both_engines! {
    async fn only_listed_transitions_work(db: TestDb) {
        let store = db.store(&clock()).await;
        for entity in ENTITIES {
            try_all(&store, entity).await;
        }
    }

    async fn the_list_in_the_database_is_the_design(db: TestDb) {
        let store = db.store(&clock()).await;
        let list = statement("SELECT entity, from_state, to_state FROM state_transitions");
        let mut found: Vec<(String, String, String)> = store
            .read("test.list", move |tx| Box::pin(async move { tx.all(list, binds![]).await }))
            .await
            .unwrap();
        let row = |entity: &Entity, from: &str, to: &str| (entity.name.to_owned(), from.to_owned(), to.to_owned());
        let mut listed = Vec::new();
        for entity in ENTITIES {
            listed.extend(entity.births.iter().map(|to| row(entity, "", to)));
            for (from, next) in entity.moves {
                listed.extend(next.iter().map(|to| row(entity, from, to)));
            }
        }
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
    }

    async fn every_transition_of_an_order_and_of_a_key_leaves_its_event(db: TestDb) {
        let store = db.store(&clock()).await;
        let order = ENTITIES[0].way_to("fulfilled");
        let key = ENTITIES[1].way_to("revoked");
        let before: Vec<&str> = order.iter().chain(&key).map(String::as_str).collect();
        for (table, want) in [("order_events", 4), ("key_events", 3)] {
            // One more for the order of the world, which was born too.
            let counted = format!(
                "UPDATE customers SET name = 'counted' WHERE (SELECT COUNT(*) FROM {table}) = {want}"
            );
            judge(table, true, &verdict(&store, &before, &counted).await);
        }
    }
}
