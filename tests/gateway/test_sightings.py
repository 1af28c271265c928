"""Whose address it is now, as a real kernel tells it: learnt, moved to another MAC, forged, too many at once."""

import select
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address

import pytest

from gateway.sightings import MAX_OF_DEVICE, Sightings
from ruleset.load import load_site
from ruleset.resolved import ResolvedSite
from tests.gateway.enforcer.nets import Net, gateway_links
from tests.gateway.enforcer.running import as_uid
from tests.ruleset.dns_site import HEAD, NOW

pytestmark = pytest.mark.netns
ROAMING, DESK, THIEF = "02:00:00:20:00:12", "02:00:00:20:00:11", "02:00:00:20:00:99"
V6 = HEAD.replace("ipv4: 10.20.20.1/24}", 'ipv4: 10.20.20.1/24, ipv6: "2001:db8:20:20::1/64"}')


def site() -> ResolvedSite:
    resolved = load_site(V6.removesuffix("dns:\n").encode(), "site.yaml", NOW).resolved
    assert resolved is not None
    return resolved


@pytest.fixture
def seen(net: Net) -> Iterator[Sightings]:
    gateway_links(net)
    made = Sightings()
    made.adopt(site())
    yield made
    made.close()


def claim(net: Net, address: str, mac: str, interface: str = "eth1.20", state: str = "reachable") -> None:
    net.run("ip", "neigh", "replace", address, "lladdr", mac, "dev", interface, "nud", state)


def changed(seen: Sightings) -> bool:
    """Read what the kernel tells until an address changes hands."""
    for _ in range(1000):
        if not select.select([seen], [], [], 10)[0]:
            return False
        if seen.read():
            return True
    return False


def marked(net: Net, seen: Sightings) -> dict[str, str]:
    """What is known once everything told until now is read: the kernel tells in order, and a last claim ends it."""
    claim(net, "10.20.20.99", ROAMING)
    assert changed(seen)
    found = devices(seen)
    assert found.pop("10.20.20.99") == "roaming"
    return found


def devices(seen: Sightings) -> dict[str, str]:
    return {str(address): name for address, name in seen.devices.items()}


def test_an_address_is_learnt_and_moves_to_who_has_it_now(net: Net, seen: Sightings) -> None:
    claim(net, "2001:db8:20:20::77", ROAMING)
    assert changed(seen)
    claim(net, "10.20.20.77", ROAMING)
    assert changed(seen)
    assert devices(seen) == {"2001:db8:20:20::77": "roaming", "10.20.20.77": "roaming"}
    claim(net, "10.20.20.77", THIEF)
    assert changed(seen)
    assert devices(seen) == {"2001:db8:20:20::77": "roaming"}
    claim(net, "2001:db8:20:20::77", DESK)
    assert changed(seen)
    assert devices(seen) == {"2001:db8:20:20::77": "desk"}


def test_what_is_known_before_counts_and_is_not_forgotten_with_the_kernels_entry(net: Net, seen: Sightings) -> None:
    claim(net, "10.20.20.77", ROAMING)
    seen.adopt(site())
    assert devices(seen) == {"10.20.20.77": "roaming"}
    net.run("ip", "neigh", "del", "10.20.20.77", "dev", "eth1.20")
    assert marked(net, seen) == {"10.20.20.77": "roaming"}


@pytest.mark.parametrize(
    ("address", "mac", "interface"),
    [
        ("10.20.20.11", ROAMING, "eth1.20"),  # declared for the desk
        ("10.20.20.1", ROAMING, "eth1.20"),  # the gateway
        ("10.20.10.77", ROAMING, "eth1.20"),  # an address of another zone
        ("10.20.20.77", ROAMING, "eth1.10"),  # the other zone's interface
        ("10.20.10.77", ROAMING, "eth1.10"),  # a zone that is not its own
        ("203.0.113.77", ROAMING, "eth0"),
        ("10.20.20.77", THIEF, "eth1.20"),  # nobody's MAC
    ],
)
def test_a_claim_that_cannot_be_true_makes_nobody_a_device(
    net: Net, seen: Sightings, address: str, mac: str, interface: str
) -> None:
    claim(net, address, mac, interface)
    assert marked(net, seen) == {}


def test_no_right_is_needed(net: Net, seen: Sightings) -> None:
    claim(net, "10.20.20.77", ROAMING)
    with as_uid(64503):
        mine = Sightings()
        mine.adopt(site())
    assert devices(mine) == {"10.20.20.77": "roaming"}
    claim(net, "10.20.20.78", DESK)
    assert changed(mine)
    mine.close()


def test_only_wanted_devices_are_followed(net: Net, seen: Sightings) -> None:
    seen.adopt(site(), ["desk"])
    claim(net, "10.20.20.77", ROAMING)
    claim(net, "10.20.20.78", DESK)
    assert changed(seen)
    assert devices(seen) == {"10.20.20.78": "desk"}
    seen.adopt(site(), [])
    assert devices(seen) == {}


def test_one_device_cannot_fill_the_table(net: Net, seen: Sightings) -> None:
    claim(net, "10.20.20.78", DESK)
    first = int(ip_address("2001:db8:20:20::1000"))
    words = [f"neigh replace {IPv6Address(first + i)} lladdr {ROAMING} dev eth1.20 nud reachable" for i in range(100)]
    with net.popen("ip", "-batch", "-", stdin=-1) as batch:
        batch.communicate("\n".join(words), timeout=30)
    while select.select([seen], [], [], 0)[0]:
        seen.read()
    found = devices(seen)
    assert list(found.values()).count("roaming") == MAX_OF_DEVICE
    assert found["10.20.20.78"] == "desk"
    assert found[str(IPv6Address(first + 99))] == "roaming", "the latest stay"


def test_an_overflow_is_made_good_by_reading_all_of_it(net: Net, seen: Sightings) -> None:
    assert not seen.catch_up(), "nothing was missed"
    seen._events.socket.setsockopt(1, 8, 2048)  # SO_RCVBUF
    first = int(ip_address("10.20.20.80"))
    words = [f"neigh replace {ip_address(first + i)} lladdr {ROAMING} dev eth1.20 nud reachable" for i in range(50)]
    with net.popen("ip", "-batch", "-", stdin=-1) as batch:
        batch.communicate("\n".join(words), timeout=30)
    while select.select([seen], [], [], 0)[0]:
        seen.read()
    assert len(devices(seen)) < 50
    assert seen.catch_up()
    assert len(devices(seen)) == 50


def test_one_address_is_looked_up_before_anything_is_told_of_it(net: Net, seen: Sightings) -> None:
    address = ip_address("10.20.20.78")
    with net.enter():
        assert not seen.look_up("pc", address), "the kernel does not know it yet"
        claim(net, "10.20.20.78", ROAMING)
        assert seen.look_up("pc", address)
        assert seen.devices[address] == "roaming"
        assert seen.look_up("nowhere", address), "a zone whose wire cannot be asked is answered as a zone"
