-- Downloads: files that products deliver, and who may fetch them how often and until when.

DROP TRIGGER state_transitions_fixed_insert;
INSERT INTO state_transitions (entity, from_state, to_state) VALUES
    ('download', '', 'promised'),
    ('download', 'promised', 'granted'), ('download', 'granted', 'revoked');
CREATE TRIGGER state_transitions_fixed_insert BEFORE INSERT ON state_transitions
BEGIN SELECT RAISE(ABORT, 'state_transitions is changed by migrations only'); END;

-- What products deliver. The bytes are in the shop's folder for files, under the name of `public_id`.
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    digest BLOB NOT NULL CHECK (length(digest) = 32), -- SHA-256 of the bytes
    size INTEGER NOT NULL CHECK (size > 0), -- bytes
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200), -- as customers save it
    created_at INTEGER NOT NULL
) STRICT;

-- What customers of a product get now, and how often and how many days each of their pieces may be fetched.
ALTER TABLE products ADD COLUMN file_id INTEGER REFERENCES files (id) CHECK (file_id IS NULL OR kind = 'download');
ALTER TABLE products ADD COLUMN max_downloads INTEGER CHECK (max_downloads >= 1);
ALTER TABLE products ADD COLUMN download_days INTEGER CHECK (download_days >= 1);
CREATE INDEX products_of_file ON products (file_id) WHERE file_id IS NOT NULL;

-- One row is one unit's right to fetch its product's file. What it allows is fixed when it is ordered.
CREATE TABLE downloads (
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    unit_id INTEGER NOT NULL UNIQUE REFERENCES order_units (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    state TEXT NOT NULL DEFAULT 'promised' CHECK (state IN ('promised', 'granted', 'revoked')),
    most INTEGER NOT NULL CHECK (most >= 1), -- so often may it be started
    days INTEGER CHECK (days >= 1), -- so long once it is granted; NULL: for ever
    started INTEGER NOT NULL DEFAULT 0,
    granted_at INTEGER,
    expires_at INTEGER,
    link_version INTEGER NOT NULL DEFAULT 1, -- a new version takes every link back
    changed_at INTEGER NOT NULL,
    CHECK (started BETWEEN 0 AND most),
    CHECK ((state = 'promised') = (granted_at IS NULL)),
    CHECK (started = 0 OR state <> 'promised'),
    CHECK ((expires_at IS NULL) = (granted_at IS NULL OR days IS NULL))
) STRICT;

-- A download that was started: within its time the same bytes can be fetched in as many pieces as it takes.
CREATE TABLE download_starts (
    id INTEGER PRIMARY KEY,
    public_id BLOB NOT NULL UNIQUE CHECK (length(public_id) = 16),
    download_id INTEGER NOT NULL REFERENCES downloads (id),
    file_id INTEGER NOT NULL REFERENCES files (id),
    started_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK (started_at < expires_at)
) STRICT;
CREATE INDEX download_starts_of_download ON download_starts (download_id, id);
CREATE INDEX download_starts_of_file ON download_starts (file_id);
CREATE INDEX download_starts_over ON download_starts (expires_at);

CREATE TRIGGER downloads_born BEFORE INSERT ON downloads
WHEN NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'download' AND from_state = '' AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'download: not a first state'); END;
CREATE TRIGGER downloads_transition BEFORE UPDATE OF state ON downloads
WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM state_transitions WHERE entity = 'download' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'download: no such transition'); END;
CREATE TRIGGER downloads_right_product BEFORE INSERT ON downloads
WHEN NEW.product_id <> (SELECT product_id FROM order_units WHERE id = NEW.unit_id)
BEGIN SELECT RAISE(ABORT, 'download: the unit is of another product'); END;
CREATE TRIGGER downloads_fixed BEFORE UPDATE OF public_id, unit_id, product_id, days ON downloads
BEGIN SELECT RAISE(ABORT, 'download: whose it is and what it allows are fixed'); END;
CREATE TRIGGER downloads_granted BEFORE UPDATE OF granted_at, expires_at ON downloads
WHEN OLD.granted_at IS NOT NULL AND (NEW.granted_at IS NOT OLD.granted_at OR NEW.expires_at < OLD.expires_at)
BEGIN SELECT RAISE(ABORT, 'download: it is granted once, and for no less time'); END;
-- More may be given, and none be taken away or given back.
CREATE TRIGGER downloads_counted BEFORE UPDATE OF most, started ON downloads
WHEN NEW.most < OLD.most OR NEW.started < OLD.started
BEGIN SELECT RAISE(ABORT, 'download: what was started is not unsaid'); END;
CREATE TRIGGER downloads_kept BEFORE DELETE ON downloads
BEGIN SELECT RAISE(ABORT, 'download: downloads are never deleted'); END;
CREATE TRIGGER files_fixed BEFORE UPDATE ON files
BEGIN SELECT RAISE(ABORT, 'file: its bytes are fixed'); END;
CREATE TRIGGER download_starts_fixed BEFORE UPDATE ON download_starts
BEGIN SELECT RAISE(ABORT, 'download start: what it opens is fixed'); END;
CREATE TRIGGER products_kind BEFORE UPDATE OF kind ON products
WHEN NEW.kind <> OLD.kind AND EXISTS (SELECT 1 FROM order_units u WHERE u.product_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'product: it was ordered as another kind'); END;

-- Fulfilled means that every unit has its sold key or its granted download.
DROP TRIGGER orders_fulfilled;
CREATE TRIGGER orders_fulfilled BEFORE UPDATE OF state ON orders
WHEN NEW.state = 'fulfilled' AND OLD.state <> 'fulfilled' AND EXISTS (
    SELECT 1 FROM order_units u
    WHERE u.order_id = NEW.id
        AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.unit_id = u.id AND k.state = 'sold')
        AND NOT EXISTS (SELECT 1 FROM downloads d WHERE d.unit_id = u.id AND d.state = 'granted')
)
BEGIN SELECT RAISE(ABORT, 'order: a unit has neither a sold key nor a granted download'); END;
-- A unit has one or the other.
CREATE TRIGGER keys_or_download BEFORE UPDATE OF unit_id ON keys
WHEN NEW.unit_id IS NOT NULL AND EXISTS (SELECT 1 FROM downloads d WHERE d.unit_id = NEW.unit_id)
BEGIN SELECT RAISE(ABORT, 'key: the unit has a download'); END;
