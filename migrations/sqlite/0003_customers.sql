-- Customers: who they are, what they agreed to, and the proof that a phone number or an e-mail address is theirs.

DROP TRIGGER state_transitions_fixed_insert;
INSERT INTO state_transitions (entity, from_state, to_state) VALUES
    ('confirmation', '', 'live'),
    ('confirmation', 'live', 'consumed'), ('confirmation', 'live', 'expired'), ('confirmation', 'live', 'locked'),
    ('send', '', 'sending'),
    ('send', 'sending', 'accepted'), ('send', 'sending', 'unreachable'), ('send', 'sending', 'failed'), ('send', 'sending', 'unknown'),
    -- Its answer came after it had been given up.
    ('send', 'unknown', 'accepted'),
    ('send', 'accepted', 'undelivered'), ('send', 'accepted', 'delivered'), ('send', 'accepted', 'read'),
    ('send', 'undelivered', 'delivered'), ('send', 'undelivered', 'read'), ('send', 'delivered', 'read');
CREATE TRIGGER state_transitions_fixed_insert BEFORE INSERT ON state_transitions
BEGIN SELECT RAISE(ABORT, 'state_transitions is changed by migrations only'); END;

-- What they call themselves; without it, Telegram's name is used.
ALTER TABLE customers ADD COLUMN given_name TEXT;
-- The confirmed address as it was typed, its domain in ASCII; `email_key` is all of it in small letters, to be compared.
ALTER TABLE customers ADD COLUMN email TEXT;
ALTER TABLE customers ADD COLUMN email_key TEXT CHECK ((email IS NULL) = (email_key IS NULL));
ALTER TABLE customers ADD COLUMN email_confirmed_at INTEGER CHECK ((email IS NULL) = (email_confirmed_at IS NULL));
ALTER TABLE customers ADD COLUMN registered_at INTEGER;
ALTER TABLE customers ADD COLUMN vk_user_id INTEGER;
ALTER TABLE customers ADD COLUMN erased_at INTEGER;

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
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    what TEXT NOT NULL CHECK (what IN ('terms', 'privacy')),
    version TEXT NOT NULL CHECK (length(version) > 0),
    at INTEGER NOT NULL,
    UNIQUE (customer_id, what, version)
) STRICT;

-- Codes and links that prove a phone number or an e-mail address. Only hashes are kept. `target_key` is the target as
-- it is compared; `replaced` is the address that the proof took the place of.
CREATE TABLE confirmations (
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    customer_id INTEGER REFERENCES customers (id), -- NULL: nobody has this target, and nothing is sent
    purpose TEXT NOT NULL CHECK (purpose IN ('phone', 'email', 'recover', 'login')),
    channel TEXT NOT NULL CHECK (channel IN ('phone', 'email')),
    target TEXT NOT NULL,
    target_key TEXT NOT NULL,
    replaced TEXT,
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    token_hash BLOB UNIQUE CHECK (length(token_hash) = 32),
    round INTEGER NOT NULL DEFAULT 1 CHECK (round >= 1),
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
    sent_at INTEGER NOT NULL,
    code_expires_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'consumed', 'expired', 'locked')),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    CHECK (code_expires_at <= expires_at),
    CHECK ((channel = 'email') = (token_hash IS NOT NULL)),
    CHECK (purpose IN ('recover', 'login') OR (customer_id IS NOT NULL AND channel = purpose))
) STRICT;
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
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    confirmation_id INTEGER NOT NULL REFERENCES confirmations (id),
    round INTEGER NOT NULL CHECK (round >= 1),
    sender TEXT NOT NULL,
    reference TEXT, -- the provider's name for it
    reason TEXT,
    state TEXT NOT NULL DEFAULT 'sending' CHECK (state IN
        ('sending', 'accepted', 'unreachable', 'failed', 'unknown', 'undelivered', 'delivered', 'read')),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
-- Only what certainly did not go is tried again by the same sender.
CREATE UNIQUE INDEX confirmation_sends_once ON confirmation_sends (confirmation_id, round, sender) WHERE state <> 'failed';
CREATE UNIQUE INDEX confirmation_sends_reference ON confirmation_sends (sender, reference) WHERE reference IS NOT NULL;
CREATE INDEX confirmation_sends_of ON confirmation_sends (confirmation_id, round);

-- Accounts that carry codes and mails: how they do, and what they have sent on that day (days since 1970, UTC).
CREATE TABLE senders (
    account TEXT NOT NULL PRIMARY KEY,
    paused_until INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    day INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0 CHECK (sent >= 0),
    reason TEXT,
    changed_at INTEGER NOT NULL
) STRICT;

-- Whose turn it is among the senders of a kind.
CREATE TABLE sender_turns (
    kind TEXT NOT NULL PRIMARY KEY CHECK (kind IN ('phone', 'mail')),
    turn INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO sender_turns (kind) VALUES ('phone'), ('mail');

-- How often something was done since `started_at`. The subject (a number, an address) is a keyed hash.
CREATE TABLE throttles (
    name TEXT NOT NULL,
    subject BLOB NOT NULL CHECK (length(subject) = 32),
    count INTEGER NOT NULL CHECK (count >= 0),
    started_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (name, subject)
) STRICT;
CREATE INDEX throttles_ended ON throttles (ends_at);

CREATE TRIGGER confirmations_born BEFORE INSERT ON confirmations
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'confirmation' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'confirmation: not a first state'); END;
CREATE TRIGGER confirmations_transition BEFORE UPDATE OF state ON confirmations
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'confirmation' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'confirmation: no such transition'); END;
CREATE TRIGGER confirmation_sends_born BEFORE INSERT ON confirmation_sends
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'send' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'send: not a first state'); END;
CREATE TRIGGER confirmation_sends_transition BEFORE UPDATE OF state ON confirmation_sends
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'send' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'send: no such transition'); END;

-- Whose a confirmation is and what it proves does not change, and one that has ended is not brought back by a new code.
CREATE TRIGGER confirmations_fixed BEFORE UPDATE OF public_id, customer_id, purpose, channel, created_at ON confirmations
BEGIN SELECT RAISE(ABORT, 'confirmation: what it proves is fixed'); END;
CREATE TRIGGER confirmations_ended BEFORE UPDATE OF code_hash, token_hash, round, tries, code_expires_at, expires_at ON confirmations
WHEN OLD.state <> 'live'
BEGIN SELECT RAISE(ABORT, 'confirmation: it has ended'); END;
CREATE TRIGGER confirmation_sends_fixed BEFORE UPDATE OF public_id, confirmation_id, round, sender, created_at ON confirmation_sends
BEGIN SELECT RAISE(ABORT, 'send: what was carried is fixed'); END;
CREATE TRIGGER consents_fixed BEFORE UPDATE ON consents
BEGIN SELECT RAISE(ABORT, 'consents are only added'); END;
CREATE TRIGGER consents_kept BEFORE DELETE ON consents
BEGIN SELECT RAISE(ABORT, 'consents are only added'); END;
