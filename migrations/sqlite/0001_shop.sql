-- The shop's tables. Times are milliseconds UTC, money is minor units with an ISO 4217 code (XTR for Stars).
-- States and their transitions are held here, so that no code path can break them.

CREATE TABLE state_transitions (
    entity TEXT NOT NULL,
    from_state TEXT NOT NULL, -- '' is birth
    to_state TEXT NOT NULL,
    PRIMARY KEY (entity, from_state, to_state)
) STRICT, WITHOUT ROWID;

INSERT INTO state_transitions (entity, from_state, to_state) VALUES
    ('order', '', 'open'),
    ('order', 'open', 'paid'), ('order', 'open', 'expired'), ('order', 'open', 'cancelled'), ('order', 'open', 'backorder'),
    ('order', 'expired', 'paid'), ('order', 'expired', 'backorder'),
    ('order', 'cancelled', 'paid'), ('order', 'cancelled', 'backorder'),
    ('order', 'paid', 'fulfilled'), ('order', 'paid', 'closed'),
    ('order', 'backorder', 'paid'), ('order', 'backorder', 'closed'),
    ('order', 'fulfilled', 'closed'),
    ('key', '', 'available'),
    ('key', 'available', 'reserved'), ('key', 'reserved', 'available'), ('key', 'reserved', 'sold'), ('key', 'sold', 'revoked'),
    ('key', 'available', 'quarantined'), ('key', 'quarantined', 'available'), ('key', 'reserved', 'quarantined'),
    ('attempt', '', 'creating'), ('attempt', '', 'open'),
    ('attempt', 'creating', 'open'), ('attempt', 'creating', 'unknown'), ('attempt', 'creating', 'failed'),
    ('attempt', 'creating', 'cancelled'), ('attempt', 'unknown', 'open'), ('attempt', 'unknown', 'failed'),
    ('attempt', 'open', 'failed'), ('attempt', 'open', 'expired'), ('attempt', 'open', 'cancelled'),
    ('attempt', 'creating', 'captured'), ('attempt', 'unknown', 'captured'), ('attempt', 'open', 'captured'),
    ('attempt', 'failed', 'captured'), ('attempt', 'expired', 'captured'), ('attempt', 'cancelled', 'captured'),
    ('refund', '', 'requested'),
    ('refund', 'requested', 'sending'), ('refund', 'sending', 'succeeded'), ('refund', 'sending', 'failed'),
    ('refund', 'sending', 'unknown'), ('refund', 'unknown', 'sending'),
    ('inbox', '', 'new'), ('inbox', '', 'done'), ('inbox', '', 'dead'),
    ('inbox', 'new', 'done'), ('inbox', 'new', 'dead'), ('inbox', 'dead', 'new'),
    ('outbox', '', 'pending'),
    ('outbox', 'pending', 'sending'), ('outbox', 'pending', 'cancelled'),
    ('outbox', 'sending', 'sent'), ('outbox', 'sending', 'pending'), ('outbox', 'sending', 'uncertain'), ('outbox', 'sending', 'dead'),
    ('outbox', 'uncertain', 'sent'), ('outbox', 'uncertain', 'dead'), ('outbox', 'dead', 'pending'),
    ('attention', '', 'open'), ('attention', 'open', 'resolved');

CREATE TRIGGER state_transitions_fixed_insert BEFORE INSERT ON state_transitions
BEGIN SELECT RAISE(ABORT, 'state_transitions is changed by migrations only'); END;
CREATE TRIGGER state_transitions_fixed_update BEFORE UPDATE ON state_transitions
BEGIN SELECT RAISE(ABORT, 'state_transitions is changed by migrations only'); END;
CREATE TRIGGER state_transitions_fixed_delete BEFORE DELETE ON state_transitions
BEGIN SELECT RAISE(ABORT, 'state_transitions is changed by migrations only'); END;

