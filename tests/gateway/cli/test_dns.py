"""The commands about names, against a running resolver and against a site file; the enforcer's part is made up here."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.access import Access
from gateway.cli import clinic
from gateway.paths import RUN_VARIABLE, STATE_VARIABLE, Paths
from gateway.resolver.control import Control
from gateway.resolver.journal import Journal
from gateway.wire import NOT_FOUND, CommandRefused
from tests.gateway.cli.conftest import Done
from tests.gateway.resolver.world import CLIENT, Authority, FakeEnforcer, Running, config

Cli = Callable[..., Done]
ROW = {
    "id": 7, "name": "bad.example", "zone": "pc", "reason": "today\x1b[2J", "actor": "alice", "from": 1.0,
    "until": 3600.0,
}  # fmt: skip


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    made = Paths(tmp_path / "state", tmp_path / "run")
    made.run.mkdir()
    made.lists.mkdir(parents=True)
    monkeypatch.setenv(STATE_VARIABLE, str(made.state))
    monkeypatch.setenv(RUN_VARIABLE, str(made.run))
    return made


@pytest.fixture
def authority() -> Iterator[Authority]:
    made = Authority()
    made.records["www.example"] = ["192.0.2.1"]
    yield made
    made.close()


@pytest.fixture
def resolver(paths: Paths, authority: Authority) -> Iterator[Running]:
    """A resolver that people may ask."""
    running = Running(paths.run)

    async def listen() -> Control:
        made = Control(running.resolver, paths.resolver_socket, Access(paths), Journal())
        await made.start()
        return made

    assert running.adopt(config(authority))
    control = running.do(listen())
    yield running
    running.do(control.close())
    running.close()


@pytest.fixture
def enforcer(paths: Paths) -> Iterator[FakeEnforcer]:
    made = FakeEnforcer(paths.enforcer_socket)
    made.answers["dns_allow"] = lambda args: {**ROW, "name": args["name"], "replaced": []}
    made.answers["site"] = lambda args: {}
    made.answers["dns_allowances"] = lambda args: {"allowances": [ROW]}
    yield made
    made.close()


def test_explain_tells_why_and_the_line_of_the_list(clinicgate: Cli, resolver: Running, paths: Paths) -> None:
    (paths.lists / "malware.hosts").write_bytes(b"# title\n0.0.0.0 bad.example # \x1b[31m\xff\n")
    done = clinicgate("dns", "explain", "BAD.example", "--from", "pc")
    assert done.returncode == 0, done.stderr
    assert "bad.example A, asked by anybody in zone pc" in done.stdout
    assert "BLOCKED, answered with NXDOMAIN: list malware names it." in done.stdout
    assert "list malware (malware.hosts), line 2, rule bad.example" in done.stdout
    assert "that line now reads: 0.0.0.0 bad.example # \\x1b[31m" in done.stdout
    assert "dns allow bad.example --for 1h --zone pc" in done.stdout
    assert "\x1b" not in done.stdout


def test_explain_for_machines_and_at_a_moment(clinicgate: Cli, resolver: Running) -> None:
    done = clinicgate(
        "dns", "explain", "www.example", "--from", CLIENT, "--type", "AAAA", "--at", "2026-11-23", "--json"
    )
    told = json.loads(done.stdout)
    assert (told["verdict"]["reason"], told["type"], told["client"]) == ("not_listed", "AAAA", CLIENT)
    assert told["at"] == 1795392000.0


def test_test_asks_the_running_resolver(clinicgate: Cli, resolver: Running) -> None:
    done = clinicgate("dns", "test", "www.example", "--from", CLIENT)
    assert "NOERROR after" in done.stdout and "www.example. 60 IN A 192.0.2.1" in done.stdout
    assert json.loads(clinicgate("dns", "test", "www.example", "--from", CLIENT, "--json").stdout)["from_cache"] is True
    blocked = clinicgate("dns", "test", "bad.example", "--from", CLIENT).stdout
    assert "extended error 15 (RFC 8914) list malware line 2" in blocked and "line 2, rule bad.example" in blocked


def test_allow_sends_what_was_asked_for(clinicgate: Cli, resolver: Running, enforcer: FakeEnforcer) -> None:
    done = clinicgate("dns", "allow", "Bad.Example", "--for", "30m", "--zone", "pc", "--reason", "a supplier's page")
    assert done.returncode == 0, done.stderr
    asked = {"name": "bad.example", "zone": "pc", "minutes": 30.0, "reason": "a supplier's page"}
    sent = [(command, {k: v for k, v in args.items() if v is not None}) for command, args in enforcer.calls]
    assert [one for one in sent if one[0] != "site"] == [("dns_allow", asked)]
    assert "Allowed: 7  bad.example for zone pc until 1970" in done.stdout
    assert "dns disallow 7" in done.stdout and "\x1b" not in done.stdout
    done = clinicgate("dns", "allow", "anything.example", "--all", "--reason", "x", "--json")
    assert json.loads(done.stdout)["id"] == 7
    assert next(args for command, args in reversed(enforcer.calls) if command == "dns_allow")["all"] is True


def applied(enforcer: FakeEnforcer, naika: Path) -> None:
    enforcer.answers["site"] = lambda args: {"generation": 1, "site_text": naika.read_text()}


def test_what_an_allowance_replaces_is_told_and_until_when_in_the_clinics_time(
    clinicgate: Cli, resolver: Running, enforcer: FakeEnforcer, naika: Path
) -> None:
    applied(enforcer, naika)
    enforcer.answers["dns_allow"] = lambda args: {**ROW, "replaced": [2, 3]}
    told = clinicgate("dns", "allow", "bad.example", "--zone", "pc", "--reason", "x").stdout
    assert "It replaces 2, 3:" in told and "until 1970-01-01 10:00:00 JST" in told
    assert "10:00:00 JST" in clinicgate("dns", "allowances").stdout


def test_a_word_close_to_a_device_is_answered_with_it(
    clinicgate: Cli, resolver: Running, enforcer: FakeEnforcer, naika: Path
) -> None:
    applied(enforcer, naika)
    for words in (["test", "a.example", "--from", "camera1"], ["allow", "a.example", "--reason=x", "--device=camera1"]):
        done = clinicgate("dns", *words)
        assert done.returncode == 1 and "did you mean camera-" in done.stderr
    label = clinicgate("dns", "test", "a.example", "--from", "待合室カメラ").stderr
    assert "did you mean camera-1" in label


def test_who_may_not_ask_is_told_so(
    clinicgate: Cli, resolver: Running, enforcer: FakeEnforcer, naika: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(enforcer, naika)
    monkeypatch.setattr(clinic, "DNS_PORT", 9)  # to the zones of this resolver the example allows names
    told = clinicgate("dns", "test", "bad.example", "--from", "pc").stdout
    assert told.startswith("pc may not ask the gateway for names: zone pc, refused by core:refused:pc")
    done = clinicgate("dns", "allow", "bad.example", "--zone", "pc", "--reason", "x")
    assert done.returncode == 0 and "warning: pc may not ask the gateway for names" in done.stderr


@pytest.mark.parametrize(
    ("name", "client", "words"),
    [
        ("www.example", "pc", "www.example is not blocked for pc, nothing to allow: no rule is about it"),
        ("use-application-dns.net", "pc", "an allowance cannot help: software asks for it"),
        ("nas.clinic.home.arpa", "pc", "an allowance cannot help: it is one of the clinic's own names"),
    ],
)
def test_what_an_allowance_would_not_change_is_not_allowed(
    clinicgate: Cli, resolver: Running, enforcer: FakeEnforcer, name: str, client: str, words: str
) -> None:
    done = clinicgate("dns", "allow", name, "--zone", client, "--reason", "x")
    assert done.returncode == 1 and words in done.stderr
    assert "dns_allow" not in dict(enforcer.calls)


def test_a_name_that_points_into_the_clinic_cannot_be_allowed(
    clinicgate: Cli, resolver: Running, enforcer: FakeEnforcer, authority: Authority
) -> None:
    authority.records["rebind.example"] = ["192.168.1.1"]
    done = clinicgate("dns", "allow", "rebind.example", "--device", "nas", "--reason", "x")
    assert done.returncode == 1 and "points into the clinic" in done.stderr
    assert "dns_allow" not in dict(enforcer.calls)


def test_without_a_resolver_nobody_looked_and_that_is_said(clinicgate: Cli, enforcer: FakeEnforcer) -> None:
    done = clinicgate("dns", "allow", "bad.example", "--device", "nas", "--reason", "x")
    assert done.returncode == 0 and "nobody looked whether the name is blocked" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["allow", "bad.example", "--reason", "x"],
        ["allow", "bad.example", "--zone", "pc", "--device", "nas", "--reason", "x"],
        ["allow", "bad.example", "--zone", "pc"],
        *(["allow", "a.example", "--all", "--reason", "x", f"--for={t}"] for t in ("", "1", "25h", "0m", "١h", "1d")),
        ["allow", "bad name", "--zone", "pc", "--reason", "x"],
        ["explain", "10.0.0.1", "--from", "pc"],
        ["explain", "www.example"],
        ["explain", "www.example", "--from", "pc", "--at", "tomorrow"],
        ["explain", "www.example", "--from", "pc", "--lists", "/nowhere"],
        ["disallow", "x"],
        ["nonsense"],
    ],
)  # fmt: skip
def test_a_wrong_call_is_2(clinicgate: Cli, paths: Paths, words: list[str]) -> None:
    done = clinicgate("dns", *words)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "invalid int" not in done.stderr


def test_nobody_of_that_name_is_told_with_a_way_out(clinicgate: Cli, resolver: Running) -> None:
    for words in (["explain", "a.example", "--from"], ["test", "a.example", "--from"]):
        done = clinicgate("dns", *words, "nobody\x1b")
        assert done.returncode == 1 and "its zones: pc, guest" in done.stderr and "\x1b" not in done.stderr
    done = clinicgate("dns", "test", "a.example", "--from", "pc", "--type", "NOPE")
    assert done.returncode == 1 and "no record type" in done.stderr


def test_allowances_are_listed_and_ended(clinicgate: Cli, enforcer: FakeEnforcer) -> None:
    assert "7  bad.example for zone pc until" in clinicgate("dns", "allowances").stdout
    assert json.loads(clinicgate("dns", "allowances", "--json").stdout)["allowances"][0]["id"] == 7
    enforcer.answers["dns_disallow"] = lambda args: ROW
    assert clinicgate("dns", "disallow", 7).stdout.startswith("Ended: 7  bad.example")

    def nothing(args: dict[str, Any]) -> dict[str, Any]:
        raise CommandRefused(NOT_FOUND, "there is no allowance 8", "see `clinicgate dns allowances`")

    enforcer.answers |= {"dns_disallow": nothing, "dns_allowances": lambda args: {"allowances": []}}
    done = clinicgate("dns", "disallow", 8)
    assert done.returncode == 1 and "there is no allowance 8 (see" in done.stderr
    assert clinicgate("dns", "allowances").stdout == "no name is allowed for a while\n"


def test_without_the_gateway_the_way_out_names_the_service(clinicgate: Cli, paths: Paths) -> None:
    done = clinicgate("dns", "test", "www.example", "--from", "pc")
    assert done.returncode == 3 and "no resolver at" in done.stderr and "clinicgate-resolver" in done.stderr
    assert "clinicgate-enforcer" in clinicgate("dns", "allowances").stderr
