"""The record survives being written and read, and being damaged."""

from datetime import UTC, datetime

import pytest

from gateway.updates.fetch import Version
from gateway.updates.found import Inspection
from gateway.updates.record import Record, read, write

NOW = datetime(2027, 1, 1, tzinfo=UTC)
FULL = Record(
    Version('"1"', "Fri"), Inspection("hosts", 9, 2, 1, True, {"why": 1}, [["1", "why", "x"]], ("a.example",), "terms"),
    "https://lists.example/x", NOW, NOW, NOW, NOW, 3, "trouble", True, True,
)  # fmt: skip


@pytest.mark.parametrize("one", [Record(), FULL])
def test_what_is_written_is_read(tmp_path, one):
    write(tmp_path / "record.json", one)
    assert read(tmp_path / "record.json") == one


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"about": 5, "failures": "many", "installed": "soon", "etag": 7, "held": "yes"}',
        '{"failures": -1}',
    ],
)
def test_a_damaged_record_is_an_empty_one(tmp_path, text):
    (tmp_path / "record.json").write_text(text)
    assert read(tmp_path / "record.json") == Record()


def test_what_was_put_into_it_is_harmless(tmp_path):
    (tmp_path / "record.json").write_text('{"trouble": "\\u001b[31m", "asked": "2027-01-01"}')
    found = read(tmp_path / "record.json")
    assert found.trouble == "\\x1b[31m" and found.asked == NOW
