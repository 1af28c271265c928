"""The compiled file: its parts, how they are written down, and what is checked before anybody trusts them.

    header | reports (JSON) | filter | index | hashes | places | side rules | patterns | text of the side rules

- header: magic, version, byte order, size, the key's check, the length of each part, and a keyed BLAKE2b (RFC 7693) of
  everything else. Octet order is the machine's own: a file is made and read on the same box.
- filter: 2^(bits + 3) octets; of a hash that is there, the bit that its last three bits number is set in the octet that
  its first bits + 3 bits number. Nine of ten names that are not listed end here, for half the time of a search.
- index: 2^bits + 1 numbers; hashes whose first `bits` bits are b stand at index[b] up to index[b + 1].
- hashes: 8 octets a rule for a name, sorted.  places: 4 octets beside each (see SIDE).
- side rules: line, offset and length in the text.  patterns: number of the side rule, the gram it is found by (or 0).

12 octets a name, one of filter and half a one of index. Parts lie at multiples of 8 and are read where they are mapped.

May live here: the form. May not: looking up (listfile.py), what is put in (compiler.py), files.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from struct import Struct
from typing import Any

from filters.lists import report
from filters.lists.keys import hasher
from filters.lists.report import ListReport
from filters.lists.rules import Plain

MAGIC = b"cglists\n"
VERSION = 1
MAX_LISTS = 64
MIN_BITS, MAX_BITS = 8, 20
FILTER_BITS = 3  # more than the index has

# A place: where a hash comes from, in 32 bits. A line of all lists counted through, how much the rule covers and its
# effect; or the number of a side rule.
LINE_BITS = 27  # lines of all lists together: 134 million
LINE_MASK = (1 << LINE_BITS) - 1
IMPORTANT = 1 << 27
ALLOW = 1 << 28
EXTENT_SHIFT = 29
SIDE = 1 << 31

_NAMES_A_BUCKET = 8
_ORDER = 0x01020304
_PARTS = 8
_AT_ONCE = 4096  # numbers of the index looked at before other threads may go on
_HEADER = Struct(f"=8sIIQ16s{_PARTS}Q32s")
HEADER_SIZE = 136


class ListFileError(ValueError):
    """The file is not one this key and this version made, whole. The message says what is wrong and what helps."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts as memory: of a file that is mapped, or of a compiler's arrays."""

    reports: tuple[ListReport, ...]
    filter: memoryview
    index: memoryview
    hashes: memoryview
    places: memoryview
    side: memoryview  # three numbers a rule
    patterns: memoryview  # two numbers a pattern
    text: memoryview

    @property
    def shift(self) -> int:
        """How far a hash is shifted right to be a place in the index."""
        return 64 - (len(self.index) - 1).bit_length() + 1


def packed(rule: Plain, line: int) -> int:
    """The place of a rule for a name on a line of all lists."""
    return rule.extent << EXTENT_SHIFT | (ALLOW if rule.allow else 0) | (IMPORTANT if rule.important else 0) | line


def index_bits(rules: int) -> int:
    return min(max((rules // _NAMES_A_BUCKET).bit_length(), MIN_BITS), MAX_BITS)


def write(reports: Sequence[ListReport], parts: Sequence[Sequence[memoryview]], key: bytes) -> list[memoryview]:
    """The pieces of the file in order, to be written one after the other. `parts`: the arrays of each part behind
    the reports, in the order above; a part may stand in several arrays."""
    told = memoryview(json.dumps([report.to_json(one) for one in reports]).encode())
    all_parts = [[told], *parts]
    sizes = [sum(piece.nbytes for piece in part) for part in all_parts]
    total = HEADER_SIZE + sum(map(_padded, sizes))
    pieces = [memoryview(b"")]
    for part, size in zip(all_parts, sizes, strict=True):
        pieces += [piece for piece in part if piece.nbytes]
        pieces.append(memoryview(bytes(_padded(size) - size)))
    head = (MAGIC, VERSION, _ORDER, total, hasher(key).check, *sizes)
    pieces[0] = memoryview(
        _HEADER.pack(*head, _seal(_HEADER.pack(*head, b""), pieces[1:], key)).ljust(HEADER_SIZE, b"\0")
    )
    return pieces


def read(data: memoryview, key: bytes) -> Parts:
    """Check a whole file and find its parts. Raises ListFileError. Nothing is copied but the reports."""
    if data.nbytes < HEADER_SIZE or data[:8] != MAGIC:
        raise ListFileError("not a file of compiled lists: compile them again")
    _, version, order, total, check, *sizes, seal = _HEADER.unpack_from(data)
    if order != _ORDER or version != VERSION:
        raise ListFileError(f"made by another version ({version}) or machine: compile the lists again")
    if total != data.nbytes or total != HEADER_SIZE + sum(map(_padded, sizes)):
        raise ListFileError(f"cut off or grown: {data.nbytes} octets of {total}; compile the lists again")
    if check != hasher(key).check:
        raise ListFileError("made with another key: compile the lists again")
    head = _HEADER.pack(MAGIC, version, order, total, check, *sizes, b"")
    if seal != _seal(head, [data[HEADER_SIZE:]], key):
        raise ListFileError("damaged: its checksum is wrong; compile the lists again")
    try:
        return _checked(_cut(data, sizes))
    except (ValueError, TypeError, IndexError, RecursionError) as error:
        raise ListFileError(f"its parts do not fit together: {error}; compile the lists again") from error


def seal_of(data: bytes, key: bytes) -> bytes:
    """The checksum a file with these octets ought to have."""
    head = _HEADER.unpack_from(data)[:-1]
    return _seal(_HEADER.pack(*head, b""), [memoryview(data)[HEADER_SIZE:]], key)


def _seal(head: bytes, pieces: Sequence[memoryview], key: bytes) -> bytes:
    state = blake2b(head, digest_size=32, key=key, person=b"compiled lists")
    for piece in pieces:
        state.update(piece)
    return state.digest()


def _cut(data: memoryview, sizes: list[int]) -> Parts:
    views, at = [], HEADER_SIZE
    for size in sizes:
        views.append(data[at : at + size])
        at += _padded(size)
    reports: Any = json.loads(bytes(views[0]))
    if not isinstance(reports, list) or len(reports) > MAX_LISTS:
        raise ValueError("no reports of lists")
    index, places, side, patterns = (views[part].cast("I") for part in (2, 4, 5, 6))
    told = tuple(map(report.from_json, reports))
    return Parts(told, views[1], index, views[3].cast("Q"), places, side, patterns, views[7])


def _checked(parts: Parts) -> Parts:
    """What look-ups rely on; the order of hashes is not: a wrong order finds less, nothing worse."""
    buckets = len(parts.index) - 1
    if buckets not in [1 << bits for bits in range(MIN_BITS, MAX_BITS + 1)]:
        raise ValueError("the index has a wrong size")
    if len(parts.filter) != buckets << FILTER_BITS:
        raise ValueError("the filter has a wrong size")
    furthest = max(max(parts.index[at : at + _AT_ONCE]) for at in range(0, len(parts.index), _AT_ONCE))
    if len(parts.places) != len(parts.hashes) or furthest > len(parts.hashes):
        raise ValueError("the index points behind the rules")
    if len(parts.side) % 3 or len(parts.patterns) % 2:
        raise ValueError("a side rule is cut off")
    if sum(one.lines + 1 for one in parts.reports) > LINE_MASK:
        raise ValueError("more lines than a file can hold")
    return parts


def _padded(size: int) -> int:
    return (size + 7) // 8 * 8