-- Random keys wrapped by the master key.
CREATE TABLE secrets (
    id INTEGER PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('data', 'fingerprint', 'payload', 'link')),
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX secrets_lasting ON secrets (purpose) WHERE purpose <> 'data';

-- Where a reader of an outside list stands.
CREATE TABLE cursors (
    name TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL CHECK (position >= 0),
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    telegram_id INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('en', 'ru')),
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'blocked')),
    created_at INTEGER NOT NULL
) STRICT;

-- Where a chat's conversation stands. `state` is JSON.
CREATE TABLE dialogues (
    chat_id INTEGER NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Titles and descriptions are JSON by language, prices JSON by currency in minor units.
CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('stock', 'minted', 'download')),
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'archived')),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    prices TEXT NOT NULL,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX products_shown ON products (position, id) WHERE state = 'active';

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    state TEXT NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'paid', 'fulfilled', 'backorder', 'expired', 'cancelled', 'closed')),
    checkout_key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    approved_query TEXT,
    approved_until INTEGER,
    changed_at INTEGER NOT NULL,
    CHECK ((approved_query IS NULL) = (approved_until IS NULL))
) STRICT;
-- A double tap places one order.
CREATE UNIQUE INDEX orders_checkout ON orders (customer_id, checkout_key) WHERE state = 'open';
CREATE INDEX orders_of_customer ON orders (customer_id, id);
CREATE INDEX orders_due ON orders (expires_at) WHERE state = 'open';
CREATE INDEX orders_unfinished ON orders (state, changed_at) WHERE state IN ('paid', 'backorder');

-- Snapshots of what was ordered: titles by language and prices by currency, as the product had them.
CREATE TABLE order_lines (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    line_no INTEGER NOT NULL CHECK (line_no >= 1),
    product_id INTEGER NOT NULL REFERENCES products (id),
    title TEXT NOT NULL,
    prices TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    UNIQUE (order_id, line_no)
) STRICT;

CREATE TABLE order_units (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    line_id INTEGER NOT NULL REFERENCES order_lines (id),
    unit_no INTEGER NOT NULL CHECK (unit_no >= 1),
    product_id INTEGER NOT NULL REFERENCES products (id),
    UNIQUE (order_id, line_id, unit_no)
) STRICT;

-- What we asked a provider for. An order has no total: the attempt freezes method, currency and amount.
CREATE TABLE payment_attempts (
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    order_id INTEGER NOT NULL REFERENCES orders (id),
    method TEXT NOT NULL CHECK (method IN ('stars', 'telegram-card', 'yookassa', 'yandex-pay', 'crypto-pay')),
    attempt_no INTEGER NOT NULL CHECK (attempt_no >= 1),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    provider_invoice_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('creating', 'open', 'unknown', 'failed', 'expired', 'cancelled', 'captured')),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (order_id, method, attempt_no),
    UNIQUE (method, provider_invoice_id)
) STRICT;
CREATE UNIQUE INDEX payment_attempts_live ON payment_attempts (order_id, method) WHERE state IN ('creating', 'open');

-- What arrived. Written once; only the amount promised back grows.
CREATE TABLE payments (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL CHECK (provider IN ('stars', 'telegram-card', 'yookassa', 'yandex-pay', 'crypto-pay')),
    charge_id TEXT NOT NULL CHECK (length(charge_id) > 0),
    disposition TEXT NOT NULL CHECK (disposition IN ('applied', 'excess', 'short', 'wrong_currency', 'unmatched')),
    order_id INTEGER REFERENCES orders (id),
    attempt_id INTEGER REFERENCES payment_attempts (id),
    payer_telegram_id INTEGER,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    refund_committed_minor INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL,
    CHECK (refund_committed_minor >= 0 AND refund_committed_minor <= amount_minor),
    CHECK (disposition = 'unmatched' OR (order_id IS NOT NULL AND attempt_id IS NOT NULL)),
    UNIQUE (provider, charge_id)
) STRICT;
CREATE UNIQUE INDEX payments_one_applied ON payments (order_id) WHERE disposition = 'applied';
CREATE INDEX payments_of_order ON payments (order_id);

