"""The whole watcher beside the real enforcer: it is handed the new connections, and tells of a call's STUN."""

import time

import pytest

from gateway.events import Kind
from gateway.report import summary
from tests.gateway.watcher.world import ended, said, world

pytestmark = pytest.mark.netns


def test_new_connections_are_handed_over_and_a_calls_stun_is_an_event_once() -> None:
    with world() as clinic:
        clinic.enforcer()
        watcher = clinic.watcher()
        said(watcher, "new connections are followed")
        for count in (3, 4):
            clinic.report(kind="dns_stun", at=time.time(), lost=0, entries=[["10.10.20.11", count]])
        clinic.report(kind="dns_resolved", at=time.time(), lost=0, entries=[["pc", "203.0.113.7", 1]])
        assert ended(watcher) == 0
        past = summary(clinic.paths.events_database, time.time())
        calls = [(event.subject, event.detail) for event in past.happenings if event.kind is Kind.STUN_ON_DNS]
        assert calls == [("reception-1", "STUN, udp/53")]
        assert past.losses == ()
