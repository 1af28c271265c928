"""The listening sockets: one of each kind for each address of ours, so that an answer leaves from the address asked.

May live here: making sockets. May not: reading from them (udp.py, tcp.py).
"""

import socket
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address
# linux/in.h and linux/in6.h; not in Python's socket module. They allow binding before the address is there (a VLAN that
# comes up later, IPv6 duplicate address detection) and need no privilege.
IP_FREEBIND = 15
IPV6_FREEBIND = 78
RECEIVE_BUFFER = 1 << 20  # octets asked for: a burst waits here while a new configuration is taken over
BACKLOG = 64


def listen(address: Address, port: int, kind: socket.SocketKind) -> socket.socket:
    """A non-blocking socket bound to `address`; listening when `kind` is SOCK_STREAM. Raises OSError."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    made = socket.socket(family, kind)
    try:
        made.setblocking(False)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        else:
            made.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        made.bind((str(address), port))
        if kind == socket.SOCK_STREAM:
            made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    return made