CREATE TABLE refunds (
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    payment_id INTEGER NOT NULL REFERENCES payments (id),
    idem_key TEXT NOT NULL UNIQUE,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    state TEXT NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'sending', 'succeeded', 'failed', 'unknown')),
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX refunds_of_payment ON refunds (payment_id);
CREATE INDEX refunds_unfinished ON refunds (changed_at) WHERE state IN ('requested', 'sending', 'unknown');

-- One row is one key. A reserved or sold key belongs to one unit; a sold one for ever.
CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES products (id),
    position INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'available' CHECK (state IN ('available', 'reserved', 'sold', 'revoked', 'quarantined')),
    unit_id INTEGER UNIQUE REFERENCES order_units (id),
    fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    ciphertext BLOB NOT NULL,
    imported_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    revealed_at INTEGER,
    CHECK ((state IN ('reserved', 'sold', 'revoked')) = (unit_id IS NOT NULL)),
    CHECK (revealed_at IS NULL OR state IN ('sold', 'revoked'))
) STRICT;
-- Keys are handed out in the order of import.
CREATE INDEX keys_for_sale ON keys (product_id, position) WHERE state = 'available';
CREATE UNIQUE INDEX keys_position ON keys (product_id, position);

-- History, written by the triggers below.
CREATE TABLE order_events (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX order_events_of_order ON order_events (order_id);

CREATE TABLE key_events (
    id INTEGER PRIMARY KEY,
    key_id INTEGER NOT NULL REFERENCES keys (id),
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    unit_id INTEGER,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX key_events_of_key ON key_events (key_id);

-- Facts received. `lane` is the chat whose order they keep; NULL where order means nothing.
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    lane INTEGER,
    raw BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'dead')),
    received_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    screen_owed INTEGER,
    error TEXT,
    UNIQUE (source, event_id)
) STRICT;
CREATE INDEX inbox_waiting ON inbox (lane, seq) WHERE state = 'new';
CREATE INDEX inbox_owed ON inbox (lane, seq) WHERE screen_owed IS NOT NULL;
CREATE INDEX inbox_dead ON inbox (seq) WHERE state = 'dead';

-- Effects decided and not yet done. `payload` is JSON: references, language and snapshots, never key text.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    dedup_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    chat_id INTEGER,
    priority INTEGER NOT NULL,
    semantics TEXT NOT NULL CHECK (semantics IN ('at_least_once', 'at_most_once')),
    payload TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'sent', 'uncertain', 'dead', 'cancelled')),
    owner TEXT,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    error TEXT,
    CHECK ((state = 'sending') = (lease_until IS NOT NULL))
) STRICT;
CREATE INDEX outbox_pending ON outbox (priority, id) WHERE state = 'pending';
CREATE INDEX outbox_sending ON outbox (lease_until) WHERE state = 'sending';
CREATE INDEX outbox_dead ON outbox (chat_id) WHERE state = 'dead';

