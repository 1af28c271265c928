"""Datagrams become events; what cannot be read is counted, never dropped in silence."""

import json
from datetime import UTC

import pytest

from gateway.events import LossCause
from gateway.store.batch import day_in
from gateway.store.names_batch import Detail
from gateway.watcher.collect import Collector
from gateway.watcher.sources import Directory
from tests.filters.test_packets import SYN, ipv4
from tests.gateway.watcher.test_nflog import attribute, message

NOW = 1_800_000_000.0


@pytest.fixture
def collector() -> Collector:
    return Collector(Directory(None, lambda _: ""), day_in(UTC))


def record(number: int, payload: bytes = ipv4(6, SYN)) -> bytes:
    return message(
        b"\2\0\0\5"
        + attribute(10, b"core:refused:cam \0")
        + attribute(4, (2).to_bytes(4, "big"))
        + attribute(9, payload)
        + attribute(12, number.to_bytes(4, "big"))
    )


def losses(collector: Collector) -> dict[LossCause, int]:
    return {cause: tally.count for (_, cause), tally in collector.batch.losses.items()}


def test_a_packet_becomes_an_event(collector: Collector):
    collector.packets(record(0) + record(1), NOW)
    ((key, tally),) = collector.batch.rows.items()
    assert (key.kind, key.destination, key.service, key.rule) == (
        "packet_refused", "198.51.100.7", "tcp/443", "core:refused:cam",
    )  # fmt: skip
    assert (tally.count, losses(collector)) == (2, {})


def test_gaps_and_garbage_are_counted(collector: Collector):
    collector.packets(record(0) + record(4) + record(5, b"\x99 no packet") + b"\1\2", NOW)
    collector.overflow(NOW)
    assert losses(collector) == {
        LossCause.KERNEL_GAP: 3,
        LossCause.RECORD_UNREADABLE: 2,
        LossCause.KERNEL_OVERFLOW: 1,
    }


def test_a_new_log_starts_its_numbers_anew(collector: Collector):
    collector.packets(record(0), NOW)
    collector.new_log()
    collector.packets(record(7), NOW)
    assert losses(collector) == {}


def told(kind: str, *rows: list[object], lost: int = 0) -> bytes:
    return json.dumps({"kind": kind, "at": NOW, "lost": lost, "entries": rows}).encode()


BLOCKED = ["10.20.20.11", "bad.example", "AAAA", "nxdomain", "listed", "malware", "||bad^", 5]


@pytest.mark.parametrize(("detail", "name"), [("off", ""), ("zone", "bad.example"), ("device", "bad.example")])
def test_a_blocked_name_becomes_an_event_and_a_line_as_far_as_the_switch_allows(
    collector: Collector, detail: Detail, name: str
):
    collector.use(collector.directory, collector.batch.day_of, detail)
    collector.dns(told("dns_blocked", BLOCKED, lost=2), NOW)
    collector.dns(b"{", NOW)
    ((key, tally),) = collector.batch.rows.items()
    assert (key.kind, key.destination, key.rule) == ("name_blocked", name, "list:malware")
    assert (key.service, tally.count) == ("AAAA" if name else "", 5)
    assert [(k.name, k.reason, k.list, a.rule) for k, a in collector.names.names.items()] == (
        [("bad.example", "listed", "malware", "||bad^")] if name else []
    )
    assert losses(collector) == {LossCause.RESOLVER: 2, LossCause.DATAGRAM_UNREADABLE: 1}


def test_a_minute_of_the_resolver_becomes_totals_and_lines(collector: Collector):
    collector.dns(told("dns_verdicts", ["pc", "forward", "not_listed", 3]), NOW)
    collector.dns(told("dns_lists", ["pc", "malware", 4]), NOW)
    collector.dns(told("dns_latency", [2, 5], [12, 1], [77, 1]), NOW)
    collector.dns(told("dns_clients", ["10.20.20.11", 9]), NOW)
    collector.dns(told("dns_log", ["pc", "", "www.example", "forward", "not_listed", "", "", 3], lost=6), NOW)
    day = "2027-01-15"
    taken = collector.take_names()
    assert taken.answered == {(day, "pc", "forward", "not_listed"): 3}
    assert taken.listed == {(day, "pc", "malware"): 4}
    assert taken.latency == {(day, 5): 5, (day, 0): 2}
    assert taken.clients == {}, "the switch says zone"
    assert [key[1:4] for key in taken.names] == [("pc", "", "www.example")]
    assert losses(collector) == {LossCause.LOG_FULL: 6}
    assert not collector.names


def test_taking_the_batch_leaves_an_empty_one(collector: Collector):
    collector.packets(record(0), NOW)
    assert len(collector.take().rows) == 1
    assert not collector.batch
