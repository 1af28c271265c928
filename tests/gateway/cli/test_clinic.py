"""What commands about names take from the applied site: whose word it is, and whether it may ask at all."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.cli.clinic import applied_or_none, meant, nearest, refusal, time_of
from gateway.cli.output import load_or_stop
from gateway.paths import RUN_VARIABLE
from ruleset.resolved import ResolvedSite

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def site(naika: Path) -> ResolvedSite:
    return load_or_stop(naika)


def test_without_an_enforcer_there_is_no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUN_VARIABLE, str(tmp_path))
    assert applied_or_none() is None
    assert (time_of(None), meant(None, "x"), nearest(None, "x")) == (None, "x", "")
    assert refusal(None, {"zone": "cam", "from": "camera-1"}, NOW) == ""


def test_the_clinics_time(site: ResolvedSite) -> None:
    assert time_of(site) == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("word", "device"),
    [("10.10.60.11", "camera-1"), ("02:00:0A:0A:3C:0B", "camera-1"), ("10.10.60.99", "10.10.60.99"), ("pc", "pc")],
)
def test_whom_a_word_means(site: ResolvedSite, word: str, device: str) -> None:
    assert meant(site, word) == device


def test_what_is_nearest(site: ResolvedSite) -> None:
    assert nearest(site, "camera-l") == "did you mean camera-2 or camera-1?"
    assert nearest(site, "gest") == "did you mean guest?"
    assert nearest(site, "待合室カメラ").startswith("did you mean camera-1")
    assert nearest(site, "nothing like it") == ""


@pytest.mark.parametrize(
    ("who", "zone", "refused"),
    [
        ("camera-1", "cam", True),
        ("10.10.60.99", "cam", True),
        ("cam", "cam", True),
        ("no-such-device", "cam", True),
        ("reception-1", "pc", False),
        ("guest", "guest", False),
        ("10.99.0.1", "", False),
    ],
)
def test_who_may_ask_at_all(site: ResolvedSite, who: str, zone: str, refused: bool) -> None:
    text = refusal(site, {"from": who, "zone": zone}, NOW)
    why = "zone cam, refused by core:refused:cam (Nothing allows this from cam)."
    assert text == (f"{who} may not ask the gateway for names: {why}" if refused else "")
