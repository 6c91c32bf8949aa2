-- The shop's tables. Times are milliseconds UTC, money is minor units with an ISO 4217 code (XTR for Stars).
-- States and their transitions are held here, so that no code path can break them.

CREATE TABLE state_transitions (
    entity TEXT NOT NULL,
    from_state TEXT NOT NULL, -- '' is birth
    to_state TEXT NOT NULL,
    PRIMARY KEY (entity, from_state, to_state)
);

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

-- Random keys wrapped by the master key.
CREATE TABLE secrets (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('data', 'fingerprint', 'payload', 'link')),
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX secrets_lasting ON secrets (purpose) WHERE purpose <> 'data';

-- Where a reader of an outside list stands.
CREATE TABLE cursors (
    name TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL CHECK (position >= 0),
    updated_at BIGINT NOT NULL
);

CREATE TABLE customers (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    telegram_id BIGINT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('en', 'ru')),
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'blocked')),
    created_at BIGINT NOT NULL
);

-- Where a chat's conversation stands. `state` is JSON.
CREATE TABLE dialogues (
    chat_id BIGINT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Titles and descriptions are JSON by language, prices JSON by currency in minor units.
CREATE TABLE products (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('stock', 'minted', 'download')),
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'archived')),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    prices TEXT NOT NULL,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX products_shown ON products (position, id) WHERE state = 'active';

CREATE TABLE orders (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    state TEXT NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'paid', 'fulfilled', 'backorder', 'expired', 'cancelled', 'closed')),
    checkout_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    approved_query TEXT,
    approved_until BIGINT,
    changed_at BIGINT NOT NULL,
    CHECK ((approved_query IS NULL) = (approved_until IS NULL))
);
-- A double tap places one order.
CREATE UNIQUE INDEX orders_checkout ON orders (customer_id, checkout_key) WHERE state = 'open';
CREATE INDEX orders_of_customer ON orders (customer_id, id);
CREATE INDEX orders_due ON orders (expires_at) WHERE state = 'open';
CREATE INDEX orders_unfinished ON orders (state, changed_at) WHERE state IN ('paid', 'backorder');

-- Snapshots of what was ordered: titles by language and prices by currency, as the product had them.
CREATE TABLE order_lines (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    product_id BIGINT NOT NULL REFERENCES products (id),
    title TEXT NOT NULL,
    prices TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity >= 1),
    UNIQUE (order_id, line_no)
);

CREATE TABLE order_units (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    line_id BIGINT NOT NULL REFERENCES order_lines (id),
    unit_no BIGINT NOT NULL CHECK (unit_no >= 1),
    product_id BIGINT NOT NULL REFERENCES products (id),
    UNIQUE (order_id, line_id, unit_no)
);

-- What we asked a provider for. An order has no total: the attempt freezes method, currency and amount.
CREATE TABLE payment_attempts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    order_id BIGINT NOT NULL REFERENCES orders (id),
    method TEXT NOT NULL CHECK (method IN ('stars', 'telegram-card', 'yookassa', 'yandex-pay', 'crypto-pay')),
    attempt_no BIGINT NOT NULL CHECK (attempt_no >= 1),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    provider_invoice_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('creating', 'open', 'unknown', 'failed', 'expired', 'cancelled', 'captured')),
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (order_id, method, attempt_no),
    UNIQUE (method, provider_invoice_id)
);
CREATE UNIQUE INDEX payment_attempts_live ON payment_attempts (order_id, method) WHERE state IN ('creating', 'open');

-- What arrived. Written once; only the amount promised back grows.
CREATE TABLE payments (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider TEXT NOT NULL CHECK (provider IN ('stars', 'telegram-card', 'yookassa', 'yandex-pay', 'crypto-pay')),
    charge_id TEXT NOT NULL CHECK (length(charge_id) > 0),
    disposition TEXT NOT NULL CHECK (disposition IN ('applied', 'excess', 'short', 'wrong_currency', 'unmatched')),
    order_id BIGINT REFERENCES orders (id),
    attempt_id BIGINT REFERENCES payment_attempts (id),
    payer_telegram_id BIGINT,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    refund_committed_minor BIGINT NOT NULL DEFAULT 0,
    received_at BIGINT NOT NULL,
    CHECK (refund_committed_minor >= 0 AND refund_committed_minor <= amount_minor),
    CHECK (disposition = 'unmatched' OR (order_id IS NOT NULL AND attempt_id IS NOT NULL)),
    UNIQUE (provider, charge_id)
);
CREATE UNIQUE INDEX payments_one_applied ON payments (order_id) WHERE disposition = 'applied';
CREATE INDEX payments_of_order ON payments (order_id);

