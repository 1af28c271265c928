"""Pins over a real Unix socket: before the answer, by client, and what happens when the enforcer fails."""

import threading
from pathlib import Path
from typing import Any

import dns.rcode
import pytest

from filters.dns_exchange import Timing
from gateway.wire import BUSY, CommandRefused
from tests.gateway.resolver.world import CLIENT, GUEST, OTHER, Authority, FakeEnforcer, Running, answers, config


@pytest.fixture
def zoom(running: Running, authority: Authority) -> Running:
    authority.records["eu.zoom.example"] = ["192.0.2.7", "192.0.2.8"]
    return running


def pins(enforcer: FakeEnforcer) -> list[dict[str, Any]]:
    return [args for command, args in enforcer.calls if command == "pin"]


def test_the_answer_leaves_after_the_pin_and_a_cache_hit_pins_for_its_own_client(
    zoom: Running, enforcer: FakeEnforcer
) -> None:
    enforcer.answers["pin"] = lambda args: {}
    assert answers(zoom.ask("eu.zoom.example")) == ["192.0.2.7", "192.0.2.8"]
    assert pins(enforcer) == [
        {"client": CLIENT, "addresses": ["192.0.2.7", "192.0.2.8"], "ttl": 360, "name": "eu.zoom.example"}
    ]
    zoom.ask("eu.zoom.example", source=OTHER)
    zoom.ask("eu.zoom.example")
    assert [pin["client"] for pin in pins(enforcer)] == [CLIENT, OTHER]


def test_the_answer_really_waits_for_the_acknowledgement(
    tmp_path: Path, enforcer: FakeEnforcer, authority: Authority
) -> None:
    asked, go, order = threading.Event(), threading.Event(), []

    def pin(args: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        go.wait(10)
        order.append("pinned")
        return {}

    enforcer.answers["pin"] = pin
    authority.records["eu.zoom.example"] = ["192.0.2.7"]
    running = Running(tmp_path, Timing(pin=10.0))
    try:
        assert running.adopt(config(authority))
        client = threading.Thread(target=lambda: (running.ask("eu.zoom.example"), order.append("answered")))
        client.start()
        assert asked.wait(10)
        assert answers(running.ask("www.example")) == ["192.0.2.1"], "others do not wait"
        assert order == []
        go.set()
        client.join(10)
        assert order == ["pinned", "answered"]
    finally:
        go.set()
        running.close()


def test_clients_without_the_grant_cause_no_pin(zoom: Running, enforcer: FakeEnforcer) -> None:
    assert len(answers(zoom.ask("eu.zoom.example", source=GUEST))) == 2
    assert pins(enforcer) == []


def test_a_refused_pin_lets_the_answer_go_and_is_told_once(
    zoom: Running, enforcer: FakeEnforcer, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(args: dict[str, Any]) -> dict[str, Any]:
        raise CommandRefused(BUSY, "an apply is under way")

    enforcer.answers["pin"] = refuse
    assert len(answers(zoom.ask("eu.zoom.example"))) == 2
    assert "an apply is under way" in capfd.readouterr().err
    assert zoom.resolver.session.counters.pins_failed == 1


def test_without_an_enforcer_the_answer_still_comes(zoom: Running) -> None:
    assert len(answers(zoom.ask("eu.zoom.example"))) == 2


def test_a_silent_enforcer_delays_the_answer_by_the_bound_only(zoom: Running, enforcer: FakeEnforcer) -> None:
    go = threading.Event()
    enforcer.answers["pin"] = lambda args: {"waited": go.wait(10)}
    try:
        message = zoom.ask("eu.zoom.example")
        assert (message.rcode(), len(answers(message))) == (dns.rcode.NOERROR, 2)
        assert message.time < 5
        assert zoom.resolver.session.counters.pins_failed == 1
    finally:
        go.set()