-- Tasks for staff. An open row is the only legal reason for money or an order to stand unfinished.
CREATE TABLE attention (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    order_id INTEGER REFERENCES orders (id),
    payment_id INTEGER REFERENCES payments (id),
    detail TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    opened_at INTEGER NOT NULL,
    resolved_at INTEGER,
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX attention_open ON attention (kind, subject) WHERE state = 'open';
CREATE INDEX attention_of_order ON attention (order_id) WHERE state = 'open';
CREATE INDEX attention_of_payment ON attention (payment_id) WHERE state = 'open';

-- Only listed transitions. The same state again is no transition.
CREATE TRIGGER orders_born BEFORE INSERT ON orders
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'order' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'order: not a first state'); END;
CREATE TRIGGER orders_transition BEFORE UPDATE OF state ON orders
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'order' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'order: no such transition'); END;
CREATE TRIGGER keys_born BEFORE INSERT ON keys
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'key' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'key: not a first state'); END;
CREATE TRIGGER keys_transition BEFORE UPDATE OF state ON keys
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'key' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'key: no such transition'); END;
CREATE TRIGGER payment_attempts_born BEFORE INSERT ON payment_attempts
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'attempt' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'attempt: not a first state'); END;
CREATE TRIGGER payment_attempts_transition BEFORE UPDATE OF state ON payment_attempts
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'attempt' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'attempt: no such transition'); END;
CREATE TRIGGER refunds_born BEFORE INSERT ON refunds
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'refund' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'refund: not a first state'); END;
CREATE TRIGGER refunds_transition BEFORE UPDATE OF state ON refunds
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'refund' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'refund: no such transition'); END;
CREATE TRIGGER inbox_born BEFORE INSERT ON inbox
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'inbox' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'inbox: not a first state'); END;
CREATE TRIGGER inbox_transition BEFORE UPDATE OF state ON inbox
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'inbox' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'inbox: no such transition'); END;
CREATE TRIGGER outbox_born BEFORE INSERT ON outbox
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'outbox' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'outbox: not a first state'); END;
CREATE TRIGGER outbox_transition BEFORE UPDATE OF state ON outbox
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'outbox' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'outbox: no such transition'); END;
CREATE TRIGGER attention_born BEFORE INSERT ON attention
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'attention' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'attention: not a first state'); END;
CREATE TRIGGER attention_transition BEFORE UPDATE OF state ON attention
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'attention' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'attention: no such transition'); END;

-- Every transition leaves its event.
CREATE TRIGGER orders_event_born AFTER INSERT ON orders
BEGIN INSERT INTO order_events (order_id, from_state, to_state, at) VALUES (NEW.id, '', NEW.state, NEW.changed_at); END;
CREATE TRIGGER orders_event AFTER UPDATE OF state ON orders WHEN NEW.state <> OLD.state
BEGIN INSERT INTO order_events (order_id, from_state, to_state, at) VALUES (NEW.id, OLD.state, NEW.state, NEW.changed_at); END;
CREATE TRIGGER keys_event AFTER UPDATE OF state ON keys WHEN NEW.state <> OLD.state
BEGIN
    INSERT INTO key_events (key_id, from_state, to_state, unit_id, at)
    VALUES (NEW.id, OLD.state, NEW.state, COALESCE(NEW.unit_id, OLD.unit_id), NEW.changed_at);
END;

-- Fulfilled means that every unit has its sold key.
CREATE TRIGGER orders_fulfilled BEFORE UPDATE OF state ON orders
WHEN NEW.state = 'fulfilled' AND OLD.state <> 'fulfilled' AND EXISTS (
    SELECT 1 FROM order_units u
    WHERE u.order_id = NEW.id AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.unit_id = u.id AND k.state = 'sold')
)
BEGIN SELECT RAISE(ABORT, 'order: a unit has no sold key'); END;

-- A key goes to a unit of its own product, and a sold one never changes hands.
CREATE TRIGGER keys_right_product BEFORE UPDATE OF unit_id ON keys
WHEN NEW.unit_id IS NOT NULL
    AND NEW.product_id <> (SELECT product_id FROM order_units WHERE id = NEW.unit_id)
BEGIN SELECT RAISE(ABORT, 'key: the unit is of another product'); END;
CREATE TRIGGER keys_no_unsell BEFORE UPDATE OF unit_id ON keys
WHEN OLD.state IN ('sold', 'revoked') AND NEW.unit_id IS NOT OLD.unit_id
BEGIN SELECT RAISE(ABORT, 'key: a sold key never changes hands'); END;
CREATE TRIGGER keys_fixed BEFORE UPDATE OF product_id, position, fingerprint, ciphertext ON keys
BEGIN SELECT RAISE(ABORT, 'key: product, position and text are fixed'); END;
CREATE TRIGGER keys_kept BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'key: keys are never deleted'); END;

