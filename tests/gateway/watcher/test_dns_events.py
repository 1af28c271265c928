"""The resolver's datagrams are checked field by field; a wrong one is refused whole."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.watcher.dns_events import MAX_DATAGRAM, DnsReport, UnreadableError, read_report

NOW = 1_800_000_000.0
GOOD = {
    "kind": "dns_blocked", "at": NOW - 1, "client": "10.20.20.11", "name": "bad.example", "qtype": "A",
    "list": "malware", "line": 12, "reason": "listed", "count": 3, "lost": 2,
}  # fmt: skip


def read(**changes: object) -> DnsReport:
    return read_report(json.dumps({**GOOD, **changes}).encode(), NOW)


def test_a_good_report():
    report = read()
    assert (report.at, str(report.client), report.name) == (NOW - 1, "10.20.20.11", "bad.example")
    assert (report.query_type, report.rule, report.count, report.lost) == ("A", "list:malware", 3, 2)


def test_optional_fields_and_a_reason_without_a_list():
    report = read_report(
        json.dumps({"kind": "dns_blocked", "client": "2001:db8::1", "name": "x", "reason": "canary"}).encode(), NOW
    )
    assert (report.at, report.rule, report.count, report.lost) == (NOW, "dns:canary", 1, 0)


@pytest.mark.parametrize("at", [0, NOW + 7200, "soon", True, None, float("inf"), float("nan")])
def test_a_strange_time_becomes_now(at: object):
    assert read(at=at).at == NOW


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "dns_allowed"), ("client", "10.20.20"), ("client", 5), ("client", None), ("name", ""), ("name", None),
        ("name", "x" * 2000), ("name", ["x"]), ("qtype", 1), ("list", {}), ("count", -1), ("count", 10**9),
        ("count", True), ("count", 1.5), ("lost", "many"), ("reason", 7),
    ],
)  # fmt: skip
def test_a_wrong_field_refuses_the_datagram(field: str, value: object):
    with pytest.raises(UnreadableError):
        read(**{field: value})


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 5000, b" " * (MAX_DATAGRAM + 1), b"1e999"])
def test_what_is_no_object_is_refused(data: bytes):
    with pytest.raises(UnreadableError):
        read_report(data, NOW)


def test_half_a_character_does_not_reach_the_store():
    assert read_report(json.dumps({**GOOD, "name": "\ud800.example"}).encode(), NOW).name == "?.example"


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.none() | st.integers() | st.text() | st.lists(st.text())))
def test_nothing_but_the_one_error(changes: dict):
    try:
        report = read(**changes)
    except UnreadableError:
        return
    assert report.name
    assert report.count >= 0
