"""Packing and unpacking netlink, and what the socket makes of the kernel's answers."""

import errno
import os

import pytest

from gateway.netlink import (
    F_DUMP,
    NETLINK_ROUTE,
    Netlink,
    NetlinkError,
    attribute,
    attributes,
    message,
    messages,
    nested,
)

GET_LINK = 18


def test_attributes_survive_the_way_whatever_their_length() -> None:
    packed = b"".join(attribute(kind, b"x" * size) for kind, size in ((1, 0), (2, 1), (3, 3), (4, 4), (5, 65_000)))
    assert [(kind, len(payload)) for kind, payload in attributes(packed)] == [
        (1, 0),
        (2, 1),
        (3, 3),
        (4, 4),
        (5, 65_000),
    ]


def test_nested_attributes_come_back_inside_their_parent() -> None:
    ((kind, content),) = attributes(nested(7, attribute(1, b"a"), attribute(2, b"b")))
    assert (kind, list(attributes(content))) == (7, [(1, b"a"), (2, b"b")])


def test_messages_survive_the_way() -> None:
    data = message(16, F_DUMP, 5, b"abcd") + message(17, 0, 6, b"")
    assert [(kind, sequence, body) for kind, _, sequence, body in messages(data)] == [(16, 5, b"abcd"), (17, 6, b"")]


@pytest.mark.parametrize("cut", range(0, 24, 3))
def test_cut_and_random_bytes_end_quietly(cut: int) -> None:
    data = message(16, 0, 5, attribute(1, b"abcd"))[:cut] + os.urandom(cut)
    assert all(isinstance(body, bytes) for _, _, _, body in messages(data))
    assert all(len(payload) <= len(data) for _, payload in attributes(data))


@pytest.mark.netns
def test_a_dump_lists_the_loopback_of_a_new_namespace(net) -> None:
    with Netlink(NETLINK_ROUTE) as netlink:
        assert len(list(netlink.dump(GET_LINK, bytes(16), "links"))) >= 1


@pytest.mark.netns
def test_a_refusal_names_what_was_asked_and_the_cause(net) -> None:
    with (
        Netlink(NETLINK_ROUTE) as netlink,
        pytest.raises(NetlinkError, match="deleting link 999: No such device") as bad,
    ):
        netlink.request(17, 0, b"\0\0\0\0" + (999).to_bytes(4, "little") + bytes(8), "deleting link 999")
    assert bad.value.errno == errno.ENODEV
