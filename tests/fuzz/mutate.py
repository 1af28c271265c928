"""Changing octets in the ways that break parsers; the same in every run, because chance is a seeded generator.

May live here: changes of octets, those of messages of the DNS too. May not: what is changed (each target has its own
samples), or what must hold afterwards.
"""

from collections.abc import Callable, Sequence
from random import Random

HEADER = 12
INTERESTING = (0, 1, 2, 3, 4, 11, 12, 13, 16, 28, 41, 63, 64, 65, 127, 128, 191, 192, 193, 252, 254, 255)
INTERESTING_PAIRS = (
    0,
    1,
    2,
    11,
    12,
    41,
    255,
    256,
    511,
    512,
    1232,
    4096,
    0x3FFF,
    0x7FFF,
    0x8000,
    0xC000,
    0xC00C,
    0xFFFF,
)
COUNTS = (0, 1, 1, 1, 2, 3, 10, 255, 1024, 0xFFFF)
FLAGS = (0x0100, 0x0120, 0x0110, 0x0000, 0x8180, 0x8580, 0x8380, 0x8182, 0x8183, 0x8185, 0x2800, 0x2100, 0x7900, 0xFFFF)
TYPES = (
    0,
    1,
    2,
    5,
    6,
    12,
    13,
    15,
    16,
    28,
    33,
    35,
    39,
    41,
    46,
    47,
    48,
    64,
    65,
    99,
    128,
    249,
    250,
    251,
    252,
    253,
    255,
    256,
)
MAX_PIECE = 64
MAX_GROWN = 1 << 16

Change = Callable[[Random, bytearray], None]


