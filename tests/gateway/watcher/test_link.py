"""A missing or refusing enforcer is borne, asked again later and later, and told once."""

from pathlib import Path

import pytest

from gateway.watcher.link import FIRST_BACKOFF, LAST_BACKOFF, EnforcerLink, Readings, accepted_connections
from tests.webui.seed import enforcer


def test_a_missing_enforcer_is_asked_less_and_less_often(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    link = EnforcerLink(tmp_path / "enforcer.sock")
    now, pauses = 0.0, []
    for _ in range(7):
        assert link.status(now) is None
        pause = next(wait for wait in (1, 2, 4, 8, 15, 30) if link.ready(now + wait))
        pauses.append(pause)
        now += pause
    assert pauses == [FIRST_BACKOFF, 2, 4, 8, LAST_BACKOFF, LAST_BACKOFF, LAST_BACKOFF]
    assert not link.up
    assert capsys.readouterr().err.count("no enforcer at") == 1


def test_an_enforcer_that_comes_is_used_and_one_that_refuses_is_borne(tmp_path: Path):
    path = tmp_path / "enforcer.sock"
    link = EnforcerLink(path)
    with enforcer(path, {"generation": 3}):
        assert link.status(0.0) == {"generation": 3, "quarantine": []}
        assert link.up
        assert link.counters() == Readings()
        assert link.site() is None
        assert link.log_socket() is None
        link.close()


@pytest.mark.parametrize(
    "site", [{"generation": 1, "site_text": "}{"}, {"generation": "1", "site_text": "x"}, {"x": 1}]
)
def test_a_site_that_cannot_be_read_is_none(tmp_path: Path, site: dict):
    path = tmp_path / "enforcer.sock"
    link = EnforcerLink(path)
    with enforcer(path, site=site):
        assert link.site() is None
        link.close()


def test_a_message_that_a_terminal_would_obey_is_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert EnforcerLink(tmp_path / "\x1b[31mred\n").status(0.0) is None
    said = capsys.readouterr().err
    assert "red" in said
    assert "\x1b" not in said
    assert said.count("\n") == 1


def test_only_what_accepts_is_counted_as_let_through():
    counters = {
        "permit.emr": {"packets": 7, "bytes": 9},
        "core.refused.cam": {"packets": 3, "bytes": 9},
        "core.input.dhcp": {"packets": 5, "bytes": 9},
        "video.x.zoom": {"packets": "many"},
        "forward.vpn": {"packets": -1},
    }
    assert accepted_connections(counters) == {"permit:emr": 7}
    assert accepted_connections(["permit.emr"]) == {}
