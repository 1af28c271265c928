"""The two sockets the watcher reads: the packet log it was handed, and the one on which the resolver reports.

May live here: opening, reading until empty (with a bound), telling an overflow from an end. May not: what is in them.
"""

import contextlib
import errno
import socket
from collections.abc import Callable
from pathlib import Path

READS_A_TURN = 256
NETLINK_DATAGRAM = 1 << 17
EVENTS_DATAGRAM = 32_769  # one more than what is accepted, so that a longer one is seen to be longer
EVENTS_MODE = 0o666  # the resolver is another user; the folder decides who gets here at all

Handle = Callable[[bytes], None]


def bind_events(path: Path) -> socket.socket:
    """The resolver's reports, on a fresh socket file. Raises OSError when the folder is missing or not ours."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    events = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        events.bind(str(path))
        path.chmod(EVENTS_MODE)
    except OSError:
        events.close()
        raise
    return events


def read_events(events: socket.socket, handle: Handle) -> None:
    """Hand over what is there, a bounded number of datagrams."""
    for _ in range(READS_A_TURN):
        try:
            handle(events.recv(EVENTS_DATAGRAM))
        except BlockingIOError:
            return


def read_log(log: socket.socket, handle: Handle, overflow: Callable[[], None]) -> bool:
    """As `read_events`; `overflow` is called when the kernel had to drop records. False: the socket is of no more use.

    ENOBUFS means that the receive buffer was full (netlink(7)); reading goes on after it.
    """
    for _ in range(READS_A_TURN):
        try:
            handle(log.recv(NETLINK_DATAGRAM))
        except BlockingIOError:
            return True
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                return False
            overflow()
    return True


def interface_name(index: int) -> str:
    """The name of a network interface, empty when it is gone."""
    try:
        return socket.if_indextoname(index)
    except OSError:
        return ""