def flip(rng: Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def put(rng: Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] = rng.choice(INTERESTING)


def put_pair(rng: Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    data[at : at + 2] = rng.choice(INTERESTING_PAIRS).to_bytes(2, "big")


def add(rng: Random, data: bytearray) -> None:
    """A length or a count off by a little."""
    at = rng.randrange(len(data))
    data[at] = (data[at] + rng.randint(-3, 3)) & 255


def cut(rng: Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    del data[at : at + 1 + rng.randrange(MAX_PIECE)]


def shorten(rng: Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) :]


def insert(rng: Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(1 + rng.randrange(8))


def double(rng: Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    piece = data[at : at + 1 + rng.randrange(MAX_PIECE)]
    data[at:at] = piece * rng.choice((1, 1, 1, 2, 30))


def swap(rng: Random, data: bytearray) -> None:
    first, second = rng.randrange(len(data)), rng.randrange(len(data))
    data[first], data[second] = data[second], data[first]


OCTETS: tuple[Change, ...] = (flip, flip, put, put_pair, add, cut, shorten, insert, double, swap)


def header_flags(rng: Random, data: bytearray) -> None:
    data[2:4] = rng.choice(FLAGS).to_bytes(2, "big")


def header_count(rng: Random, data: bytearray) -> None:
    at = 4 + 2 * rng.randrange(4)
    data[at : at + 2] = rng.choice(COUNTS).to_bytes(2, "big")


def pointer(rng: Random, data: bytearray) -> None:
    """A compression pointer where none was: to anywhere, to itself, forwards, or back and forth."""
    at = rng.randrange(HEADER, max(HEADER + 1, len(data)))
    target = rng.choice((HEADER, at, at + 2, max(0, at - 2), rng.randrange(0x4000)))
    data[at : at + 2] = (0xC000 | target & 0x3FFF).to_bytes(2, "big")


def loop(rng: Random, data: bytearray) -> None:
    """Two pointers that point at each other, or a long stair of them."""
    at = len(data)
    steps = rng.choice((2, 3, 130))
    if at + 2 * steps < 0x4000:
        data += b"".join((0xC000 | at + 2 * ((step + 1) % steps)).to_bytes(2, "big") for step in range(steps))


def label(rng: Random, data: bytearray) -> None:
    """A label of an extreme length, or of the two reserved kinds."""
    at = rng.randrange(HEADER, max(HEADER + 1, len(data)))
    length = rng.choice((1, 62, 63, 64, 100, 128, 191))
    data[at:at] = bytes((length,)) + rng.choice((b"a", b"A", b"\0", b".", b"\xff")) * length


def kind(rng: Random, data: bytearray) -> None:
    """The question's type or class, or what stands there after other changes."""
    zero = data.find(0, HEADER)
    if zero >= 0:
        at = zero + 1 + 2 * rng.randrange(2)
        data[at : at + 2] = rng.choice(TYPES).to_bytes(2, "big")


def case(rng: Random, data: bytearray) -> None:
    """Other letter case (draft-vixie-dnsext-dns0x20), where octets are letters: still the same name."""
    for at in range(HEADER, len(data)):
        if (65 <= data[at] <= 90 or 97 <= data[at] <= 122) and rng.random() < 0.5:
            data[at] ^= 0x20


def record(rng: Random, data: bytearray) -> None:
    """One more record in the section that comes last, counted or not."""
    length = rng.choice((0, 1, 4, 4, 16, 20, 300))
    told = rng.choice((length, length, length, length + 1, 0xFFFF))
    owner = rng.choice((b"\0", b"\xc0\x0c", b"\x01a\xc0\x0c", b"\x3f"))
    fixed = rng.choice(TYPES).to_bytes(2, "big") + rng.choice((b"\0\1", b"\0\1", b"\0\3", b"\x04\xd0"))
    ttl = rng.choice((b"\0\0\0\0", b"\0\0\0\x3c", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff"))
    data += owner + fixed + ttl + told.to_bytes(2, "big") + rng.randbytes(length)
    if len(data) > HEADER and rng.random() < 0.8:
        at = rng.choice((6, 8, 10))
        count = int.from_bytes(data[at : at + 2], "big") + 1
        data[at : at + 2] = (count & 0xFFFF).to_bytes(2, "big")


def edns(rng: Random, data: bytearray) -> None:
    """An OPT record with odd sizes, versions, flags and options."""
    options = b""
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        length = rng.choice((0, 1, 4, 8, 24, 40))
        told = rng.choice((length, length, length, length + 1, 0xFFFF))
        code = rng.choice((3, 5, 8, 9, 10, 11, 12, 15, 0, 65001))
        options += code.to_bytes(2, "big") + told.to_bytes(2, "big") + rng.randbytes(length)
    told = rng.choice((len(options), len(options), len(options), len(options) + 1, 0))
    size = rng.choice((0, 1, 511, 512, 513, 1232, 1233, 4096, 0xFFFF))
    flags = rng.choice((0, 0, 0x8000, 0x8000, 0xFFFF)).to_bytes(2, "big")
    head = rng.choice((b"\0", b"\0", b"\0", b"\1a\0", b"\xc0\x0c")) + b"\0\x29" + size.to_bytes(2, "big")
    data += head + rng.choice((b"\0\0", b"\0\0", b"\0\1", b"\xff\0")) + flags + told.to_bytes(2, "big") + options
    if len(data) > HEADER:
        data[10:12] = ((data[10] << 8 | data[11]) + 1 & 0xFFFF).to_bytes(2, "big")


MESSAGES: tuple[Change, ...] = (
    *OCTETS, header_flags, header_count, header_count, pointer, pointer, loop, label, kind, case, record, record,
    edns, edns,
)  # fmt: skip


class Mutator:
    """`samples` are sound inputs, `words` pieces that mean something to the parser."""

    def __init__(self, rng: Random, words: Sequence[bytes] = (), changes: Sequence[Change] = OCTETS) -> None:
        self.rng, self._words, self._changes = rng, words, changes

    def mutated(self, samples: Sequence[bytes]) -> bytes:
        """One of the samples with one to four changes; one in eight as it is, so that the sound case stays met."""
        rng = self.rng
        data = bytearray(rng.choice(samples))
        if rng.random() < 0.125:
            return bytes(data)
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
            if not data:
                data += rng.randbytes(1 + rng.randrange(16))
            draw = rng.random()
            if draw < 0.08:
                self._splice(data, rng.choice(samples))
            elif draw < 0.2 and self._words:
                self._word(data)
            else:
                rng.choice(self._changes)(rng, data)
        return bytes(data[:MAX_GROWN])

    def _splice(self, data: bytearray, other: bytes) -> None:
        data[self.rng.randrange(len(data)) :] = other[self.rng.randrange(len(other) + 1) :]

    def _word(self, data: bytearray) -> None:
        word, at = self.rng.choice(self._words), self.rng.randrange(len(data) + 1)
        data[at : at + (len(word) if self.rng.random() < 0.5 else 0)] = word
