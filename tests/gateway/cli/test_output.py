"""Text in, text out: nothing that a file holds may steer a terminal."""

from datetime import UTC, datetime

import pytest

from gateway.cli.output import CommandError, complain, load, now_or, read_bytes
from ruleset.document import MAX_BYTES


def test_a_moment_without_a_zone_is_utc():
    assert now_or("2027-03-31") == datetime(2027, 3, 31, tzinfo=UTC)
    assert now_or("2027-03-31T09:00+09:00") == datetime(2027, 3, 31, tzinfo=UTC)
    assert now_or(None).tzinfo is not None
    with pytest.raises(CommandError, match="--at never") as caught:
        now_or("never")
    assert "for example 2027-03-31T18:00" in caught.value.hint
    with pytest.raises(CommandError, match="no moment"):
        now_or("0001-01-01T00:00+23:00")


def test_a_moment_without_an_offset_is_the_clinics(naika):
    site = load(naika).resolved
    assert now_or("2027-03-31T09:00", site) == datetime(2027, 3, 31, tzinfo=UTC)
    assert now_or("2027-03-31T09:00+00:00", site) == datetime(2027, 3, 31, 9, tzinfo=UTC)


def test_a_site_is_judged_at_the_clinics_moment(tmp_path, naika):
    site = tmp_path / "site.yaml"
    site.write_text(naika.read_text().replace("2028-03-31", "2027-12-31"))  # ends 2027-12-31T15:00 UTC
    assert load(site, "2027-12-31T23:59").resolved is not None
    assert load(site, "2028-01-01T00:01").resolved is None


def test_no_more_is_read_than_is_needed_to_say_too_big(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * (MAX_BYTES * 3))
    assert len(read_bytes(path)) == MAX_BYTES + 1
    assert [p.code for p in load(path).problems] == ["too-big"]


def test_an_error_is_one_line_without_control_characters(capsys):
    complain("a\nb\x1b[31m", "do\rthis")
    text = capsys.readouterr().err
    assert text.count("\n") == 1 and "\x1b" not in text and "\r" not in text
