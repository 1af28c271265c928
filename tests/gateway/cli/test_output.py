"""Text in, text out: nothing that a file holds may steer a terminal."""

from datetime import UTC, datetime

import pytest

from gateway.cli.output import CommandError, complain, load, now_or, read_bytes
from ruleset.document import MAX_BYTES


def test_a_moment_without_a_zone_is_utc():
    assert now_or("2027-03-31") == datetime(2027, 3, 31, tzinfo=UTC)
    assert now_or("2027-03-31T09:00+09:00") == datetime(2027, 3, 31, tzinfo=UTC)
    assert now_or(None).tzinfo is not None
    with pytest.raises(CommandError, match="--at never"):
        now_or("never")


def test_no_more_is_read_than_is_needed_to_say_too_big(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * (MAX_BYTES * 3))
    assert len(read_bytes(path)) == MAX_BYTES + 1
    assert [p.code for p in load(path).problems] == ["too-big"]


def test_an_error_is_one_line_without_control_characters(capsys):
    complain("a\nb\x1b[31m", "do\rthis")
    text = capsys.readouterr().err
    assert text.count("\n") == 1 and "\x1b" not in text and "\r" not in text
