"""New connections as the kernel tells them, as real bytes and as anything else."""

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.detect.unresolved import Flow
from gateway.applied import AppliedSite
from gateway.netlink import attribute, message, nested
from gateway.watcher.flows import NEW, Connection, flow_of, read_connections, scope_of
from gateway.watcher.sources import Directory
from ruleset.load import load_site

SITE = Path(__file__).parents[3] / "ruleset" / "examples" / "naika-clinic.yaml"
RESOLVED = load_site(SITE.read_bytes(), str(SITE), datetime(2026, 12, 1, tzinfo=UTC)).resolved
assert RESOLVED is not None
DIRECTORY = Directory(AppliedSite(1, RESOLVED), lambda index: "")


def event(source: str, destination: str, protocol: int = 6, port: int = 443, kind: int = NEW) -> bytes:
    ends = [ip_address(text) for text in (source, destination)]
    first = 1 if ends[0].version == 4 else 3
    ip = nested(1, *(attribute(first + at, end.packed) for at, end in enumerate(ends)))
    ports = attribute(1, bytes((protocol,))) + attribute(2, b"\x80\0") + attribute(3, port.to_bytes(2, "big"))
    reply = nested(2, nested(1, attribute(1, bytes(4)), attribute(2, bytes(4))))
    return message(kind, 0, 0, bytes((2, 0, 0, 0)) + nested(1, ip, nested(2, ports)) + reply)


def connection(source: str, destination: str, service: str = "tcp/443") -> Connection:
    return Connection(ip_address(source), ip_address(destination), service)


@pytest.mark.parametrize("ends", [("10.10.20.11", "203.0.113.7"), ("2001:db8::1", "2001:db8:ffff::7")])
def test_the_original_direction_is_read(ends: tuple[str, str]) -> None:
    data = event(*ends) + event(*ends, protocol=17, port=123)
    assert read_connections(data) == ([connection(*ends), connection(*ends, "udp/123")], 0)


def test_what_is_no_new_connection_is_left_out_and_what_is_broken_counted() -> None:
    assert read_connections(event("10.0.0.1", "203.0.113.7", kind=NEW + 2)) == ([], 0)
    assert read_connections(event("10.0.0.1", "203.0.113.7", protocol=1)) == ([], 1)
    assert read_connections(message(NEW, 0, 0, b"\2\0\0\0")) == ([], 1)


@given(st.binary(max_size=200))
def test_nothing_makes_it_fail(data: bytes) -> None:
    for one in (data, message(NEW, 0, 0, data), message(NEW, 0, 0, b"\2\0\0\0" + nested(1, nested(1, data)))):
        found, unreadable = read_connections(one)
        assert unreadable <= 1 + len(data) // 16 and len(found) <= 1


def test_a_device_of_the_clinic_that_leaves_it_is_a_flow() -> None:
    found = flow_of(connection("10.10.20.11", "203.0.113.7"), DIRECTORY)
    assert found == Flow("pc", "reception-1", ip_address("203.0.113.7"), "tcp/443")
    assert flow_of(connection("10.10.20.11", "10.10.30.10"), DIRECTORY) is None, "inside"
    assert flow_of(connection("10.10.20.11", "10.10.20.1"), DIRECTORY) is None, "to the gateway"
    assert flow_of(connection("203.0.113.7", "198.51.100.7"), DIRECTORY) is None, "not from a zone"


def test_the_scope_is_the_clinics_own_devices_and_published_ranges() -> None:
    assert RESOLVED is not None
    scope = scope_of(RESOLVED)
    roles = {segment.name: segment.role for segment in RESOLVED.segments}
    assert {roles[zone] for zone in scope.zones} == set(roles.values()) - {"guest", "staffwifi"}
    assert any(ip_address("3.7.35.1") in network for network in scope.exempt), "a range the vendor of Zoom publishes"
    assert all(network.prefixlen for network in scope.exempt)
