-- Customers: who they are, what they agreed to, and the proof that a phone number or an e-mail address is theirs.

ALTER TABLE state_transitions DISABLE TRIGGER state_transitions_fixed;
INSERT INTO state_transitions (entity, from_state, to_state) VALUES
    ('confirmation', '', 'live'),
    ('confirmation', 'live', 'consumed'), ('confirmation', 'live', 'expired'), ('confirmation', 'live', 'locked'),
    ('send', '', 'sending'),
    ('send', 'sending', 'accepted'), ('send', 'sending', 'unreachable'), ('send', 'sending', 'failed'), ('send', 'sending', 'unknown'),
    -- Its answer came after it had been given up.
    ('send', 'unknown', 'accepted'),
    ('send', 'accepted', 'undelivered'), ('send', 'accepted', 'delivered'), ('send', 'accepted', 'read'),
    ('send', 'undelivered', 'delivered'), ('send', 'undelivered', 'read'), ('send', 'delivered', 'read');
ALTER TABLE state_transitions ENABLE TRIGGER state_transitions_fixed;

-- What they call themselves; without it, Telegram's name is used.
ALTER TABLE customers ADD COLUMN given_name TEXT;
-- The confirmed address as it was typed, its domain in ASCII; `email_key` is all of it in small letters, to be compared.
ALTER TABLE customers ADD COLUMN email TEXT;
ALTER TABLE customers ADD COLUMN email_key TEXT CHECK ((email IS NULL) = (email_key IS NULL));
ALTER TABLE customers ADD COLUMN email_confirmed_at BIGINT CHECK ((email IS NULL) = (email_confirmed_at IS NULL));
ALTER TABLE customers ADD COLUMN registered_at BIGINT;
ALTER TABLE customers ADD COLUMN vk_user_id BIGINT;
ALTER TABLE customers ADD COLUMN erased_at BIGINT;

-- A phone number is one customer's: the latest confirmation counts.
UPDATE customers SET phone = NULL, phone_confirmed_at = NULL
WHERE phone IS NOT NULL AND EXISTS (
    SELECT 1 FROM customers later
    WHERE later.phone = customers.phone AND later.id <> customers.id
        AND (COALESCE(later.phone_confirmed_at, 0) > COALESCE(customers.phone_confirmed_at, 0)
            OR (COALESCE(later.phone_confirmed_at, 0) = COALESCE(customers.phone_confirmed_at, 0) AND later.id > customers.id))
);
CREATE UNIQUE INDEX customers_phone ON customers (phone) WHERE phone IS NOT NULL;
CREATE UNIQUE INDEX customers_email ON customers (email_key) WHERE email_key IS NOT NULL;
CREATE UNIQUE INDEX customers_vk_user ON customers (vk_user_id) WHERE vk_user_id IS NOT NULL;

-- What a customer agreed to, and when.
CREATE TABLE consents (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    what TEXT NOT NULL CHECK (what IN ('terms', 'privacy')),
    version TEXT NOT NULL CHECK (length(version) > 0),
    at BIGINT NOT NULL,
    UNIQUE (customer_id, what, version)
);

-- Codes and links that prove a phone number or an e-mail address. Only hashes are kept. `target_key` is the target as
-- it is compared; `replaced` is the address that the proof took the place of.
CREATE TABLE confirmations (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    customer_id BIGINT REFERENCES customers (id), -- NULL: nobody has this target, and nothing is sent
    purpose TEXT NOT NULL CHECK (purpose IN ('phone', 'email', 'recover', 'login')),
    channel TEXT NOT NULL CHECK (channel IN ('phone', 'email')),
    target TEXT NOT NULL,
    target_key TEXT NOT NULL,
    replaced TEXT,
    code_hash BYTEA NOT NULL CHECK (length(code_hash) = 32),
    token_hash BYTEA UNIQUE CHECK (length(token_hash) = 32),
    round BIGINT NOT NULL DEFAULT 1 CHECK (round >= 1),
    tries BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
    uses BIGINT NOT NULL DEFAULT 0 CHECK (uses >= 0),
    sent_at BIGINT NOT NULL,
    code_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'consumed', 'expired', 'locked')),
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    CHECK (code_expires_at <= expires_at),
    CHECK ((channel = 'email') = (token_hash IS NOT NULL)),
    CHECK (purpose IN ('recover', 'login') OR (customer_id IS NOT NULL AND channel = purpose))
);
-- One at a time: of a customer for each thing to prove, of a target for each way in.
CREATE UNIQUE INDEX confirmations_of_customer ON confirmations (customer_id, purpose)
    WHERE state = 'live' AND purpose IN ('phone', 'email');
