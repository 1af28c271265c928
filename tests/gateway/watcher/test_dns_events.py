"""The resolver's datagrams are checked field by field; a wrong one is refused whole."""

import json
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.watcher.dns_events import COLUMNS, MAX_DATAGRAM, MAX_ROWS, DnsReport, Told, UnreadableError, read_report

NOW = 1_800_000_000.0
ROWS: dict[str, list[object]] = {
    "dns_blocked": ["10.20.20.11", "bad.example", "A", "nxdomain", "listed", "malware", "bad.example", 3],
    "dns_log": ["pc", "", "www.example", "forward", "not_listed", "", "", 3],
    "dns_verdicts": ["pc", "forward", "not_listed", 3],
    "dns_lists": ["pc", "malware", 3],
    "dns_clients": ["10.20.20.11", 3],
    "dns_latency": [2, 3],
    "dns_resolved": ["pc", "192.0.2.1", 1],
    "dns_stun": ["10.20.20.11", 3],
}


def read(kind: str = "dns_blocked", row: object = None, **changes: object) -> DnsReport:
    message = {"kind": kind, "at": NOW - 1, "lost": 2, "entries": [ROWS[kind] if row is None else row], **changes}
    return read_report(json.dumps(message).encode(), NOW)


def test_a_good_report_of_each_kind():
    assert set(ROWS) == set(COLUMNS)
    assert {kind: read(kind).rows[0] for kind in ROWS} == {
        "dns_blocked": Told(
            3, "", ip_address("10.20.20.11"), "bad.example", "A", "nxdomain", "listed", "malware", "bad.example"
        ),
        "dns_log": Told(3, "pc", None, "www.example", "", "forward", "not_listed"),
        "dns_verdicts": Told(3, "pc", action="forward", reason="not_listed"),
        "dns_lists": Told(3, "pc", list="malware"),
        "dns_clients": Told(3, client=ip_address("10.20.20.11")),
        "dns_latency": Told(3, bucket=2),
        "dns_resolved": Told(1, "pc", address=ip_address("192.0.2.1")),
        "dns_stun": Told(3, client=ip_address("10.20.20.11")),
    }
    assert (read().at, read().lost, read().kind) == (NOW - 1, 2, "dns_blocked")


@pytest.mark.parametrize("at", [0, NOW + 7200, "soon", True, None, float("inf"), float("nan")])
def test_a_strange_time_becomes_now(at: object):
    assert read(at=at).at == NOW


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("wrong", [None, [], {}, True, -1, 10**12, 1.5, "x" * 2000, ["x"]])
def test_a_wrong_field_refuses_the_datagram(kind: str, wrong: object):
    for column in range(len(ROWS[kind])):
        row = [*ROWS[kind][:column], wrong, *ROWS[kind][column + 1 :]]
        with pytest.raises(UnreadableError):
            read(kind, row)


@pytest.mark.parametrize(
    "changes",
    [
        {"entries": None}, {"entries": {}},
        {"entries": [[]]}, {"entries": ["dns"]}, {"entries": [ROWS["dns_lists"]]}, {"lost": -1}, {"lost": "many"},
        {"entries": [ROWS["dns_blocked"]] * (MAX_ROWS + 1)},
    ],
)  # fmt: skip
def test_a_wrong_frame_refuses_the_datagram(changes: dict):
    with pytest.raises(UnreadableError):
        read(**changes)


@pytest.mark.parametrize("kind", ["dns_allowed", "", None, ["dns_log"], {}, 1])
def test_an_unknown_kind_refuses_the_datagram(kind: object):
    with pytest.raises(UnreadableError):
        read_report(json.dumps({"kind": kind, "at": NOW, "lost": 0, "entries": []}).encode(), NOW)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 5000, b" " * (MAX_DATAGRAM + 1), b"1e999"])
def test_what_is_no_object_is_refused(data: bytes):
    with pytest.raises(UnreadableError):
        read_report(data, NOW)


def test_half_a_character_does_not_reach_the_store():
    assert read("dns_log", ["pc", "", "\ud800.example", "forward", "granted", "", "", 1]).rows[0].name == "?.example"


@given(
    st.sampled_from(sorted(ROWS)),
    st.lists(st.none() | st.integers() | st.text() | st.lists(st.text()), max_size=9) | st.none() | st.text(),
)
def test_nothing_but_the_one_error(kind: str, row: object):
    try:
        report = read(kind, row)
    except UnreadableError:
        return
    assert all(told.count >= 0 for told in report.rows)
