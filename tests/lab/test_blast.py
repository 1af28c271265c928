"""The bench's loads over loopback: what arrives is what is counted."""

import os
import socket

import pytest

from gateway.lab import netns
from gateway.lab.blast import received_packets, small_packets, stream
from gateway.lab.build import run_batch

pytestmark = pytest.mark.netns


@pytest.fixture
def loopback():
    made = netns.make()
    with netns.inside(made):
        run_batch(["link set lo up"])
    yield made
    os.close(made)


def test_a_stream_is_measured_at_its_end(loopback):
    before = os.sched_getaffinity(0)
    with netns.open_socket(loopback, socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def connect():
            sender = netns.open_socket(loopback, socket.AF_INET, socket.SOCK_STREAM)
            sender.connect(listener.getsockname())
            return sender

        assert stream(listener, connect, 0.05) > 1e6
    assert os.sched_getaffinity(0) == before


def test_small_packets_are_counted_where_they_arrive(loopback):
    with (
        netns.open_socket(loopback, socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        netns.open_socket(loopback, socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        sender.connect(receiver.getsockname())

        def arrived():
            with netns.inside(loopback):
                return received_packets("lo")

        before = arrived()
        rate = small_packets(sender, 18, 0.05, arrived)
        assert rate > 1e3
        assert (arrived() - before) % 64 == 0
        assert receiver.recv(100) == bytes(18)


def test_an_interface_that_is_not_there_is_named(loopback):
    with netns.inside(loopback), pytest.raises(OSError, match="no interface eth7"):
        received_packets("eth7")
