"""Commands one by one: arguments in, values out, refusals with a way out."""

import os
from pathlib import Path

import pytest

from gateway import wire
from gateway.arguments import Arguments
from gateway.enforcer import change
from gateway.enforcer.call import Call
from gateway.enforcer.change import Order, Who
from gateway.enforcer.commands import COMMANDS
from gateway.enforcer.core import Core
from gateway.wire import CommandRefused
from tests.gateway.enforcer.nets import site

pytestmark = pytest.mark.netns
MAC = "02:00:00:20:20:11"


@pytest.fixture
def applied(core: Core, admin: Who) -> Core:
    change.apply(core, Order(site().encode(), "site.yaml", admin, 60))
    change.confirm(core, admin)
    return core


def run(core: Core, who: Who, command: str, **args) -> dict:
    return COMMANDS[command](Call(core, who, Arguments(command, args)))


def refused(core: Core, who: Who, command: str, **args) -> CommandRefused:
    with pytest.raises(CommandRefused) as caught:
        run(core, who, command, **args)
    return caught.value


def test_apply_confirm_rollback(core: Core, admin: Who) -> None:
    told = run(core, admin, "apply", site_text=site(), site_path="a.yaml", confirm_within=30)
    assert (told["generation"], told["previous"]) == (1, 0)
    assert 25 < told["seconds_left"] <= 30
    assert run(core, admin, "confirm")["generation"] == 1
    assert refused(core, admin, "rollback").code == wire.NOT_FOUND


@pytest.mark.parametrize("within", [9.9, 3601, "90s", True, -1])
def test_the_time_to_confirm_is_bounded(core: Core, admin: Who, within) -> None:
    assert refused(core, admin, "apply", site_text=site(), confirm_within=within).code == wire.BAD_REQUEST


def test_the_name_of_the_site_file_cannot_hurt_a_terminal(core: Core, admin: Who) -> None:
    run(core, admin, "apply", site_text=site(), site_path="a\n\x1b[2J.yaml")
    assert core.store.meta(1).site_path == "a\\n\\x1b[2J.yaml"


@pytest.mark.parametrize(
    ("subject", "device"),
    [
        ({"device": "reception-1"}, "reception-1"),
        ({"mac": MAC.upper()}, "reception-1"),
        ({"mac": MAC.replace(":", "-")}, "reception-1"),
        ({"address": "2001:db8:20:20:0::11"}, "reception-1"),
        ({"mac": "02:00:00:00:00:77"}, ""),
        ({"address": "10.20.20.150"}, ""),
    ],
)
def test_isolation_by_device_mac_or_address(applied: Core, admin: Who, subject: dict, device: str) -> None:
    told = run(applied, admin, "quarantine_add", reason="odd names", **subject)["quarantined"]
    assert (told["device"], told["reason"], told["actor"]) == (device, "odd names", "admin")
    assert not device or (told["mac"], len(told["addresses"])) == (MAC, 2)
    assert len(run(applied, admin, "quarantine_list")["quarantine"]) == 1
    assert run(applied, admin, "quarantine_remove", **subject)["released"][0]["device"] == device
    assert run(applied, admin, "quarantine_list")["quarantine"] == []


def test_who_isolates_on_a_full_disk_hears_what_holds_and_what_does_not(applied: Core, admin: Who) -> None:
    applied.paths.quarantine.unlink(missing_ok=True)
    (applied.paths.quarantine / "in the way").mkdir(parents=True)
    told = run(applied, admin, "quarantine_add", device="reception-1", reason="ransom note")
    assert next(iter(told)) == "warning", "the journal keeps the first words"
    assert "isolated now, but a restart would forget it" in told["warning"]
    assert told["quarantined"]["device"] == "reception-1"
    assert "free now" in run(applied, admin, "quarantine_remove", device="reception-1")["warning"]
    (applied.paths.quarantine / "in the way").rmdir()
    applied.paths.quarantine.rmdir()
    assert "warning" not in run(applied, admin, "quarantine_add", device="reception-1", reason="ransom note")


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ({}, wire.BAD_REQUEST),
        ({"device": "reception-1", "mac": MAC}, wire.BAD_REQUEST),
        ({"device": "nobody"}, wire.NOT_FOUND),
        ({"mac": "nonsense"}, wire.BAD_REQUEST),
        ({"address": "nonsense"}, wire.BAD_REQUEST),
        ({"address": "10.20.20.1"}, wire.PROTECTED),  # the gateway itself
        ({"address": "203.0.113.2"}, wire.PROTECTED),
        ({"address": "198.51.100.7"}, wire.PROTECTED),  # not in the clinic
        ({"address": "127.0.0.1"}, wire.PROTECTED),
        ({"device": 'x" drop\n'}, wire.NOT_FOUND),
    ],
)
def test_isolation_of_nothing_of_nobody_or_of_the_gateway_is_refused(applied, admin, subject, code) -> None:
    assert refused(applied, admin, "quarantine_add", **subject).code == code
    assert applied.quarantine.records == ()