CREATE TABLE refunds (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    payment_id BIGINT NOT NULL REFERENCES payments (id),
    idem_key TEXT NOT NULL UNIQUE,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    state TEXT NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'sending', 'succeeded', 'failed', 'unknown')),
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX refunds_of_payment ON refunds (payment_id);
CREATE INDEX refunds_unfinished ON refunds (changed_at) WHERE state IN ('requested', 'sending', 'unknown');

-- One row is one key. A reserved or sold key belongs to one unit; a sold one for ever.
CREATE TABLE keys (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id BIGINT NOT NULL REFERENCES products (id),
    position BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'available' CHECK (state IN ('available', 'reserved', 'sold', 'revoked', 'quarantined')),
    unit_id BIGINT UNIQUE REFERENCES order_units (id),
    fingerprint BYTEA NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    ciphertext BYTEA NOT NULL,
    imported_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    revealed_at BIGINT,
    CHECK ((state IN ('reserved', 'sold', 'revoked')) = (unit_id IS NOT NULL)),
    CHECK (revealed_at IS NULL OR state IN ('sold', 'revoked'))
);
-- Keys are handed out in the order of import.
CREATE INDEX keys_for_sale ON keys (product_id, position) WHERE state = 'available';
CREATE UNIQUE INDEX keys_position ON keys (product_id, position);

-- History, written by the triggers below.
CREATE TABLE order_events (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX order_events_of_order ON order_events (order_id);

CREATE TABLE key_events (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id BIGINT NOT NULL REFERENCES keys (id),
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    unit_id BIGINT,
    at BIGINT NOT NULL
);
CREATE INDEX key_events_of_key ON key_events (key_id);

-- Facts received. `lane` is the chat whose order they keep; NULL where order means nothing.
CREATE TABLE inbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    lane BIGINT,
    raw BYTEA NOT NULL,
    state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'dead')),
    received_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    screen_owed BIGINT,
    error TEXT,
    UNIQUE (source, event_id)
);
CREATE INDEX inbox_waiting ON inbox (lane, seq) WHERE state = 'new';
CREATE INDEX inbox_owed ON inbox (lane, seq) WHERE screen_owed IS NOT NULL;
CREATE INDEX inbox_dead ON inbox (seq) WHERE state = 'dead';

-- Effects decided and not yet done. `payload` is JSON: references, language and snapshots, never key text.
CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    dedup_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    chat_id BIGINT,
    priority BIGINT NOT NULL,
    semantics TEXT NOT NULL CHECK (semantics IN ('at_least_once', 'at_most_once')),
    payload TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'sent', 'uncertain', 'dead', 'cancelled')),
    owner TEXT,
    fence BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    error TEXT,
    CHECK ((state = 'sending') = (lease_until IS NOT NULL))
);
CREATE INDEX outbox_pending ON outbox (priority, id) WHERE state = 'pending';
CREATE INDEX outbox_sending ON outbox (lease_until) WHERE state = 'sending';
CREATE INDEX outbox_dead ON outbox (chat_id) WHERE state = 'dead';

-- Tasks for staff. An open row is the only legal reason for money or an order to stand unfinished.
CREATE TABLE attention (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    order_id BIGINT REFERENCES orders (id),
    payment_id BIGINT REFERENCES payments (id),
    detail TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    opened_at BIGINT NOT NULL,
    resolved_at BIGINT,
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
);
CREATE UNIQUE INDEX attention_open ON attention (kind, subject) WHERE state = 'open';
CREATE INDEX attention_of_order ON attention (order_id) WHERE state = 'open';
CREATE INDEX attention_of_payment ON attention (payment_id) WHERE state = 'open';

