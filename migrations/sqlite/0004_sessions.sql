-- Who may open the cabinet: sessions, passwords and one-time links. Of what opens something only a hash is kept.

-- `way` is how somebody logged in. `hash` is the SHA-256 of the token that the browser keeps.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    way TEXT NOT NULL CHECK (way IN ('link', 'telegram', 'app', 'widget', 'password', 'phone', 'email')),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    address TEXT CHECK (length(address) <= 43), -- a network: /24, or /56
    agent TEXT CHECK (length(agent) <= 120),
    CHECK (created_at <= last_seen_at),
    CHECK (last_seen_at < expires_at)
) STRICT;
CREATE INDEX sessions_of_customer ON sessions (customer_id, id);
CREATE INDEX sessions_over ON sessions (expires_at);

-- `phc` is the password's hash with its salt and parameters, in the PHC string format.
CREATE TABLE passwords (
    customer_id INTEGER NOT NULL PRIMARY KEY REFERENCES customers (id),
    phc TEXT NOT NULL CHECK (phc LIKE '$argon2id$v=19$%'),
    changed_at INTEGER NOT NULL
) STRICT;

-- A link that logs its customer in once.
CREATE TABLE login_links (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX login_links_of_customer ON login_links (customer_id) WHERE used_at IS NULL;
CREATE INDEX login_links_over ON login_links (expires_at);

CREATE TRIGGER sessions_fixed BEFORE UPDATE OF public_id, hash, customer_id, way, created_at ON sessions
BEGIN SELECT RAISE(ABORT, 'session: whose it is and how it began do not change'); END;
CREATE TRIGGER sessions_ended BEFORE UPDATE OF last_seen_at, expires_at, ended_at ON sessions
WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'session: it has ended'); END;
-- What is known of the device can be forgotten, and nothing else put in its place.
CREATE TRIGGER sessions_device BEFORE UPDATE OF address, agent ON sessions
WHEN NEW.address IS NOT NULL OR NEW.agent IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'session: the device is only forgotten'); END;
CREATE TRIGGER login_links_fixed BEFORE UPDATE OF hash, customer_id, created_at ON login_links
BEGIN SELECT RAISE(ABORT, 'login link: whose it is does not change'); END;
CREATE TRIGGER login_links_used BEFORE UPDATE OF expires_at, used_at ON login_links
WHEN OLD.used_at IS NOT NULL OR NEW.expires_at > OLD.expires_at
BEGIN SELECT RAISE(ABORT, 'login link: it is used once and lives no longer'); END;

-- Who is erased has paid nevertheless: their payments stay, under a name that is nobody's. Telegram's ids are positive.
DROP TRIGGER payments_fixed;
CREATE TRIGGER payments_fixed BEFORE UPDATE OF
    provider, charge_id, disposition, order_id, attempt_id, currency, amount_minor, received_at ON payments
BEGIN SELECT RAISE(ABORT, 'payment: facts are fixed'); END;
CREATE TRIGGER payments_payer BEFORE UPDATE OF payer_telegram_id ON payments
WHEN OLD.payer_telegram_id IS NULL OR OLD.payer_telegram_id < 0 OR NEW.payer_telegram_id IS NULL OR NEW.payer_telegram_id >= 0
BEGIN SELECT RAISE(ABORT, 'payment: facts are fixed, and a payer is only forgotten'); END;
-- Money that no order of ours asked for is found by who sent it.
CREATE INDEX payments_of_nobody ON payments (payer_telegram_id) WHERE order_id IS NULL;