def test_releasing_who_is_not_isolated(applied: Core, admin: Who) -> None:
    assert refused(applied, admin, "quarantine_remove", device="reception-1").code == wire.NOT_FOUND
    assert refused(applied, admin, "quarantine_remove", device="").code == wire.BAD_REQUEST


def test_a_pin_for_a_client_of_a_zone(applied: Core, admin: Who) -> None:
    told = run(
        applied,
        admin,
        "pin",
        client="10.20.20.11",
        addresses=["198.51.100.7", "10.20.60.11"],
        ttl=300,
        name="a.example",
    )
    assert told == {"pinned": 1, "refused": ["10.20.60.11"]}


@pytest.mark.parametrize("client", ["198.51.100.9", "10.20.20.1", "127.0.0.1", "10.20.60.99"])
def test_a_pin_for_somebody_else_is_refused(applied: Core, admin: Who, client: str) -> None:
    run(applied, admin, "quarantine_add", address="10.20.60.99")
    assert refused(applied, admin, "pin", client=client, addresses=["198.51.100.7"], ttl=60).code == wire.PROTECTED


def test_a_feed_is_loaded_from_a_file(applied: Core, admin: Who, tmp_path: Path) -> None:
    file = tmp_path / "drop.txt"
    file.write_bytes(b"198.51.100.0/24\n10.0.0.0/8\n\xff\xfe\n")
    told = run(applied, admin, "feed_load", name="drop", path=str(file))
    assert (told["entries"], sum(told["rejects"].values()), told["rejected_lines"]) == (1, 2, [2, 3])


def test_the_site_says_what_a_feed_is_for(applied: Core, admin: Who, tmp_path: Path) -> None:
    lists = "dns:\n  lists: {around: {path: around.txt, category: doh-addresses}}\n"
    change.apply(applied, Order(site(lists).encode(), "site.yaml", admin, 60))
    file = tmp_path / "around.txt"
    file.write_bytes(b"198.51.100.7\n")
    assert run(applied, admin, "feed_load", name="around", path=str(file))["category"] == "doh-addresses"
    assert run(applied, admin, "feed_load", name="drop", path=str(file))["category"] == "addresses"


@pytest.mark.parametrize("name", ["../evil", "", "UPPER", "a b", "-x", "9", "a/b", "ä", "a" * 32])
def test_a_feed_has_a_harmless_name(applied: Core, admin: Who, tmp_path: Path, name: str) -> None:
    assert refused(applied, admin, "feed_load", name=name, path=str(tmp_path / "x")).code == wire.BAD_REQUEST


def test_a_feed_file_that_is_none_is_refused(applied: Core, admin: Who, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", str(tmp_path), str(tmp_path / "absent"), str(tmp_path / "pipe")):
        assert refused(applied, admin, "feed_load", name="drop", path=path).code == wire.BAD_REQUEST


def test_the_log_is_handed_over_once(applied: Core, admin: Who) -> None:
    call = Call(applied, admin, Arguments("log_fd", {}))
    COMMANDS["log_fd"](call)
    assert refused(applied, admin, "log_fd").code == wire.BUSY
    os.close(call.descriptors[0])
    assert run(applied, admin, "log_fd")["group"] == 5


def test_new_connections_can_be_followed_by_more_than_one(applied: Core, admin: Who) -> None:
    for _ in range(2):
        call = Call(applied, admin, Arguments("flow_fd", {}))
        assert COMMANDS["flow_fd"](call) == {"group": 1}
        os.close(call.descriptors[0])


def test_the_audit_log_is_told_from_its_end(applied: Core, admin: Who) -> None:
    for number in range(5):
        applied.audit.append("x", "", "test", "", str(number))
    assert [r["outcome"] for r in run(applied, admin, "audit_tail", count=2)["records"]] == ["3", "4"]
    assert refused(applied, admin, "audit_tail", count=501).code == wire.BAD_REQUEST


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_no_command_takes_an_argument_it_does_not_know(applied: Core, admin: Who, command: str) -> None:
    needed = {
        "apply": {"site_text": ""},
        "pin": {"client": "10.20.20.11", "addresses": ["198.51.100.7"], "ttl": 1},
        "feed_load": {"name": "x", "path": "/x"},
        "quarantine_add": {"device": "reception-1"},
        "quarantine_remove": {"device": "reception-1"},
        "dns_allow": {"name": "bad.example", "zone": "pc", "reason": "x"},
        "dns_disallow": {"id": 1},
    }
    error = refused(applied, admin, command, **needed.get(command, {}), nft="flush ruleset")
    assert (error.code, "nft" in error.message) == (wire.BAD_REQUEST, True)


def test_the_providers_router_and_groups_are_never_isolated(net, applied: Core, admin: Who) -> None:
    router = "02:00:00:00:00:fe"
    net.run("ip", "neigh", "add", "203.0.113.1", "lladdr", router, "dev", "eth0")
    for mac in (router, "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"):
        assert refused(applied, admin, "quarantine_add", mac=mac, reason="x").code == wire.PROTECTED
    assert applied.quarantine.records == ()