-- Who works on a chat. A takeover adds one to the fence.
CREATE TABLE lanes (
    lane BIGINT NOT NULL PRIMARY KEY,
    owner TEXT,
    fence BIGINT NOT NULL,
    lease_until BIGINT NOT NULL
);
CREATE INDEX lanes_of_owner ON lanes (owner);

-- Only listed transitions. The same state again is no transition.
CREATE FUNCTION kiosk_born() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = TG_ARGV[0] AND from_state = '' AND to_state = NEW.state) THEN
        RAISE EXCEPTION '%: % is not a first state', TG_ARGV[0], NEW.state;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION kiosk_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = TG_ARGV[0] AND from_state = OLD.state AND to_state = NEW.state) THEN
        RAISE EXCEPTION '%: no transition from % to %', TG_ARGV[0], OLD.state, NEW.state;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION kiosk_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END $$;
CREATE TRIGGER state_transitions_fixed BEFORE INSERT OR UPDATE OR DELETE ON state_transitions
    FOR EACH ROW EXECUTE FUNCTION kiosk_refuse('state_transitions is changed by migrations only');
CREATE TRIGGER orders_born BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION kiosk_born('order');
CREATE TRIGGER orders_transition BEFORE UPDATE OF state ON orders FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('order');
CREATE TRIGGER keys_born BEFORE INSERT ON keys FOR EACH ROW EXECUTE FUNCTION kiosk_born('key');
CREATE TRIGGER keys_transition BEFORE UPDATE OF state ON keys FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('key');
CREATE TRIGGER payment_attempts_born BEFORE INSERT ON payment_attempts FOR EACH ROW EXECUTE FUNCTION kiosk_born('attempt');
CREATE TRIGGER payment_attempts_transition BEFORE UPDATE OF state ON payment_attempts FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('attempt');
CREATE TRIGGER refunds_born BEFORE INSERT ON refunds FOR EACH ROW EXECUTE FUNCTION kiosk_born('refund');
CREATE TRIGGER refunds_transition BEFORE UPDATE OF state ON refunds FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('refund');
CREATE TRIGGER inbox_born BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION kiosk_born('inbox');
CREATE TRIGGER inbox_transition BEFORE UPDATE OF state ON inbox FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('inbox');
CREATE TRIGGER outbox_born BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION kiosk_born('outbox');
CREATE TRIGGER outbox_transition BEFORE UPDATE OF state ON outbox FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('outbox');
CREATE TRIGGER attention_born BEFORE INSERT ON attention FOR EACH ROW EXECUTE FUNCTION kiosk_born('attention');
CREATE TRIGGER attention_transition BEFORE UPDATE OF state ON attention FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('attention');

-- Every transition leaves its event.
CREATE FUNCTION kiosk_order_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_events (order_id, from_state, to_state, at)
    VALUES (NEW.id, CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.state END, NEW.state, NEW.changed_at);
    RETURN NULL;
END $$;
CREATE TRIGGER orders_event_born AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION kiosk_order_event();
CREATE TRIGGER orders_event AFTER UPDATE OF state ON orders FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_order_event();
CREATE FUNCTION kiosk_key_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO key_events (key_id, from_state, to_state, unit_id, at)
    VALUES (NEW.id, OLD.state, NEW.state, COALESCE(NEW.unit_id, OLD.unit_id), NEW.changed_at);
    RETURN NULL;
END $$;
CREATE TRIGGER keys_event AFTER UPDATE OF state ON keys FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_key_event();

-- Fulfilled means that every unit has its sold key.
CREATE FUNCTION kiosk_fulfilled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM order_units u
        WHERE u.order_id = NEW.id AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.unit_id = u.id AND k.state = 'sold')
    ) THEN
        RAISE EXCEPTION 'order: a unit has no sold key';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER orders_fulfilled BEFORE UPDATE OF state ON orders FOR EACH ROW
    WHEN (NEW.state = 'fulfilled' AND OLD.state <> 'fulfilled') EXECUTE FUNCTION kiosk_fulfilled();

-- A key goes to a unit of its own product, and a sold one never changes hands.
CREATE FUNCTION kiosk_right_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.product_id <> (SELECT product_id FROM order_units WHERE id = NEW.unit_id) THEN
        RAISE EXCEPTION 'key: the unit is of another product';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keys_right_product BEFORE UPDATE OF unit_id ON keys FOR EACH ROW
    WHEN (NEW.unit_id IS NOT NULL) EXECUTE FUNCTION kiosk_right_product();
