"""Schema steps are numbered without gaps, applied once, whole or not at all, and a newer file is left alone."""

import sqlite3
from pathlib import Path

import pytest

from gateway.store.migrate import SchemaTooNewError, migrate, steps, version


def test_the_shipped_steps_apply_to_an_empty_file_and_only_once(tmp_path: Path):
    with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as connection:
        assert version(connection) == 0
        assert migrate(connection) == migrate(connection) == len(steps()) == version(connection)


def test_labels_of_an_older_store_are_kept(tmp_path: Path):
    first = tmp_path / "first"
    first.mkdir()
    (first / "0001_events.sql").write_text(steps()[0][1].read_text())
    with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as connection:
        migrate(connection, first)
        connection.execute("INSERT INTO label VALUES ('device', 'camera-1', 'Waiting room', 'camera', 'cam')")
        migrate(connection)
        connection.execute("INSERT INTO label VALUES ('rule', 'permit:x', 'EMR', 'permit', '')")
        assert [row[1:3] for row in connection.execute("SELECT * FROM label ORDER BY type")] == [
            ("camera-1", "Waiting room"),
            ("permit:x", "EMR"),
        ]


def test_a_failing_step_leaves_nothing_of_itself(tmp_path: Path):
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE one (x);")
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE two (x); CREATE TABLE one (x);")
    with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, tmp_path)
        assert version(connection) == 1
        assert [r[0] for r in connection.execute("SELECT name FROM sqlite_schema")] == ["one"]


def test_a_newer_store_is_refused_untouched(tmp_path: Path):
    with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as connection:
        connection.execute("PRAGMA user_version = 99")
        with pytest.raises(SchemaTooNewError, match="schema 99"):
            migrate(connection)
        assert version(connection) == 99


def test_a_gap_in_the_numbers_is_refused(tmp_path: Path):
    (tmp_path / "0001_one.sql").touch()
    (tmp_path / "0003_three.sql").touch()
    with pytest.raises(ValueError, match="not numbered"):
        steps(tmp_path)
