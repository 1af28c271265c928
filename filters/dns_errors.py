"""Extended DNS Errors (RFC 8914): why an answer is what it is, for whoever debugs it with `dig`.

May live here: the codes we use, and the EDNS option. May not: deciding which one fits (dns_own.py, dns_session.py).
"""

from enum import IntEnum
from struct import Struct

OPTION = 15  # RFC 8914 section 5.1
MAX_TEXT = 80  # octets; an answer must stay small
_OPTION = Struct("!HHH")


# Info codes of a resolver that validates: the name's own zone is broken, or somebody forges it (RFC 8914, 4.2 to 4.13).
VALIDATION = frozenset((1, 2, *range(5, 13)))


class ExtendedError(IntEnum):
    """Info codes (RFC 8914 section 4). Never 16 "Censored": nobody outside the clinic demands our blocks."""

    OTHER = 0
    STALE = 3  # the data is past its time, and nobody could be asked
    FORGED = 4  # a safe search engine in place of the one asked for
    BLOCKED = 15  # a block list, or an answer that is dangerous
    FILTERED = 17  # the site's own entries: what the clinic itself asked for
    PROHIBITED = 18  # not a client of ours
    STALE_NXDOMAIN = 19
    UNREACHABLE = 22  # no upstream answered


def option(code: int, text: str = "") -> bytes:
    """The EDNS option. `text` is for people; what is not ASCII is replaced, what is too long cut."""
    extra = text.encode("ascii", "replace")[:MAX_TEXT]
    return _OPTION.pack(OPTION, 2 + len(extra), code) + extra
