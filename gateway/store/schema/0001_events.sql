-- What was stopped, folded: a camera that knocks a million times is one row that grows.
-- day: the clinic's own calendar day, YYYY-MM-DD. Empty source, destination, service and rule: the "others" row.
CREATE TABLE blocked (
    day         TEXT    NOT NULL CHECK (length(day) = 10),
    kind        TEXT    NOT NULL,
    zone        TEXT    NOT NULL CHECK (length(zone) <= 64),
    source      TEXT    NOT NULL CHECK (length(source) <= 64),
    destination TEXT    NOT NULL CHECK (length(destination) <= 255),
    target      TEXT    NOT NULL CHECK (length(target) <= 64),
    service     TEXT    NOT NULL CHECK (length(service) <= 64),
    rule        TEXT    NOT NULL CHECK (length(rule) <= 128),
    count       INTEGER NOT NULL CHECK (count > 0),
    first_seen  REAL    NOT NULL,
    last_seen   REAL    NOT NULL,
    PRIMARY KEY (day, kind, zone, source, destination, target, service, rule)
) STRICT, WITHOUT ROWID;

-- How much in each quarter hour since 1970 (UTC), for the picture.
CREATE TABLE trend (
    slot  INTEGER NOT NULL,
    kind  TEXT    NOT NULL,
    zone  TEXT    NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (slot, kind, zone)
) STRICT, WITHOUT ROWID;

-- Rare events, one row each; the oldest go first when there are too many.
CREATE TABLE happening (
    id      INTEGER PRIMARY KEY,
    at      REAL NOT NULL,
    kind    TEXT NOT NULL,
    harm    TEXT NOT NULL CHECK (harm IN ('availability', 'data', 'compliance')),
    subject TEXT NOT NULL CHECK (length(subject) <= 255),
    actor   TEXT NOT NULL CHECK (length(actor) <= 255),
    detail  TEXT NOT NULL CHECK (length(detail) <= 255)
) STRICT;
CREATE INDEX happening_by_time ON happening (at);

-- What could not be seen or kept.
CREATE TABLE loss (
    day       TEXT    NOT NULL CHECK (length(day) = 10),
    cause     TEXT    NOT NULL,
    count     INTEGER NOT NULL CHECK (count > 0),
    last_seen REAL    NOT NULL,
    PRIMARY KEY (day, cause)
) STRICT, WITHOUT ROWID;

-- The kernel's own count of refused packets: exact, because only its log is rate limited.
CREATE TABLE kernel_count (
    day     TEXT    NOT NULL CHECK (length(day) = 10),
    counter TEXT    NOT NULL CHECK (length(counter) <= 128),
    packets INTEGER NOT NULL CHECK (packets >= 0),
    PRIMARY KEY (day, counter)
) STRICT, WITHOUT ROWID;

-- The last reading of each kernel counter, to turn a running total into a day's share.
CREATE TABLE kernel_reading (
    counter TEXT    PRIMARY KEY CHECK (length(counter) <= 128),
    packets INTEGER NOT NULL CHECK (packets >= 0)
) STRICT, WITHOUT ROWID;

-- What people call zones, devices and block lists, so that the page has words while the enforcer is away.
CREATE TABLE label (
    type  TEXT NOT NULL CHECK (type IN ('zone', 'device', 'list')),
    id    TEXT NOT NULL CHECK (length(id) <= 64),
    label TEXT NOT NULL CHECK (length(label) <= 255),
    role  TEXT NOT NULL CHECK (length(role) <= 64),
    zone  TEXT NOT NULL CHECK (length(zone) <= 64),
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;

-- Single facts: the clinic's name, languages and time zone, the watcher's heartbeat, the last generation seen.
CREATE TABLE fact (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (length(value) <= 1000)
) STRICT, WITHOUT ROWID;