CREATE UNIQUE INDEX confirmations_of_target ON confirmations (target_key, purpose)
    WHERE state = 'live' AND purpose IN ('recover', 'login');
CREATE INDEX confirmations_due ON confirmations (expires_at) WHERE state = 'live';
CREATE INDEX confirmations_by_customer ON confirmations (customer_id, id);
-- Numbers and addresses of what is long over are forgotten.
CREATE INDEX confirmations_remembered ON confirmations (changed_at) WHERE state <> 'live' AND target <> '';

-- Which sender carried which code, and how far it got.
CREATE TABLE confirmation_sends (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    confirmation_id BIGINT NOT NULL REFERENCES confirmations (id),
    round BIGINT NOT NULL CHECK (round >= 1),
    sender TEXT NOT NULL,
    reference TEXT, -- the provider's name for it
    reason TEXT,
    state TEXT NOT NULL DEFAULT 'sending' CHECK (state IN
        ('sending', 'accepted', 'unreachable', 'failed', 'unknown', 'undelivered', 'delivered', 'read')),
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
-- Only what certainly did not go is tried again by the same sender.
CREATE UNIQUE INDEX confirmation_sends_once ON confirmation_sends (confirmation_id, round, sender) WHERE state <> 'failed';
CREATE UNIQUE INDEX confirmation_sends_reference ON confirmation_sends (sender, reference) WHERE reference IS NOT NULL;
CREATE INDEX confirmation_sends_of ON confirmation_sends (confirmation_id, round);

-- Accounts that carry codes and mails: how they do, and what they have sent on that day (days since 1970, UTC).
CREATE TABLE senders (
    account TEXT NOT NULL PRIMARY KEY,
    paused_until BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0 CHECK (failures >= 0),
    day BIGINT NOT NULL DEFAULT 0,
    sent BIGINT NOT NULL DEFAULT 0 CHECK (sent >= 0),
    reason TEXT,
    changed_at BIGINT NOT NULL
);

-- Whose turn it is among the senders of a kind.
CREATE TABLE sender_turns (
    kind TEXT NOT NULL PRIMARY KEY CHECK (kind IN ('phone', 'mail')),
    turn BIGINT NOT NULL DEFAULT 0
);
INSERT INTO sender_turns (kind) VALUES ('phone'), ('mail');

-- How often something was done since `started_at`. The subject (a number, an address) is a keyed hash.
CREATE TABLE throttles (
    name TEXT NOT NULL,
    subject BYTEA NOT NULL CHECK (length(subject) = 32),
    count BIGINT NOT NULL CHECK (count >= 0),
    started_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (name, subject)
);
CREATE INDEX throttles_ended ON throttles (ends_at);

CREATE TRIGGER confirmations_born BEFORE INSERT ON confirmations FOR EACH ROW EXECUTE FUNCTION kiosk_born('confirmation');
CREATE TRIGGER confirmations_transition BEFORE UPDATE OF state ON confirmations FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('confirmation');
CREATE TRIGGER confirmation_sends_born BEFORE INSERT ON confirmation_sends FOR EACH ROW EXECUTE FUNCTION kiosk_born('send');
CREATE TRIGGER confirmation_sends_transition BEFORE UPDATE OF state ON confirmation_sends FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('send');

-- Whose a confirmation is and what it proves does not change, and one that has ended is not brought back by a new code.
CREATE TRIGGER confirmations_fixed BEFORE UPDATE OF public_id, customer_id, purpose, channel, created_at ON confirmations
    FOR EACH ROW EXECUTE FUNCTION kiosk_refuse('confirmation: what it proves is fixed');
CREATE TRIGGER confirmations_ended BEFORE UPDATE OF code_hash, token_hash, round, tries, code_expires_at, expires_at ON confirmations
    FOR EACH ROW WHEN (OLD.state <> 'live') EXECUTE FUNCTION kiosk_refuse('confirmation: it has ended');
CREATE TRIGGER confirmation_sends_fixed BEFORE UPDATE OF public_id, confirmation_id, round, sender, created_at ON confirmation_sends
    FOR EACH ROW EXECUTE FUNCTION kiosk_refuse('send: what was carried is fixed');
CREATE TRIGGER consents_fixed BEFORE UPDATE OR DELETE ON consents
    FOR EACH ROW EXECUTE FUNCTION kiosk_refuse('consents are only added');
