"""The log socket: it tells of refused packets, belongs to one reader, and is free again when that one ends."""

import socket

import pytest

from gateway.enforcer.kernel_nft import KernelNft
from gateway.enforcer.nflog import COPY_RANGE, is_taken, open_log
from gateway.netlink import NetlinkError, attributes, messages

pytestmark = pytest.mark.netns
LOG = """add table inet t
add chain inet t i { type filter hook input priority 0; }
add rule inet t i udp dport 9 log prefix "core:refused:pc " group 5 drop
"""
PAYLOAD, PREFIX, SEQUENCE = 9, 10, 12


def test_a_refused_packet_is_told_with_prefix_number_and_its_first_bytes(net) -> None:
    KernelNft().load(LOG)
    with open_log() as log, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        log.settimeout(5)
        sender.sendto(b"x" * 500, ("127.0.0.1", 9))
        ((_, _, _, body),) = messages(log.recv(65536))
        found = dict(attributes(body[4:]))
    assert found[PREFIX] == b"core:refused:pc \0"
    assert len(found[PAYLOAD]) == COPY_RANGE
    assert found[SEQUENCE] == bytes(4)


def test_the_group_has_one_reader_and_is_free_when_it_ends(net) -> None:
    log = open_log()
    with pytest.raises(NetlinkError) as refused:
        open_log()
    assert is_taken(refused.value)
    log.close()
    open_log().close()
