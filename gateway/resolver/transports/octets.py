"""What changes in a message on its way into an encrypted transport, and why a transport failed.

May live here: the id, padding, the bounds all transports share. May not: sockets.
"""

import struct

MAX_MESSAGE = 65535  # octets, RFC 1035 section 4.2.2
MAX_PENDING = 256  # questions of one upstream under way; a full one fails at once, so that the next is asked
HANDSHAKE_SECONDS = 3.0
REPLY_SECONDS = 4.0  # the session gives up a little later
SILENT_SECONDS = 1.5  # a connection on which nothing at all came for so long is not used again
IDLE_SECONDS = 25.0  # most servers end an idle connection after 30 seconds or less

BLOCK = 128  # RFC 8467 section 4.1: what clients pad to
PADDING = 12  # RFC 7830
_OPT = b"\x00\x00\x29"
_OPT_SIZE = 11


class TransportFailedError(Exception):
    """No answer by this way; the text says why, for the journal."""


def number_of(message: bytes) -> int:
    """The id of a message of at least two octets."""
    return int.from_bytes(message[:2], "big")


def with_number(message: bytes, number: int) -> bytes:
    """The same message under another id."""
    return number.to_bytes(2, "big") + message[2:]


def padded(question: bytes) -> bytes:
    """A question filled up to a multiple of 128 octets, so that its length tells nobody the name.

    It must end with an empty OPT record, as ours do; any other comes back as it was.
    """
    if question[-_OPT_SIZE:][:3] != _OPT or question[-2:] != b"\x00\x00":
        return question
    fill = -(len(question) + 4) % BLOCK
    return question[:-2] + struct.pack(">HHH", fill + 4, PADDING, fill) + bytes(fill)
