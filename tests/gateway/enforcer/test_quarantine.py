"""The list of isolated devices: in the kernel, on the disk, and back after a start."""

import dataclasses
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.enforcer import quarantine
from gateway.enforcer.closed import closed_ruleset
from gateway.enforcer.elements import Elements
from gateway.enforcer.kernel_nft import KernelNft
from gateway.enforcer.loader import Loader
from gateway.enforcer.quarantine import Quarantine
from gateway.neighbours import Neighbour
from ruleset.live import Quarantined
from ruleset.load import load_site
from tests.gateway.enforcer.nets import site

SINCE = datetime(2026, 6, 1, tzinfo=UTC)
MAC = "02:00:00:20:20:11"
RECORD = Quarantined("reception-1", MAC, ("10.20.20.11",), "odd names", "alice", SINCE)
SETS = ("quarantine_mac", "quarantine4", "quarantine6")


@pytest.fixture
def listed(net, tmp_path: Path) -> Quarantine:
    Loader(KernelNft()).put(closed_ruleset())
    return Quarantine(tmp_path / "quarantine.json", Elements())


def kernel() -> list[int]:
    return [len(Elements().read(name)) for name in SETS]


@pytest.mark.netns
def test_a_device_enters_with_every_address_its_mac_was_seen_with(net, listed: Quarantine) -> None:
    net.run("ip", "link", "add", "eth1.20", "type", "veth", "peer", "name", "far")
    net.run("ip", "link", "set", "eth1.20", "up")
    stolen = ("2001:db8:20:20::1", "2001:db8:20:10::77", "2001:db8:ffff::1", "10.20.10.11")
    for claimed in ("2001:db8:20:20::77", *stolen):
        net.run("ip", "neigh", "add", claimed, "lladdr", MAC, "dev", "eth1.20")
    listed.restore(load_site(site().encode(), "s", SINCE).resolved)
    kept = listed.enter(RECORD)
    assert "2001:db8:20:20::77" in kept.addresses and "10.20.20.11" in kept.addresses
    assert not set(stolen) & set(kept.addresses), "a device chose who else is isolated with it"
    assert listed.holds(ip_address("2001:db8:20:20::77"))
    assert not any(listed.holds(ip_address(address)) for address in stolen)


@pytest.mark.netns
def test_the_list_is_back_in_the_kernel_after_a_start_with_the_sites_addresses(listed: Quarantine, tmp_path) -> None:
    listed.enter(RECORD)
    listed.save()
    KernelNft().load("delete table inet clinicgate")
    Loader(KernelNft()).put(closed_ruleset())
    again = Quarantine(tmp_path / "quarantine.json", Elements())
    again.restore(load_site(site().encode(), "s", SINCE).resolved)
    assert again.records == (RECORD,)
    assert kernel() == [1, 1, 1]  # the site adds the device's IPv6 address


@pytest.mark.netns
def test_release_takes_out_what_nobody_else_needs(listed: Quarantine) -> None:
    both = ("10.20.20.11", "10.20.20.12")
    other = dataclasses.replace(RECORD, device="other", mac="02:00:00:20:20:12", addresses=both)
    listed.enter(RECORD)
    listed.enter(other)
    listed.remove([other])
    assert kernel() == [1, 1, 0]
    listed.remove([RECORD])
    assert kernel() == [0, 0, 0]


@pytest.mark.netns
def test_what_was_put_into_the_sets_by_hand_goes(listed: Quarantine) -> None:
    KernelNft().load("add element inet clinicgate quarantine4 { 10.20.20.99 }")
    listed.restore(None)
    assert kernel() == [0, 0, 0]


@pytest.mark.netns
def test_the_same_device_twice_is_one_record_that_knows_everything(listed: Quarantine) -> None:
    listed.enter(RECORD)
    later = dataclasses.replace(RECORD, device="", addresses=("10.20.20.12",), reason="again", since=datetime.now(UTC))
    listed.enter(later)
    (record,) = listed.records
    assert (record.device, record.addresses, record.since) == ("reception-1", ("10.20.20.11", "10.20.20.12"), SINCE)


def test_an_address_alone_finds_its_mac() -> None:
    record = Quarantined("", "", ("10.20.20.11",), "", "", SINCE)
    seen = [Neighbour(ip_address(a), MAC, 3) for a in ("10.20.20.11", "fe80::1")]
    found = quarantine.with_neighbours(record, seen)
    assert (found.mac, found.addresses) == (MAC, ("10.20.20.11", "fe80::1"))


@pytest.mark.parametrize("bad", [{}, {"mac": "zz"}, {"addresses": ["x"]}, {"since": "x"}, {"addresses": 5}, {"mac": 5}])
def test_a_record_that_cannot_be_read_does_not_take_the_others_along(tmp_path: Path, bad: dict) -> None:
    file = tmp_path / "q.json"
    good = quarantine.as_dict(RECORD)
    broken = {"device": "x"} if not bad else {**good, **bad}
    quarantine.durable.write_json(file, {"quarantine": [broken, good]})
    assert quarantine.read(file) == (RECORD,)


@pytest.mark.parametrize("value", ["null", "5", '[{"device": ["x"]}]', '[[], 1, {"mac": null}]', '{"a": 1}'])
def test_a_list_of_the_wrong_shape_isolates_nobody_and_stops_nothing(tmp_path: Path, value: str) -> None:
    file = tmp_path / "quarantine.json"
    file.write_text(f'{{"quarantine": {value}}}')
    assert quarantine.read(file) == ()
