"""DNS names: the canonical octets everything here compares, and the ways in and out of them.

A `Name` is the uncompressed wire form in lower case (RFC 1035 section 3.1, RFC 4343), root label included:
`b"\\x03www\\x07example\\x00"`. It is what stands in a datagram anyway, it compares byte by byte, and a suffix of it
that starts at a label is again a Name, so walking up the tree is slicing.

May live here: reading, writing, normalising and walking names. May not: messages, policy, lists.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

Name = bytes
ROOT: Name = b"\0"
MAX_NAME = 255  # octets in wire form, RFC 1035 section 2.3.4
MAX_LABEL = 63
MAX_TEXT = 1024  # characters of presentation form anybody may hand in
FIXED_PART = 10  # octets of a record between its owner and its data
MAX_POINTERS = 64  # compression jumps followed in one name; an honest message needs a handful

_LABELS = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_ADDRESS_LIKE = re.compile(r"[0-9.]+")
_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
_DOT = ord(".")
_PLAIN_AND_DOT = _PLAIN + b"."


class BadNameError(ValueError):
    """Not a name: the message says why in a few words, without repeating the input."""


def from_text(text: str) -> Name:
    """Presentation form, in any case, IDN or ASCII, with or without the final dot -> Name.

    Takes the letters host names and service labels use (a-z 0-9 - _) and international labels by UTS 46
    (non-transitional, RFC 5891). Raises BadNameError, also for dotted-decimal addresses, escapes and wildcards.
    """
    if len(text) > MAX_TEXT:
        raise BadNameError("longer than a name can be")
    if not text.isascii():
        text = _idna(text)
    text = text.lower().removesuffix(".")
    if _LABELS.fullmatch(text) is None:
        raise BadNameError(_what_is_wrong(text))
    if _ADDRESS_LIKE.fullmatch(text):
        raise BadNameError("an address or a number, not a name")
    name = b"".join(bytes((len(label),)) + label for label in text.encode("ascii").split(b".")) + ROOT
    if len(name) > MAX_NAME:
        raise BadNameError("longer than 255 octets")
    return name


def to_text(name: Name) -> str:
    """Name -> ASCII presentation form without the final dot; octets beyond letters, digits, - and _ become \\DDD.

    The result is safe in a log line, a page or a JSON text: it holds no quote, space, control or markup character.
    """
    text, at, count = bytearray(name), 0, 0
    while length := name[at]:
        text[at] = _DOT
        at += 1 + length
        count += 1
    if count and text.count(_DOT) == count and text.translate(None, _PLAIN_AND_DOT) == ROOT:
        return text[1:-1].decode("ascii")
    return ".".join(_label_text(label) for label in labels(name)) or "."


def labels(name: Name) -> Iterator[bytes]:
    """The labels from the left, without the root."""
    at = 0
    while length := name[at]:
        yield name[at + 1 : at + 1 + length]
        at += 1 + length


def suffixes(name: Name) -> Iterator[Name]:
    """The name itself, then each parent up to the top-level domain (not the root)."""
    at = 0
    while length := name[at]:
        yield name[at:]
        at += 1 + length


def label_count(name: Name) -> int:
    return sum(1 for _ in labels(name))


def is_within(name: Name, suffix: Name) -> bool:
    """Whether `name` is `suffix` or below it (label by label, not by characters)."""
    return suffix == ROOT or suffix in suffixes(name)


def read_plain(data: bytes, at: int) -> tuple[Name, int]:
    """Read an uncompressed name at `at` (a question): the Name and the offset behind it. Raises BadNameError."""
    start, size = at, len(data)
    while True:
        if at >= size:
            raise BadNameError("the message ends inside a name")
        length = data[at]
        if length > MAX_LABEL:
            raise BadNameError("a label longer than 63 octets, or a compression pointer where none may be")
        at += 1 + length
        if at - start > MAX_NAME:
            raise BadNameError("longer than 255 octets")
        if length == 0:
            return data[start:at].lower(), at


def read_compressed(data: bytes, at: int, fixed: Sequence[int] = ()) -> tuple[Name, int]:
    """Read a name that may be compressed: the Name and the offset behind it in the message. Raises BadNameError.

    `fixed`: where the fixed parts (type, class, TTL, length) of earlier records begin, in rising order. No pointer may
    lead into one: a TTL is counted down in place, and the name would be another one then.

    Pointers must point back before the part they end (RFC 1035 section 4.1.4: "a prior occurrence"), which rules out
    loops and forward pointers (RFC 9267 section 2), and behind the 12 octets of the header. What one leads to must end
    before the part it came from: a name that runs into its own pointer never occurred before.
    """
    parts: list[bytes] = []
    behind, total, floor, end = -1, 1, at, len(data)
    for _ in range(MAX_POINTERS):
        start = at
        at, total = _read_labels(data, at, end, total, parts)
        if fixed and behind >= 0 and _meets(fixed, start, at + (data[at] > 0)):
            raise BadNameError("a compression pointer to what is no name")
        if data[at] == 0:
            return b"".join(parts).lower() + ROOT, at + 1 if behind < 0 else behind
        if at + 1 >= end:
            raise BadNameError("the message ends inside a name")
        if behind < 0:
            behind = at + 2
        target = (data[at] & 0x3F) << 8 | data[at + 1]
        if not 12 <= target < floor:
            raise BadNameError("a compression pointer that does not point back")
        end, at = floor, target
        floor = target
    raise BadNameError("too many compression pointers")


class SuffixSet:
    """Registered suffixes; `find` walks a name upwards until one of them is met. Immutable."""

    __slots__ = ("_names",)

    def __init__(self, names: Iterable[Name] = ()) -> None:
        self._names = frozenset(names)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Name]:
        return iter(self._names)

    def __or__(self, other: "SuffixSet") -> "SuffixSet":
        return SuffixSet(self._names | other._names) if other._names else self

    def find(self, name: Name) -> Name | None:
        """The longest registered suffix of `name`, itself included."""
        return self.first(suffixes(name)) if self._names else None

    def first(self, tails: Iterable[Name]) -> Name | None:
        """The same for a name whose `suffixes` were taken before: cheaper when many sets are asked."""
        registered = self._names
        if not registered:
            return None
        return next((suffix for suffix in tails if suffix in registered), None)


def _read_labels(data: bytes, at: int, end: int, total: int, parts: list[bytes]) -> tuple[int, int]:
    """Collect labels until a root label or a pointer; where that stands, and the octets of the name so far."""
    while True:
        if at >= end:
            raise BadNameError("the message, or what a pointer leads to, ends inside a name")
        length = data[at]
        if length == 0 or length >= 0xC0:
            return at, total
        if length > MAX_LABEL:
            raise BadNameError("a label type that does not exist")
        total += 1 + length
        if total > MAX_NAME:
            raise BadNameError("longer than 255 octets")
        parts.append(data[at : at + 1 + length])
        at += 1 + length


def _meets(fixed: Sequence[int], first: int, last: int) -> bool:
    """Whether octets `first` to `last` touch one of the fixed parts."""
    before = bisect_right(fixed, last) - 1
    return before >= 0 and fixed[before] + FIXED_PART > first


def _idna(text: str) -> str:
    import dns.exception  # late: nearly every name does without, and a resolver that starts again is waited for
    import dns.name

    try:
        return dns.name.from_unicode(text, idna_codec=dns.name.IDNA_2008_UTS_46).to_text()
    except (dns.exception.DNSException, UnicodeError):
        raise BadNameError("not a valid international name") from None


def _label_text(label: bytes) -> str:
    if not label.translate(None, _PLAIN):
        return label.decode("ascii")
    return "".join(chr(octet) if octet in _PLAIN else f"\\{octet:03}" for octet in label)


def _what_is_wrong(text: str) -> str:
    if not text:
        return "empty"
    for label in text.split("."):
        if not label:
            return "an empty label"
        if len(label) > MAX_LABEL:
            return "a label longer than 63 characters"
    return "a character that names do not have"
