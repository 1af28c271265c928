"""What the resolver learns while it runs: by a real dnsmasq's leases, and by a real kernel's neighbour table."""

import os
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace

import pytest

from filters.dns_exchange import Timing
from gateway.resolver import learning
from gateway.resolver.config import config_of
from gateway.resolver.learning import LeaseFile
from gateway.resolver.policy import session_config
from ruleset.load import load_site
from tests.gateway.resolver.lan import GATEWAY, GATEWAY6, ROAMING, SITE, STRANGER, Lan, dhcp, dnsmasq
from tests.gateway.resolver.world import Running
from tests.ruleset.dns_site import NOW

PATIENCE = 30.0
NOBODY, OF_THE_DEVICE = "status: NXDOMAIN", "0.0.0.0"


@pytest.fixture
def lan() -> Iterator[Lan]:
    made = Lan()
    with made.gateway.enter():
        yield made
    made.close()


@pytest.fixture
def served(lan: Lan, tmp_path: Path) -> Iterator[Running]:
    """A resolver that serves zone pc, where the roaming laptop has a policy of its own."""
    running = Running(tmp_path, Timing(), tmp_path / "leases")
    site = load_site(SITE.encode(), "site.yaml", NOW).resolved
    assert site is not None
    running.adopt(config_of(site))
    yield running
    running.close()


def becomes(ask: Callable[[], str], wanted: str, allowed: set[str]) -> None:
    """Every answer until the wanted one is one of those allowed: none is lost, none is wrong."""
    until = time.monotonic() + PATIENCE
    while (found := ask()) != wanted:
        assert found in allowed
        assert time.monotonic() < until, found


@pytest.mark.netns
def test_an_undeclared_address_has_the_policy_of_the_device_whose_mac_it_is(lan: Lan, served: Running) -> None:
    lan.wear(STRANGER)
    lan.device.run("ip", "addr", "add", "10.20.20.150/24", "dev", "lan")
    assert lan.ask("x.example", served.port) == NOBODY
    lan.wear(ROAMING)
    becomes(lambda: lan.ask("x.example", served.port), OF_THE_DEVICE, {NOBODY})
    lan.device.run("ip", "addr", "add", "2001:db8:20:20::abcd/64", "dev", "lan", "nodad")
    becomes(lambda: lan.ask("x.example", served.port, at=GATEWAY6), OF_THE_DEVICE, {NOBODY})
    assert lan.ask("x.example", served.port) == OF_THE_DEVICE, "both count"
    lan.wear(STRANGER)
    becomes(lambda: lan.ask("x.example", served.port), NOBODY, {OF_THE_DEVICE})


@pytest.mark.netns
def test_a_fresh_address_is_no_way_out_of_a_devices_policy(lan: Lan, served: Running) -> None:
    lan.wear(ROAMING)
    found = []
    for number in range(6):
        fresh = f"10.20.20.{160 + number}"
        lan.device.run("ip", "addr", "add", f"{fresh}/24", "dev", "lan")
        found.append(lan.ask("x.example", served.port, "-b", fresh))
        fresh = f"2001:db8:20:20::a{number}"
        lan.device.run("ip", "addr", "add", f"{fresh}/64", "dev", "lan", "nodad")
        found.append(lan.ask("x.example", served.port, "-b", fresh, at=GATEWAY6))
    assert found == [OF_THE_DEVICE] * 12
    lan.wear(STRANGER)
    lan.device.run("ip", "addr", "add", "10.20.20.190/24", "dev", "lan")
    assert lan.ask("x.example", served.port, "-b", "10.20.20.190") == NOBODY


@pytest.mark.netns
def test_a_lease_of_a_real_dhcp_server_is_a_name_forward_and_backward(
    lan: Lan, served: Running, tmp_path: Path
) -> None:
    lan.wear(STRANGER)
    with dnsmasq(lan.gateway, tmp_path):
        given = dhcp(lan.device, STRANGER, "Scanner-2")
        becomes(lambda: lan.ask("scanner-2.clinic.example", served.port), str(given), {NOBODY})
        back = given.reverse_pointer
        assert lan.ask(back, served.port, "PTR") == "scanner-2.clinic.example."
        lan.device.run("ip", "addr", "flush", "dev", "lan")
        lan.wear(ROAMING)
        own = dhcp(lan.device, ROAMING, "wpad")
        becomes(lambda: lan.ask("roaming.clinic.example", served.port), str(own), {""})
        assert lan.ask("wpad.clinic.example", served.port) == NOBODY
        assert lan.ask("x.example", served.port) == OF_THE_DEVICE, "also the policy is by the lease"
    (tmp_path / "leases").unlink()
    becomes(lambda: lan.ask("scanner-2.clinic.example", served.port), NOBODY, {str(given)})


def test_leases_that_end_and_files_that_change_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_800_000_000.0]
    monkeypatch.setattr(learning, "time", SimpleNamespace(time=lambda: clock[0]))
    file = tmp_path / "leases"
    file.write_text(f"1800000010 {STRANGER} 10.20.20.101 a *\n0 {ROAMING} 10.20.20.102 b *\nnonsense\n")
    running = Running(tmp_path, Timing(), file)
    try:
        running.do(adopted(running))
        assert local(running) == "10.20.20.101 10.20.20.102"
        devices = running.resolver.session._config.policy.devices
        assert {str(address): device.name for address, device in devices.items()} == {"10.20.20.102": "roaming"}
        clock[0] += 10
        becomes(lambda: local(running), "10.20.20.102", {"10.20.20.101 10.20.20.102"})
        file.write_text("")
        becomes(lambda: local(running), "", {"10.20.20.102"})
    finally:
        running.close()


def test_what_is_no_file_holds_no_leases_and_nobody_waits_for_it(tmp_path: Path) -> None:
    file = LeaseFile(tmp_path / "leases")
    assert not file.look(), "there is none"
    os.mkfifo(tmp_path / "leases")
    file.look()
    assert file.leases == []
    (tmp_path / "leases").unlink()
    (tmp_path / "leases").write_text(f"0 {ROAMING} 10.20.20.102 b *\n")
    assert file.look() and len(file.leases) == 1
    assert not file.look(), "nothing changed"


async def adopted(running: Running) -> None:
    site = load_site(SITE.encode(), "site.yaml", NOW).resolved
    assert site is not None
    config = config_of(site)
    running.resolver.adopt(config, session_config(config, {}, b"tests"))


def local(running: Running) -> str:
    """The addresses that have a name now, without the gateway's own."""
    back = running.resolver.session._config.policy.local._back
    leased = {str(address) for address in back if address in ip_network("10.20.20.0/24")} - {GATEWAY}
    return " ".join(sorted(leased))
