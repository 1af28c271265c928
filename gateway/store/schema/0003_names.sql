-- What was asked of the name server. Totals by day say nothing of anybody.
CREATE TABLE dns_answered (
    day    TEXT    NOT NULL CHECK (length(day) = 10),
    zone   TEXT    NOT NULL CHECK (length(zone) <= 64),
    action TEXT    NOT NULL CHECK (length(action) <= 32),
    reason TEXT    NOT NULL CHECK (length(reason) <= 32),
    count  INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (day, zone, action, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE dns_listed (
    day   TEXT    NOT NULL CHECK (length(day) = 10),
    zone  TEXT    NOT NULL CHECK (length(zone) <= 64),
    list  TEXT    NOT NULL CHECK (length(list) <= 64),
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (day, zone, list)
) STRICT, WITHOUT ROWID;

-- How long answers took: within so many milliseconds and not within the next smaller bound; 0: longer than any.
CREATE TABLE dns_latency (
    day       TEXT    NOT NULL CHECK (length(day) = 10),
    within_ms INTEGER NOT NULL CHECK (within_ms >= 0),
    count     INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (day, within_ms)
) STRICT, WITHOUT ROWID;

-- The query log: as fine as the site's `dns.log.detail` lets it be, and for `dns.log.days`.
-- source: a device, empty when only the zone may be named. Empty name: the "others" row.
CREATE TABLE dns_name (
    day        TEXT    NOT NULL CHECK (length(day) = 10),
    zone       TEXT    NOT NULL CHECK (length(zone) <= 64),
    source     TEXT    NOT NULL CHECK (length(source) <= 64),
    name       TEXT    NOT NULL CHECK (length(name) <= 255),
    action     TEXT    NOT NULL CHECK (length(action) <= 32),
    reason     TEXT    NOT NULL CHECK (length(reason) <= 32),
    list       TEXT    NOT NULL CHECK (length(list) <= 64),
    rule       TEXT    NOT NULL CHECK (length(rule) <= 255),
    count      INTEGER NOT NULL CHECK (count > 0),
    first_seen REAL    NOT NULL,
    last_seen  REAL    NOT NULL,
    PRIMARY KEY (day, zone, source, name, action, reason, list)
) STRICT, WITHOUT ROWID;

CREATE TABLE dns_client (
    day    TEXT    NOT NULL CHECK (length(day) = 10),
    zone   TEXT    NOT NULL CHECK (length(zone) <= 64),
    source TEXT    NOT NULL CHECK (length(source) <= 64),
    count  INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (day, zone, source)
) STRICT, WITHOUT ROWID;
