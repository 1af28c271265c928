"""DHCP leases as names: what a lease file says, who gets which name, and what hostile devices do not get."""

from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.dns_leases import (
    MAX_LINES,
    NEVER,
    Declared,
    Lease,
    LeasePolicy,
    LeaseZone,
    leased,
    next_end,
    read_leases,
)
from filters.dns_local import LocalHost

NOW = 1_800_000_000.0
LATER = int(NOW) + 3600
PC, PHONE, SCANNER = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"
FILE = f"""{LATER} {PC} 10.20.20.101 Desk-7 01:{PC}
{LATER} {PHONE} 10.20.20.102 * *
duid 00:01:00:01:2b:8e:14:08:02:00:00:00:00:99
{LATER} 12345 2001:db8:20::101 desk-7 00:01:00:01:2b:8e:14:08:{PC}
0 T777 2001:db8:20::102 tablet 00:04:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00
""".encode()
ZONE = LeaseZone("pc", IPv4Address("10.20.20.100"), IPv4Address("10.20.20.199"), (ip_network("2001:db8:20::/64"),))
GUESTS = LeaseZone("guest", IPv4Address("10.20.80.100"), IPv4Address("10.20.80.199"), (), names=False)
POLICY = LeasePolicy(
    (ZONE, GUESTS), (Declared("scanner", "pc", SCANNER), Declared("nas", "srv", "02:00:00:00:00:09")),
    frozenset({ip_address("10.20.20.150")}),
)  # fmt: skip


def lease(address: str, client: str = PC, label: str = "desk", until: float = LATER) -> Lease:
    return Lease(ip_address(address), client, label, until)


def hosts(*leases: Lease, held: dict[str, str] | None = None, now: float = NOW) -> dict[str, list[str]]:
    found = leased(leases, POLICY, held or {}, now)
    return {host.label: [str(address) for address in host.addresses] for host in found.hosts}


def test_both_families_are_read_with_the_mac_that_a_duid_holds() -> None:
    leases, wrong = read_leases(FILE)
    assert wrong == 0
    assert leases == [
        lease("10.20.20.101", PC, "desk-7"),
        lease("10.20.20.102", PHONE, ""),
        lease("2001:db8:20::101", PC, "desk-7"),
        lease("2001:db8:20::102", "duid:00:04:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00", "tablet", NEVER),
    ]
    assert hosts(*leases) == {"desk-7": ["10.20.20.101", "2001:db8:20::101"], "tablet": ["2001:db8:20::102"]}


@pytest.mark.parametrize(
    "name", ["a.b", "-a", "a-", "a_b", "*", "x" * 64, "xn--80ak6aa92e", "$(id)", "a\x00b", "имя", "a'b", "<b>"]
)
def test_a_name_that_is_no_plain_label_is_none(name: str) -> None:
    (found,), wrong = read_leases(f"{LATER} {PC} 10.20.20.101 {name} *".encode())
    assert (found.label, wrong) == ("", 0)


@pytest.mark.parametrize(
    "line",
    ["x", "1 2 3", f"-1 {PC} 10.20.20.1 a *", f"1 {PC} 10.20.20.256 a *", f"1 06-{PC} 10.20.20.1 a *",
     f"1 {PC} 10.20.20.1 a * more", f"1e3 {PC} 10.20.20.1 a *", f"9999999999999 {PC} 10.20.20.1 a *",
     f"1 1 fe80::1 a {PC}", f"1 1 2001:db8::1%eth0 a {PC}", "duid", "\xff\xfe", f"1 {PC} 10.20.20.1 {'a' * 2000} *"],
)  # fmt: skip
def test_a_line_that_is_no_lease_is_counted(line: str) -> None:
    assert read_leases(line.encode("latin-1")) == ([], 1)


def test_more_lines_than_a_clinic_has_are_not_read() -> None:
    leases, wrong = read_leases(f"{LATER} {PC} 10.20.20.101 a *\n".encode() * (MAX_LINES + 5))
    assert (len(leases), wrong) == (MAX_LINES, 5)


@given(st.binary(max_size=200))
def test_nothing_makes_it_fail(data: bytes) -> None:
    leases, wrong = read_leases(data)
    assert len(leases) + wrong <= data.count(b"\n") + 1
    leased(leases, POLICY, {}, NOW)


@pytest.mark.parametrize("label", ["scanner", "nas", "gateway", "wpad", "isatap", "localhost", "autodiscover"])
def test_nobody_takes_a_declared_or_a_reserved_name(label: str) -> None:
    assert hosts(lease("10.20.20.101", PC, label)) == {}


@pytest.mark.parametrize("address", ["10.20.20.99", "10.20.20.200", "10.20.20.150", "192.0.2.1", "2001:db8:21::1"])
def test_only_addresses_that_dhcp_gives_there_have_names(address: str) -> None:
    assert hosts(lease(address)) == {}


def test_guests_have_no_names() -> None:
    assert hosts(lease("10.20.80.101", PC, "nas2")) == {}


def test_a_declared_device_has_its_own_name_in_its_own_zone() -> None:
    found = leased([lease("10.20.20.103", SCANNER, "wpad"), lease("10.20.80.101", SCANNER)], POLICY, {}, NOW)
    assert found.hosts == (LocalHost("scanner", (ip_address("10.20.20.103"),)),)
    assert found.devices == {ip_address("10.20.20.103"): "scanner"}


def test_who_has_a_name_keeps_it_and_else_the_lower_address_gets_it() -> None:
    both = lease("10.20.20.101", PHONE), lease("10.20.20.102", PC)
    assert hosts(*both) == hosts(*reversed(both)) == {"desk": ["10.20.20.101"]}
    assert hosts(*both, held={"desk": PC}) == {"desk": ["10.20.20.102"]}
    assert hosts(both[0], held={"desk": PC}) == {"desk": ["10.20.20.101"]}, "it is gone: the name is free"


def test_the_other_familys_address_joins_only_for_the_same_mac() -> None:
    stranger = lease("2001:db8:20::7", "duid:00:04:aa")
    assert hosts(lease("10.20.20.101"), stranger) == {"desk": ["10.20.20.101"]}


def test_a_lease_that_ended_is_gone() -> None:
    assert hosts(lease("10.20.20.101", until=NOW)) == {}
    assert next_end([lease("10.20.20.101", until=NOW + 5), lease("10.20.20.102", until=NEVER)], NOW) == NOW + 5
    assert next_end([lease("10.20.20.101", until=NOW)], NOW) == NEVER
