-- Downloads: files that products deliver, and who may fetch them how often and until when.

ALTER TABLE state_transitions DISABLE TRIGGER state_transitions_fixed;
INSERT INTO state_transitions (entity, from_state, to_state) VALUES
    ('download', '', 'promised'),
    ('download', 'promised', 'granted'), ('download', 'granted', 'revoked');
ALTER TABLE state_transitions ENABLE TRIGGER state_transitions_fixed;

-- What products deliver. The bytes are in the shop's folder for files, under the name of `public_id`.
CREATE TABLE files (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    digest BYTEA NOT NULL CHECK (length(digest) = 32), -- SHA-256 of the bytes
    size BIGINT NOT NULL CHECK (size > 0), -- bytes
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200), -- as customers save it
    created_at BIGINT NOT NULL
);

-- What customers of a product get now, and how often and how many days each of their pieces may be fetched.
ALTER TABLE products ADD COLUMN file_id BIGINT REFERENCES files (id) CHECK (file_id IS NULL OR kind = 'download');
ALTER TABLE products ADD COLUMN max_downloads BIGINT CHECK (max_downloads >= 1);
ALTER TABLE products ADD COLUMN download_days BIGINT CHECK (download_days >= 1);
CREATE INDEX products_of_file ON products (file_id) WHERE file_id IS NOT NULL;

-- One row is one unit's right to fetch its product's file. What it allows is fixed when it is ordered.
CREATE TABLE downloads (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    unit_id BIGINT NOT NULL UNIQUE REFERENCES order_units (id),
    product_id BIGINT NOT NULL REFERENCES products (id),
    state TEXT NOT NULL DEFAULT 'promised' CHECK (state IN ('promised', 'granted', 'revoked')),
    most BIGINT NOT NULL CHECK (most >= 1), -- so often may it be started
    days BIGINT CHECK (days >= 1), -- so long once it is granted; NULL: for ever
    started BIGINT NOT NULL DEFAULT 0,
    granted_at BIGINT,
    expires_at BIGINT,
    link_version BIGINT NOT NULL DEFAULT 1, -- a new version takes every link back
    changed_at BIGINT NOT NULL,
    CHECK (started BETWEEN 0 AND most),
    CHECK ((state = 'promised') = (granted_at IS NULL)),
    CHECK (started = 0 OR state <> 'promised'),
    CHECK ((expires_at IS NULL) = (granted_at IS NULL OR days IS NULL))
);

-- A download that was started: within its time the same bytes can be fetched in as many pieces as it takes.
CREATE TABLE download_starts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id BYTEA NOT NULL UNIQUE CHECK (length(public_id) = 16),
    download_id BIGINT NOT NULL REFERENCES downloads (id),
    file_id BIGINT NOT NULL REFERENCES files (id),
    started_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK (started_at < expires_at)
);
CREATE INDEX download_starts_of_download ON download_starts (download_id, id);
CREATE INDEX download_starts_of_file ON download_starts (file_id);
CREATE INDEX download_starts_over ON download_starts (expires_at);

CREATE TRIGGER downloads_born BEFORE INSERT ON downloads FOR EACH ROW EXECUTE FUNCTION kiosk_born('download');
CREATE TRIGGER downloads_transition BEFORE UPDATE OF state ON downloads FOR EACH ROW
    WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION kiosk_transition('download');
CREATE FUNCTION kiosk_right_download() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.product_id <> (SELECT product_id FROM order_units WHERE id = NEW.unit_id) THEN
        RAISE EXCEPTION 'download: the unit is of another product';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER downloads_right_product BEFORE INSERT ON downloads FOR EACH ROW EXECUTE FUNCTION kiosk_right_download();
CREATE TRIGGER downloads_fixed BEFORE UPDATE OF public_id, unit_id, product_id, days ON downloads FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('download: whose it is and what it allows are fixed');
CREATE TRIGGER downloads_granted BEFORE UPDATE OF granted_at, expires_at ON downloads FOR EACH ROW
    WHEN (OLD.granted_at IS NOT NULL AND (NEW.granted_at IS DISTINCT FROM OLD.granted_at OR NEW.expires_at < OLD.expires_at))
    EXECUTE FUNCTION kiosk_refuse('download: it is granted once, and for no less time');
-- More may be given, and none be taken away or given back.
CREATE TRIGGER downloads_counted BEFORE UPDATE OF most, started ON downloads FOR EACH ROW
    WHEN (NEW.most < OLD.most OR NEW.started < OLD.started)
    EXECUTE FUNCTION kiosk_refuse('download: what was started is not unsaid');
CREATE TRIGGER downloads_kept BEFORE DELETE ON downloads FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('download: downloads are never deleted');
CREATE TRIGGER files_fixed BEFORE UPDATE ON files FOR EACH ROW
    EXECUTE FUNCTION kiosk_refuse('file: its bytes are fixed');
CREATE TRIGGER download_starts_fixed BEFORE UPDATE ON download_starts
    FOR EACH ROW EXECUTE FUNCTION kiosk_refuse('download start: what it opens is fixed');
CREATE FUNCTION kiosk_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM order_units u WHERE u.product_id = OLD.id) THEN
        RAISE EXCEPTION 'product: it was ordered as another kind';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER products_kind BEFORE UPDATE OF kind ON products FOR EACH ROW
    WHEN (NEW.kind <> OLD.kind) EXECUTE FUNCTION kiosk_kind();

-- Fulfilled means that every unit has its sold key or its granted download.
CREATE OR REPLACE FUNCTION kiosk_fulfilled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM order_units u
        WHERE u.order_id = NEW.id
            AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.unit_id = u.id AND k.state = 'sold')
            AND NOT EXISTS (SELECT 1 FROM downloads d WHERE d.unit_id = u.id AND d.state = 'granted')
    ) THEN
        RAISE EXCEPTION 'order: a unit has neither a sold key nor a granted download';
    END IF;
    RETURN NEW;
END $$;
-- A unit has one or the other.
CREATE OR REPLACE FUNCTION kiosk_right_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.product_id <> (SELECT product_id FROM order_units WHERE id = NEW.unit_id) THEN
        RAISE EXCEPTION 'key: the unit is of another product';
    END IF;
    IF EXISTS (SELECT 1 FROM downloads d WHERE d.unit_id = NEW.unit_id) THEN
        RAISE EXCEPTION 'key: the unit has a download';
    END IF;
    RETURN NEW;
END $$;
