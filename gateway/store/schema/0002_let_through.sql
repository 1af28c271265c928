-- What the rules let through: connections begun, by rule and day. Nothing of who, where to or what is kept.
-- Empty rule: what is beyond the day's bound.
CREATE TABLE let_through (
    day         TEXT    NOT NULL CHECK (length(day) = 10),
    rule        TEXT    NOT NULL CHECK (length(rule) <= 64),
    connections INTEGER NOT NULL CHECK (connections > 0),
    PRIMARY KEY (day, rule)
) STRICT, WITHOUT ROWID;

-- The last reading of each of those counters, to turn a running total into a day's share.
CREATE TABLE let_through_reading (
    rule        TEXT    PRIMARY KEY CHECK (length(rule) <= 64),
    connections INTEGER NOT NULL CHECK (connections >= 0)
) STRICT, WITHOUT ROWID;

-- Labels also tell what a rule is for: `role` is its purpose, `label` the words of the site, if it has any.
CREATE TABLE label_with_rules (
    type  TEXT NOT NULL CHECK (type IN ('zone', 'device', 'list', 'rule')),
    id    TEXT NOT NULL CHECK (length(id) <= 64),
    label TEXT NOT NULL CHECK (length(label) <= 255),
    role  TEXT NOT NULL CHECK (length(role) <= 64),
    zone  TEXT NOT NULL CHECK (length(zone) <= 64),
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;
INSERT INTO label_with_rules SELECT type, id, label, role, zone FROM label;
DROP TABLE label;
ALTER TABLE label_with_rules RENAME TO label;