-- An applied payment covers what its attempt asked, in its currency, for its order.
CREATE TRIGGER payments_applied BEFORE INSERT ON payments
WHEN NEW.disposition = 'applied' AND NOT EXISTS (
    SELECT 1 FROM payment_attempts a
    WHERE a.id = NEW.attempt_id AND a.order_id = NEW.order_id AND a.method = NEW.provider
        AND a.currency = NEW.currency AND a.amount_minor <= NEW.amount_minor
)
BEGIN SELECT RAISE(ABORT, 'payment: it does not cover its attempt'); END;
CREATE TRIGGER payments_fixed BEFORE UPDATE OF
    provider, charge_id, disposition, order_id, attempt_id, payer_telegram_id, currency, amount_minor, received_at ON payments
BEGIN SELECT RAISE(ABORT, 'payment: facts are fixed'); END;
CREATE TRIGGER payments_kept BEFORE DELETE ON payments
BEGIN SELECT RAISE(ABORT, 'payment: payments are never deleted'); END;

-- A refund is taken from what the payment has committed to give back.
CREATE TRIGGER refunds_committed AFTER INSERT ON refunds
WHEN (SELECT COALESCE(SUM(r.amount_minor), 0) FROM refunds r WHERE r.payment_id = NEW.payment_id AND r.state <> 'failed')
    > (SELECT p.refund_committed_minor FROM payments p WHERE p.id = NEW.payment_id)
BEGIN SELECT RAISE(ABORT, 'refund: more than was committed'); END;
CREATE TRIGGER payments_promised BEFORE UPDATE OF refund_committed_minor ON payments
WHEN NEW.refund_committed_minor
    < (SELECT COALESCE(SUM(r.amount_minor), 0) FROM refunds r WHERE r.payment_id = NEW.id AND r.state <> 'failed')
BEGIN SELECT RAISE(ABORT, 'payment: its refunds are more than that'); END;
CREATE TRIGGER refunds_fixed BEFORE UPDATE OF public_id, payment_id, idem_key, amount_minor ON refunds
BEGIN SELECT RAISE(ABORT, 'refund: payment and amount are fixed'); END;
CREATE TRIGGER refunds_kept BEFORE DELETE ON refunds
BEGIN SELECT RAISE(ABORT, 'refund: refunds are never deleted'); END;

-- Snapshots and what was asked don't change.
CREATE TRIGGER payment_attempts_fixed BEFORE UPDATE OF public_id, order_id, method, attempt_no, currency, amount_minor ON payment_attempts
BEGIN SELECT RAISE(ABORT, 'attempt: method, currency and amount are fixed'); END;
CREATE TRIGGER orders_fixed BEFORE UPDATE OF public_id, customer_id, checkout_key, created_at ON orders
BEGIN SELECT RAISE(ABORT, 'order: whose it is does not change'); END;
CREATE TRIGGER orders_kept BEFORE DELETE ON orders
BEGIN SELECT RAISE(ABORT, 'order: orders are never deleted'); END;
CREATE TRIGGER order_lines_fixed BEFORE UPDATE ON order_lines
BEGIN SELECT RAISE(ABORT, 'order line: snapshots are fixed'); END;
CREATE TRIGGER order_lines_kept BEFORE DELETE ON order_lines
BEGIN SELECT RAISE(ABORT, 'order line: snapshots are fixed'); END;
CREATE TRIGGER order_units_fixed BEFORE UPDATE ON order_units
BEGIN SELECT RAISE(ABORT, 'order unit: units are fixed'); END;
CREATE TRIGGER order_units_kept BEFORE DELETE ON order_units
BEGIN SELECT RAISE(ABORT, 'order unit: units are fixed'); END;
CREATE TRIGGER order_events_fixed BEFORE UPDATE ON order_events
BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
CREATE TRIGGER order_events_kept BEFORE DELETE ON order_events
BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
CREATE TRIGGER key_events_fixed BEFORE UPDATE ON key_events
BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
CREATE TRIGGER key_events_kept BEFORE DELETE ON key_events
BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
