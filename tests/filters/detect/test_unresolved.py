"""A device that talks to addresses never resolved here: when it is a finding, and when it is none."""

from ipaddress import ip_address, ip_network

import pytest

from filters.detect.finding import Finding, Why
from filters.detect.unresolved import (
    GRACE,
    KEEP,
    MANY,
    MAX_CONTACTS,
    MAX_DEVICES,
    MAX_KNOWN,
    MAX_WAITING,
    QUARTER,
    SETTLE,
    WITHIN,
    Flow,
    Scope,
    Unresolved,
)
from filters.dns_resolved import RETELL

BEGAN = 1_800_000_000.0
START = BEGAN + GRACE
DAY, NEXT = "2027-01-15", "2027-01-16"
SCOPE = Scope(frozenset({"pc"}), (ip_network("198.51.100.0/24"),))


def flow(
    last: int, device: str = "reception-1", zone: str = "pc", service: str = "tcp/443", net: str = "203.0.113"
) -> Flow:
    return Flow(zone, device, ip_address(f"{net}.{last}"), service)


def made() -> Unresolved:
    return Unresolved(BEGAN, SCOPE)


def many(detector: Unresolved, at: float = START, count: int = MANY, **more: str) -> list[Finding]:
    for last in range(1, count + 1):
        detector.flow(flow(last, **more), at)
    return detector.judge(at + SETTLE, DAY)


def test_many_unknown_addresses_are_one_finding_a_day() -> None:
    detector = made()
    assert many(detector, count=MANY - 1) == []
    (found,) = many(detector)
    assert (found.why, found.zone, found.device, found.count) == (Why.UNRESOLVED_MANY, "pc", "reception-1", MANY)
    assert found.seen[0] == "203.0.113.1 tcp/443"
    assert many(detector, START + 60) == []
    (other,) = many(detector, device="reception-2")
    assert other.device == "reception-2"
    detector.flow(flow(1), START + 120)
    assert [one.device for one in detector.judge(START + 120 + SETTLE, NEXT)] == ["reception-1"]


def test_what_was_resolved_for_its_zone_is_no_matter_also_when_the_report_comes_second() -> None:
    detector = made()
    for last in range(1, MANY + 1):
        detector.flow(flow(last), START)
    assert detector.judge(START + 4, DAY) == [], "its report may be on the way"
    detector.resolved("pc", [ip_address("203.0.113.3")], START + 4)
    assert detector.judge(START + SETTLE, DAY) == []


def test_what_is_resolved_later_does_not_count_any_more() -> None:
    detector = made()
    assert many(detector, count=MANY - 1) == []
    detector.resolved("pc", [ip_address("203.0.113.3")], START + 60)
    detector.flow(flow(MANY), START + 60)
    assert detector.judge(START + 60 + SETTLE, DAY) == []
    detector.flow(flow(MANY + 1), START + 70)
    assert [found.count for found in detector.judge(START + 70 + SETTLE, DAY)] == [MANY]


def test_an_address_resolved_for_another_zone_does_not_count() -> None:
    detector = made()
    detector.resolved("srv", [ip_address(f"203.0.113.{last}") for last in range(1, MANY + 1)], START - 10)
    assert len(many(detector)) == 1


def test_an_address_in_use_stays_known_and_an_old_one_does_not() -> None:
    detector = made()
    detector.resolved("pc", [ip_address(f"203.0.113.{last}") for last in range(1, MANY + 1)], START)
    assert many(detector, START + KEEP - 10) == []
    assert many(detector, START + 2 * KEEP - 20) == [], "its use renewed it"
    assert len(many(detector, START + 3 * KEEP)) == 1


def test_one_address_again_and_again_is_a_finding() -> None:
    detector = made()
    found: list[Finding] = []
    for quarter in range(4):
        assert found == []
        for _ in range(3):
            detector.flow(flow(9), START + quarter * QUARTER)
            found += detector.judge(START + quarter * QUARTER + SETTLE, DAY)
    assert [(one.why, one.count, one.seen) for one in found] == [(Why.UNRESOLVED_STEADY, 1, ("203.0.113.9 tcp/443",))]


def test_now_and_then_is_none() -> None:
    detector = made()
    for times in range(20):
        detector.flow(flow(9), START + times * 2 * WITHIN)
        detector.flow(flow(10 + times), START + times * WITHIN / 2)
        assert detector.judge(START + times * 2 * WITHIN + SETTLE, DAY) == []


@pytest.mark.parametrize(
    "more", [{"zone": "guest"}, {"net": "198.51.100"}, {"service": "udp/123"}], ids=["zone", "exempt", "time"]
)
def test_what_the_scope_leaves_out_is_not_judged(more: dict[str, str]) -> None:
    assert many(made(), **more) == []


def test_nothing_is_judged_before_everything_known_was_heard() -> None:
    assert GRACE > RETELL
    assert many(made(), START - 1) == []
    detector = made()
    detector.missed(START)
    assert many(detector, START + GRACE - 1) == []
    assert len(many(detector, START + GRACE)) == 1


def test_every_table_is_bounded() -> None:
    detector = made()
    for number in range(MAX_WAITING + 7):
        detector.flow(flow(number % 250), START)
    assert detector.unjudged == 7
    detector.judge(START + SETTLE, DAY)
    assert {len(contacts) for contacts in detector._devices.values()} == {MAX_CONTACTS}
    for number in range(MAX_DEVICES + 5):
        many(detector, START, device=f"d{number}")
    assert len(detector._devices) == len(detector._told) == MAX_DEVICES
    first = int(ip_address("203.0.0.0"))
    detector.resolved("pc", [ip_address(first + number) for number in range(MAX_KNOWN + 5)], START)
    detector.resolved("guest", [ip_address(first)], START)
    assert {zone: len(known) for zone, known in detector._known.items()} == {"pc": MAX_KNOWN}
    detector.use(Scope(frozenset({"guest"})))
    assert detector._known == {}
