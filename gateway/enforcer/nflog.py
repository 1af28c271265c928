"""The socket on which the kernel tells of refused packets (NFLOG group 5), made here and handed to the watcher.

Messages: linux/netfilter/nfnetlink_log.h. The group belongs to one socket at a time; the enforcer closes its own copy
after handing it over, so a watcher that ends frees the group.

May live here: opening and setting up that socket. May not: reading a packet.
"""

import errno
import socket
import struct

from gateway.netlink import (
    NETLINK_NETFILTER,
    SO_RCVBUFFORCE,
    Netlink,
    NetlinkError,
    attribute,
    netfilter_header,
)

GROUP = 5
COPY_RANGE = 128  # bytes of each packet: enough for IPv6, its ports and the start of a payload
RECEIVE_BUFFER = 4 << 20
CONFIG = 4 << 8 | 1
CFG_COMMAND, CFG_MODE, CFG_TIMEOUT, CFG_FLAGS = 1, 2, 4, 6
BIND, COPY_PACKET = 1, 2
FLAG_SEQUENCE = 1
FLUSH_AFTER = 10  # hundredths of a second the kernel may keep a datagram back to fill it
NETLINK_NO_ENOBUFS, SOL_NETLINK = 5, 270


def open_log(group: int = GROUP) -> socket.socket:
    """A bound NFLOG socket: sequence numbers on, so that the reader can count what was lost. Raises NetlinkError.

    EBUSY or, from nfnetlink_log itself, EPERM means that another socket reads the group: see `is_taken`.
    """
    netlink = Netlink(NETLINK_NETFILTER)
    try:
        netlink.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        netlink.socket.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
        mode = struct.pack(">IBx", COPY_RANGE, COPY_PACKET)
        for kind, value, what in (
            (CFG_COMMAND, struct.pack(">B", BIND), "binding"),
            (CFG_MODE, mode, "setting the copy range of"),
            (CFG_TIMEOUT, struct.pack(">I", FLUSH_AFTER), "setting the delay of"),
            (CFG_FLAGS, struct.pack(">H", FLAG_SEQUENCE), "numbering"),
        ):
            payload = netfilter_header(socket.AF_UNSPEC, group) + attribute(kind, value)
            netlink.request(CONFIG, 0, payload, f"{what} NFLOG group {group}")
    except BaseException:
        netlink.close()
        raise
    return netlink.socket


def is_taken(error: NetlinkError) -> bool:
    return error.errno in {errno.EBUSY, errno.EPERM}
