-- Who may open the cabinet: sessions, passwords and one-time links. Of what opens something only a hash is kept.

-- `way` is how somebody logged in. `hash` is the SHA-256 of the token that the browser keeps.
CREATE TABLE sessions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    hash BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    way TEXT NOT NULL CHECK (way IN ('link', 'telegram', 'app', 'widget', 'password', 'phone', 'email')),
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    address TEXT CHECK (length(address) <= 43), -- a network: /24, or /56
    agent TEXT CHECK (length(agent) <= 120),
    CHECK (created_at <= last_seen_at),
    CHECK (last_seen_at < expires_at)
);
CREATE INDEX sessions_of_customer ON sessions (customer_id, id);
CREATE INDEX sessions_over ON sessions (expires_at);

-- `phc` is the password's hash with its salt and parameters, in the PHC string format.
CREATE TABLE passwords (
    customer_id BIGINT NOT NULL PRIMARY KEY REFERENCES customers (id),
    phc TEXT NOT NULL CHECK (phc LIKE '$argon2id$v=19$%'),
    changed_at BIGINT NOT NULL
);

-- A link that logs its customer in once.
CREATE TABLE login_links (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX login_links_of_customer ON login_links (customer_id) WHERE used_at IS NULL;
CREATE INDEX login_links_over ON login_links (expires_at);

CREATE TRIGGER sessions_fixed BEFORE UPDATE OF public_id, hash, customer_id, way, created_at ON sessions FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('session: whose it is and how it began do not change');
CREATE TRIGGER sessions_ended BEFORE UPDATE OF last_seen_at, expires_at, ended_at ON sessions FOR EACH ROW
    WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION kiosk_refuse('session: it has ended');
-- What is known of the device can be forgotten, and nothing else put in its place.
CREATE TRIGGER sessions_device BEFORE UPDATE OF address, agent ON sessions FOR EACH ROW
    WHEN (NEW.address IS NOT NULL OR NEW.agent IS NOT NULL)
    EXECUTE FUNCTION kiosk_refuse('session: the device is only forgotten');
CREATE TRIGGER login_links_fixed BEFORE UPDATE OF hash, customer_id, created_at ON login_links FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('login link: whose it is does not change');
CREATE TRIGGER login_links_used BEFORE UPDATE OF expires_at, used_at ON login_links FOR EACH ROW
    WHEN (OLD.used_at IS NOT NULL OR NEW.expires_at > OLD.expires_at)
    EXECUTE FUNCTION kiosk_refuse('login link: it is used once and lives no longer');

-- Who is erased has paid nevertheless: their payments stay, under a name that is nobody's. Telegram's ids are positive.
DROP TRIGGER payments_fixed ON payments;
CREATE TRIGGER payments_fixed BEFORE UPDATE OF
    provider, charge_id, disposition, order_id, attempt_id, currency, amount_minor, received_at ON payments
    FOR EACH ROW EXECUTE FUNCTION kiosk_refuse('payment: facts are fixed');
CREATE TRIGGER payments_payer BEFORE UPDATE OF payer_telegram_id ON payments FOR EACH ROW
    WHEN (OLD.payer_telegram_id IS NULL OR OLD.payer_telegram_id < 0 OR NEW.payer_telegram_id IS NULL OR NEW.payer_telegram_id >= 0)
    EXECUTE FUNCTION kiosk_refuse('payment: facts are fixed, and a payer is only forgotten');
-- Money that no order of ours asked for is found by who sent it.
CREATE INDEX payments_of_nobody ON payments (payer_telegram_id) WHERE order_id IS NULL;
