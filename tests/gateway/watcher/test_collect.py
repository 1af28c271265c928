"""Datagrams become events; what cannot be read is counted, never dropped in silence."""

import json
from datetime import UTC

import pytest

from gateway.events import LossCause
from gateway.store.batch import day_in
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


def test_a_name_becomes_an_event_and_the_resolvers_losses_count(collector: Collector):
    report = {"kind": "dns_blocked", "at": NOW, "client": "10.20.20.11", "name": "bad.example", "qtype": "AAAA"}
    collector.dns(json.dumps({**report, "list": "malware", "count": 5, "lost": 2}).encode(), NOW)
    collector.dns(b"{", NOW)
    ((key, tally),) = collector.batch.rows.items()
    assert (key.kind, key.destination, key.service, key.rule) == ("name_blocked", "bad.example", "AAAA", "list:malware")
    assert tally.count == 5
    assert losses(collector) == {LossCause.RESOLVER: 2, LossCause.DATAGRAM_UNREADABLE: 1}


def test_taking_the_batch_leaves_an_empty_one(collector: Collector):
    collector.packets(record(0), NOW)
    assert len(collector.take().rows) == 1
    assert not collector.batch