CREATE TRIGGER keys_no_unsell BEFORE UPDATE OF unit_id ON keys FOR EACH ROW
    WHEN (OLD.state IN ('sold', 'revoked') AND NEW.unit_id IS DISTINCT FROM OLD.unit_id)
    EXECUTE FUNCTION kiosk_refuse('key: a sold key never changes hands');
CREATE TRIGGER keys_fixed BEFORE UPDATE OF product_id, position, fingerprint, ciphertext ON keys FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('key: product, position and text are fixed');
CREATE TRIGGER keys_kept BEFORE DELETE ON keys FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('key: keys are never deleted');

-- An applied payment covers what its attempt asked, in its currency, for its order.
CREATE FUNCTION kiosk_payment_applied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM payment_attempts a
        WHERE a.id = NEW.attempt_id AND a.order_id = NEW.order_id AND a.method = NEW.provider
            AND a.currency = NEW.currency AND a.amount_minor <= NEW.amount_minor
    ) THEN
        RAISE EXCEPTION 'payment: it does not cover its attempt';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_applied BEFORE INSERT ON payments FOR EACH ROW
    WHEN (NEW.disposition = 'applied') EXECUTE FUNCTION kiosk_payment_applied();
CREATE TRIGGER payments_fixed BEFORE UPDATE OF
    provider, charge_id, disposition, order_id, attempt_id, payer_telegram_id, currency, amount_minor, received_at ON payments
    FOR EACH ROW EXECUTE FUNCTION kiosk_refuse('payment: facts are fixed');
CREATE TRIGGER payments_kept BEFORE DELETE ON payments FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('payment: payments are never deleted');

-- A refund is taken from what the payment has committed to give back.
CREATE FUNCTION kiosk_refund_committed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT COALESCE(SUM(r.amount_minor), 0) FROM refunds r WHERE r.payment_id = NEW.payment_id AND r.state <> 'failed')
        > (SELECT p.refund_committed_minor FROM payments p WHERE p.id = NEW.payment_id) THEN
        RAISE EXCEPTION 'refund: more than was committed';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refunds_committed AFTER INSERT ON refunds FOR EACH ROW EXECUTE FUNCTION kiosk_refund_committed();

-- Snapshots and what was asked don't change.
CREATE FUNCTION kiosk_payment_promised() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.refund_committed_minor
        < (SELECT COALESCE(SUM(r.amount_minor), 0) FROM refunds r WHERE r.payment_id = NEW.id AND r.state <> 'failed') THEN
        RAISE EXCEPTION 'payment: its refunds are more than that';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_promised BEFORE UPDATE OF refund_committed_minor ON payments FOR EACH ROW
    EXECUTE FUNCTION kiosk_payment_promised();
CREATE TRIGGER refunds_fixed BEFORE UPDATE OF public_id, payment_id, idem_key, amount_minor ON refunds FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('refund: payment and amount are fixed');
CREATE TRIGGER refunds_kept BEFORE DELETE ON refunds FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('refund: refunds are never deleted');
CREATE TRIGGER payment_attempts_fixed BEFORE UPDATE OF public_id, order_id, method, attempt_no, currency, amount_minor ON payment_attempts FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('attempt: method, currency and amount are fixed');
CREATE TRIGGER orders_fixed BEFORE UPDATE OF public_id, customer_id, checkout_key, created_at ON orders FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('order: whose it is does not change');
CREATE TRIGGER orders_kept BEFORE DELETE ON orders FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('order: orders are never deleted');
CREATE TRIGGER order_lines_fixed BEFORE UPDATE OR DELETE ON order_lines FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('order line: snapshots are fixed');
CREATE TRIGGER order_units_fixed BEFORE UPDATE OR DELETE ON order_units FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('order unit: units are fixed');
CREATE TRIGGER order_events_fixed BEFORE UPDATE OR DELETE ON order_events FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('events are only added');
CREATE TRIGGER key_events_fixed BEFORE UPDATE OR DELETE ON key_events FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('events are only added');
