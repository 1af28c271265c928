"""A cache as octets, for the process that comes after a crash: what was answered, never who asked.

    head | entry ... | tail
    head: magic, format, `mark`          tail: how many entries, BLAKE2b (RFC 7693) of all before
    entry: length of key and message, born, expires, refresh, key, message

`mark` says under which configuration and in which boot the answers were got: under another one they are of no use.
Times are seconds of a clock that all processes of a boot share. The messages are read like any upstream's, and only
when they are asked for: a process that begins has more urgent things to do.

May live here: this form, and an Answer from an entry. May not: files, clocks, keeping entries (dns_cache.py).
"""

from hashlib import blake2b
from math import isfinite
from struct import Struct, error

from filters.dns_answer import Answer
from filters.dns_cache import MAX_STALE, MAX_TTL, Frozen, lifetime
from filters.dns_message import BadMessageError, read_reply
from filters.dns_shape import Shaping, shape

MAGIC = b"cgwarm\n\1"
MARK = 32  # octets
MAX_ENTRIES = 20_000
MAX_OCTETS = 32 << 20
MAX_KEY = 260  # a name, type, class, flags
MAX_MESSAGE = 65_535
_ENTRY = Struct("=HHddd")
_TAIL = Struct("=I32s")


class BadWarmError(ValueError):
    """Not such octets, not whole, or of another configuration; the message says which."""


class Writer:
    """`head`, then `entry` as often as there is one, then `tail`: each gives the octets to be written next."""

    def __init__(self, mark: bytes) -> None:
        self._digest, self.entries, self.octets = blake2b(digest_size=32), 0, 0
        self.head = self._told(MAGIC + mark)

    def entry(self, key: bytes, frozen: Frozen) -> bytes:
        """b"" once there is no more room, or for an entry that is too large."""
        message, size = frozen.message, _ENTRY.size + len(key) + len(frozen.message)
        full = self.entries >= MAX_ENTRIES or self.octets + size > MAX_OCTETS - _TAIL.size
        if full or len(message) > MAX_MESSAGE or len(key) > MAX_KEY:
            return b""
        self.entries += 1
        times = frozen.born, frozen.expires, frozen.refresh
        return self._told(_ENTRY.pack(len(key), len(message), *times) + key + message)

    @property
    def tail(self) -> bytes:
        return _TAIL.pack(self.entries, self._digest.digest())

    def _told(self, octets: bytes) -> bytes:
        self._digest.update(octets)
        self.octets += len(octets)
        return octets


def read(data: bytes, mark: bytes, now: float) -> dict[bytes, Frozen]:
    """The entries that may still be answered at `now`. Raises BadWarmError, nothing else."""
    at, end = len(MAGIC) + MARK, len(data) - _TAIL.size
    if end < at or len(data) > MAX_OCTETS or data[: len(MAGIC)] != MAGIC:
        raise BadWarmError("it is no memory of a resolver")
    if data[len(MAGIC) : at] != mark:
        raise BadWarmError("it belongs to another configuration or boot")
    entries, digest = _TAIL.unpack_from(data, end)
    if blake2b(memoryview(data)[:end], digest_size=32).digest() != digest or entries > MAX_ENTRIES:
        raise BadWarmError("it is damaged")
    found: dict[bytes, Frozen] = {}
    try:
        for _ in range(entries):
            key_size, size, born, expires, refresh = _ENTRY.unpack_from(data, at)
            message_at = at + _ENTRY.size + key_size
            at = message_at + size
            if at > end or not 0 < key_size <= MAX_KEY:
                raise BadWarmError("its entries do not fit together")
            if _sound(born, expires, refresh, now):
                key = data[message_at - key_size : message_at]
                found[key] = Frozen(data[message_at:at], born, expires, refresh)
    except error:
        raise BadWarmError("its entries do not fit together") from None
    return found


def thaw(key: bytes, frozen: Frozen, shaping: Shaping) -> Answer | None:
    """The Answer again; None: the message answers something else, or nothing that is kept."""
    try:
        reply = read_reply(frozen.message)
    except BadMessageError:
        return None
    if reply.key != key[:-1] or not lifetime(reply):
        return None
    answer = shape(reply, frozen.message, frozen.born, shaping, dnssec=bool(key[-1] & 1))
    answer.keep_until(frozen.expires, frozen.refresh)
    return answer


def _sound(born: float, expires: float, refresh: float, now: float) -> bool:
    """Times an answer may have, and one that may still be given."""
    if not (isfinite(born) and isfinite(expires) and isfinite(refresh)):
        return False
    return born <= now < expires + MAX_STALE and born <= refresh <= expires <= born + MAX_TTL
