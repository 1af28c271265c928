"""Compiled list files that were damaged: opening one refuses, or every look-up ends and raises nothing.

Half of the damaged files get the seal their octets ought to have, as if whoever damaged them had the key: then only the
checks behind the seal stand between them and the look-ups.

May live here: this target. May not: how files are made (lines.py).
"""

import mmap
import struct
from ipaddress import ip_address
from random import Random

from filters import names
from filters.lists import Asker, ListCompiler, ListFile, ListFileError
from filters.lists.layout import HEADER_SIZE, seal_of
from tests.fuzz.campaign import Seen
from tests.fuzz.lines import FORMATS, KEY
from tests.fuzz.mutate import Mutator
from tests.fuzz.outside import demand

BLOCK = 250
SEAL = 32
SIZES_AT = HEADER_SIZE - SEAL - 8 * 8  # of the eight parts, in the header
ASKERS = (Asker(), Asker(28, ip_address("10.20.20.11")), Asker(65, ip_address("2001:db8::1"), frozenset(("tv",))))
TEXTS = (
    "ads.example.com", "a.b.ads.example.com", "good.example.com", "ad12.com", "wild.example", "y.example",
    "a." * 126 + "a", "x" * 63 + ".example", "com",
)  # fmt: skip
ASKED = (*map(names.from_text, TEXTS), names.ROOT)


def _sample(*kinds: str) -> bytes:
    compiler = ListCompiler(KEY)
    for kind in kinds:
        compiler.add(kind, FORMATS[kind])
    return b"".join(compiler.finish().pieces)


SAMPLES = (_sample("domains"), _sample("adblock"), _sample("adblock", "hosts", "rpz", "dnsmasq"))
WORDS = (
    b"cglists\n",
    b'"lines":',
    b'"rules": -1',
    b"[[[[",
    b"null",
    b"\xff" * 8,
    bytes(64),
    b"\x80\0\0\0",
    b"1e999",
    b'"hosts"',
)


def block(rng: Random, seen: Seen) -> int:
    mutator = Mutator(rng, WORDS)
    for _ in range(BLOCK):
        one(_damaged(rng, mutator), seen)
    return BLOCK


def _damaged(rng: Random, mutator: Mutator) -> bytes:
    """Octets that only flip keep the length, so that more of them reach the checks behind it."""
    sample = rng.choice(SAMPLES)
    if rng.random() < 0.3:
        return mutator.mutated((sample,))
    data = bytearray(sample)
    first, last = rng.choice(
        ((0, HEADER_SIZE), (HEADER_SIZE, HEADER_SIZE + 2000), (HEADER_SIZE, len(data)), (len(data) - 3000, len(data)))
    )
    first, last = max(0, first), min(last, len(data))
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        at = rng.randrange(first, last)
        data[at] = rng.choice((data[at] ^ 1 << rng.randrange(8), 0, 255, rng.randrange(256)))
    if rng.random() < 0.1:
        _shift(rng, data)
    if rng.random() < 0.8:
        data[HEADER_SIZE - SEAL : HEADER_SIZE] = seal_of(bytes(data), KEY)
    return bytes(data)


def _shift(rng: Random, data: bytearray) -> None:
    """The border between two parts lies elsewhere."""
    sizes = list(struct.unpack_from("=8Q", data, SIZES_AT))
    part, octets = rng.randrange(7), 8 * rng.choice((1, 2, 100))
    if rng.random() < 0.5:
        octets = -octets
    sizes[part], sizes[part + 1] = max(0, sizes[part] + octets), max(0, sizes[part + 1] - octets)
    struct.pack_into("=8Q", data, SIZES_AT, *sizes)


def one(data: bytes, seen: Seen) -> None:
    with mmap.mmap(-1, max(1, len(data))) as place:
        place.write(data)
        with memoryview(place) as view, view[: len(data)].toreadonly() as octets:
            _open(octets, data, seen)


def _open(octets: memoryview, data: bytes, seen: Seen) -> None:
    try:
        file = ListFile(octets, KEY)
    except ListFileError as error:
        demand(str(error).isprintable(), "a refusal that cannot be shown", data[:200])
        seen["refused"] += 1
        return
    demand(data in SAMPLES or data[HEADER_SIZE - SEAL : HEADER_SIZE] == seal_of(data, KEY), "a wrong seal passed")
    seen["opened"] += 1
    masks = (-1, file.select(("adblock",)))
    for name in ASKED:
        for asker in ASKERS:
            for mask in masks:
                match = file.find(name, asker, mask).match
                if match is not None:
                    seen["met"] += 1
                    demand(match.text.isascii() and match.text.isprintable(), "a rule that cannot be shown", data[:200])
        file.matches(name)
    del file
