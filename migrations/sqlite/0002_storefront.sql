-- The storefront: categories, families, photos, carts, staff, alerts and the order page.

DROP TRIGGER state_transitions_fixed_insert;
-- What is dead and wanted by nobody can be dropped.
INSERT INTO state_transitions (entity, from_state, to_state) VALUES
    ('inbox', 'dead', 'done'),
    ('outbox', 'dead', 'cancelled');
CREATE TRIGGER state_transitions_fixed_insert BEFORE INSERT ON state_transitions
BEGIN SELECT RAISE(ABORT, 'state_transitions is changed by migrations only'); END;

-- A picture is kept once, however many products show it.
CREATE TABLE photos (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of `bytes`
    bytes BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Telegram's name for a photo that a bot has uploaded.
CREATE TABLE photo_files (
    photo_id INTEGER NOT NULL REFERENCES photos (id),
    bot TEXT NOT NULL,
    file_id TEXT NOT NULL,
    PRIMARY KEY (photo_id, bot)
) STRICT;

CREATE TABLE categories (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    parent_id INTEGER REFERENCES categories (id) CHECK (parent_id <> id),
    title TEXT NOT NULL,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX categories_shown ON categories (parent_id, position, id);

-- The products of a family share one card.
CREATE TABLE families (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    photo_id INTEGER REFERENCES photos (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

ALTER TABLE products ADD COLUMN category_id INTEGER REFERENCES categories (id);
ALTER TABLE products ADD COLUMN family_id INTEGER REFERENCES families (id);
ALTER TABLE products ADD COLUMN photo_id INTEGER REFERENCES photos (id);
ALTER TABLE products ADD COLUMN max_per_customer INTEGER CHECK (max_per_customer >= 1);
-- Titles and descriptions in small letters: what a search looks in.
ALTER TABLE products ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE products SET search = lower(title || ' ' || description);
CREATE INDEX products_of_category ON products (category_id, position, id) WHERE state = 'active';
CREATE INDEX products_of_family ON products (family_id, position, id) WHERE state = 'active';

-- The confirmed phone number, with its `+`.
ALTER TABLE customers ADD COLUMN phone TEXT;
ALTER TABLE customers ADD COLUMN phone_confirmed_at INTEGER;

-- `version` counts changes: a button that was drawn for another cart is known by it.
CREATE TABLE carts (
    customer_id INTEGER NOT NULL PRIMARY KEY REFERENCES customers (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    changed_at INTEGER NOT NULL
) STRICT;

-- `prices` are those that the customer has seen.
CREATE TABLE cart_lines (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES carts (customer_id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    prices TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    UNIQUE (customer_id, product_id)
) STRICT;

CREATE INDEX orders_open_of_customer ON orders (customer_id) WHERE state = 'open';
-- A new version takes every link to the order's page back.
ALTER TABLE orders ADD COLUMN link_version INTEGER NOT NULL DEFAULT 1;

-- The bank's name for card money, where `charge_id` is Telegram's.
ALTER TABLE payments ADD COLUMN provider_charge_id TEXT;
CREATE INDEX payments_received ON payments (received_at);

-- Staff are customers with a role, also before they first write.
CREATE TABLE staff (
    telegram_id INTEGER NOT NULL PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'support')),
    added_at INTEGER NOT NULL
) STRICT;

-- A link that makes whoever opens it first staff. Only its hash is kept.
CREATE TABLE staff_invites (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'support')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    used_by INTEGER
) STRICT;

-- News for staff, gathered into letters. `batch` names the letter.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL, -- JSON
    batch BLOB CHECK (length(batch) = 16),
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX alerts_waiting ON alerts (kind, subject) WHERE batch IS NULL;
CREATE INDEX alerts_of_batch ON alerts (batch, id) WHERE batch IS NOT NULL;

ALTER TABLE attention ADD COLUMN resolved_by TEXT;
