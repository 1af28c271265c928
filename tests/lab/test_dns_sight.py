"""A video call's STUN to port 53 of a stranger comes to the resolver, and is named for what it is."""

import socket
import time

import pytest

from gateway.events import Kind
from gateway.report import summary

pytestmark = pytest.mark.netns
BINDING = bytes.fromhex("000100002112a442") + b"transaction!"
PATIENCE = 60.0


def calls(names_clinic) -> list[str]:
    """The devices whose calls were told."""
    past = summary(names_clinic.folder.gateway.events_database, time.time())
    return [event.subject for event in past.happenings if event.kind is Kind.STUN_ON_DNS]


def test_a_calls_stun_is_an_event_of_its_device(names_clinic):
    with names_clinic.inside("reception-1"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as call:
        call.settimeout(1.0)
        until = time.monotonic() + PATIENCE
        while not calls(names_clinic):
            assert time.monotonic() < until, "no event"
            call.sendto(BINDING, ("198.51.100.7", 53))
            with pytest.raises(TimeoutError):
                call.recv(512)
    assert calls(names_clinic) == ["reception-1"]
