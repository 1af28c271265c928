"""Service records: read as RFC 9460 writes them, and without the encrypted hello afterwards."""

from ipaddress import ip_address

import dns.rdata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import dns_svcb
from filters.dns_svcb import BadSvcbError
from tests.filters.dns_tools import name


def rdata(text: str) -> bytes:
    return dns.rdata.from_text("IN", "HTTPS", text).to_wire()


def shown(data: bytes) -> str:
    return str(dns.rdata.from_wire("IN", "HTTPS", data, 0, len(data)))


FULL = (
    '1 . mandatory="alpn,ech" alpn="h2,h3" ipv4hint="192.0.2.1,192.0.2.2" ech="AApzZWNyZXQtZWNo" ipv6hint="2001:db8::1"'
)


def test_ech_goes_and_everything_else_stays_in_order() -> None:
    new = dns_svcb.without_ech(dns_svcb.read(rdata(FULL)))
    assert new is not None
    wanted = '1 . mandatory="alpn" alpn="h2,h3" ipv4hint="192.0.2.1,192.0.2.2" ipv6hint="2001:db8::1"'
    assert shown(new) == shown(rdata(wanted))
    only = dns_svcb.without_ech(dns_svcb.read(rdata('1 svc.example. mandatory="ech" ech="AApzZWNyZXQtZWNo"')))
    assert only is not None
    assert shown(only) == "1 svc.example."


def test_a_record_without_ech_is_left_alone() -> None:
    assert dns_svcb.without_ech(dns_svcb.read(rdata('1 . alpn="h3"'))) is None


def test_hints_targets_and_aliases_are_read() -> None:
    found = dns_svcb.read(rdata(FULL))
    assert [str(one) for one in found.hints] == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert (found.alias, found.target) == (False, b"\0")
    alias = dns_svcb.read(rdata("0 Pool.Svc.example."))
    assert (alias.alias, alias.target) == (True, name("pool.svc.example"))
    assert ip_address("192.0.2.1") in found.hints


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\1",
        b"\0\1\0\0\1",
        b"\0\1\0\0\1\0\5abc",
        b"\0\1\0\0\3\0\0\0\1\0\0",  # keys fall
        b"\0\1\0\0\3\0\0\0\3\0\0",  # a key twice
        b"\0\1\0\0\4\0\3abc",  # not a whole address
        b"\0\1\0\0\6\0\0",
        b"\0\1\xc0\x0c",
    ],
)
def test_malformed_records_are_named_as_such(data: bytes) -> None:
    with pytest.raises(BadSvcbError):
        dns_svcb.read(data)


@given(st.binary(max_size=80))
def test_anything_is_read_or_refused_and_never_keeps_ech(data: bytes) -> None:
    try:
        found = dns_svcb.read(b"\0\1\0" + data)
    except BadSvcbError:
        return
    new = dns_svcb.without_ech(found)
    assert found.hints is not None
    assert new is None or all(key != dns_svcb.ECH for key, _ in dns_svcb.read(new).params)
