"""DNS messages, read strictly and bounded: a client's question and an upstream's reply, as values.

Reading is by RFC 1035 section 4, RFC 6891 (EDNS), with the checks RFC 9267 asks for: names inside bounds, pointers
only backwards, RDATA lengths that agree with their type, counts that the message can hold. Record types we do not know
pass unread (RFC 3597).

May live here: wire -> values. May not: building messages (dns_answer.py), deciding, caching.
"""

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

from filters.dns_errors import OPTION as EDE
from filters.names import BadNameError, Name, read_compressed, read_plain

HEADER = Struct("!6H")
RECORD = Struct("!HHIH")  # type, class, TTL, RDLENGTH
PAIR = Struct("!HH")
MAX_RECORDS = 1024  # a 64 KiB answer of A records holds some four thousand; no stub client uses as many

QR, TC, RD, CD = 0x8000, 0x0200, 0x0100, 0x0010
OPCODE = 0x7800
DO = 0x8000
IN = 1


class Type(IntEnum):
    """Record types this resolver treats apart (IANA DNS parameters)."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    MX = 15
    AAAA = 28
    SRV = 33
    OPT = 41
    DS = 43
    DNSKEY = 48
    SVCB = 64
    HTTPS = 65
    ANY = 255


class Rcode(IntEnum):
    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16


class BadMessageError(ValueError):
    """Not a message of the DNS, or one nobody should act on; says why in a few words, without repeating the input."""


@dataclass(frozen=True, slots=True)
class Edns:
    """What the OPT record of a client says; its options are read past and never passed on."""

    size: int
    dnssec: bool
    version: int


@dataclass(frozen=True, slots=True)
class Query:
    """A client's question. `question` is as it was asked, letter case included; `key` is the same in lower case."""

    id: int
    flags: int
    question: bytes
    name: Name
    type: int
    cls: int
    edns: Edns | None

    @property
    def key(self) -> bytes:
        return self.name + self.question[len(self.name) :]

    @property
    def recursion(self) -> bool:
        return bool(self.flags & RD)

    @property
    def unchecked(self) -> bool:
        """The client validates itself (CD, RFC 4035 section 3.2.2)."""
        return bool(self.flags & CD)

    @property
    def dnssec(self) -> bool:
        return self.edns is not None and self.edns.dnssec


@dataclass(frozen=True, slots=True)
class Fault:
    """A datagram that is no question we can take. `rcode` None: not even an answer is due."""

    rcode: Rcode | None
    why: str


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record; offsets into the message. `owner` and `target` are Names (`target` of a CNAME only)."""

    owner: Name
    type: int
    cls: int
    ttl: int
    ttl_at: int
    data: bytes
    target: Name = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """An upstream's reply. `body_at` and `additional_at` bound the answer and authority sections in the message.

    `error`: its Extended DNS Error (RFC 8914), -1 for none."""

    id: int
    flags: int
    rcode: int
    key: bytes
    answers: tuple[Record, ...]
    authority: tuple[Record, ...]
    body_at: int
    authority_at: int
    additional_at: int
    error: int = -1

    @property
    def truncated(self) -> bool:
        return bool(self.flags & TC)

    @property
    def answers_type(self) -> bool:
        """Whether the answer section holds what was asked for, not just CNAMEs that lead nowhere."""
        wanted = int.from_bytes(self.key[-4:-2], "big")
        if wanted in (Type.CNAME, Type.ANY):
            return bool(self.answers)
        return any(record.type == wanted for record in self.answers)


def read_query(data: bytes) -> Query | Fault:
    """A datagram from a client -> its question, or what to do about it. Raises nothing."""
    if len(data) < HEADER.size:
        return Fault(None, "shorter than a header")
    number, flags, questions, answers, authority, additional = HEADER.unpack_from(data)
    if flags & QR:
        return Fault(None, "a response, not a question")
    if flags & OPCODE:
        return Fault(Rcode.NOTIMP, "an operation other than a query")
    if questions != 1 or answers or authority or additional > 2:
        return Fault(Rcode.FORMERR, "not exactly one question")
    try:
        name, at = read_plain(data, HEADER.size)
        qtype, qclass = PAIR.unpack(_take(data, at, PAIR.size))
        at += PAIR.size
        edns, end = _read_client_additional(data, at, additional)
    except (BadNameError, BadMessageError) as error:
        return Fault(Rcode.FORMERR, str(error))
    if end != len(data):
        return Fault(Rcode.FORMERR, "something follows the message")
    return Query(number, flags, data[HEADER.size : at], name, qtype, qclass, edns)


def read_reply(data: bytes) -> Reply:
    """A message from an upstream -> its parts. Raises BadMessageError, nothing else."""
    if len(data) < HEADER.size:
        raise BadMessageError("shorter than a header")
    number, flags, questions, answers, authority, additional = HEADER.unpack_from(data)
    if not flags & QR or flags & OPCODE:
        raise BadMessageError("not a response to a query")
    if questions > 1 or answers + authority + additional > MAX_RECORDS:
        raise BadMessageError("more records than an answer has")
    try:
        at, key = HEADER.size, b""
        if questions:
            name, at = read_plain(data, at)
            key = name + _take(data, at, PAIR.size)
            at += PAIR.size
        body_at = at
        if flags & TC:  # cut anywhere: nothing behind the question counts
            return Reply(number, flags, flags & 15, key, (), (), body_at, body_at, body_at)
        fixed: list[int] = []
        answered, authority_at = _read_records(data, body_at, answers, fixed)
        authorities, additional_at = _read_records(data, authority_at, authority, fixed)
        extra, end = _read_records(data, additional_at, additional, fixed)
    except BadNameError as error:
        raise BadMessageError(str(error)) from None
    if end != len(data):
        raise BadMessageError("something follows the message")
    if any(record.type == Type.OPT or record.cls != IN for record in (*answered, *authorities)):
        # RFC 6891 section 6.1.1; and we ask for the internet only, where a careless client may overlook the class
        raise BadMessageError("an OPT record, or another class, where answers stand")
    rcode = flags & 15 | _extended_rcode(extra)
    reason = _error(extra) if rcode == Rcode.SERVFAIL else -1
    return Reply(number, flags, rcode, key, answered, authorities, body_at, authority_at, additional_at, reason)


def read_options(data: bytes) -> None:
    """Check that EDNS options fit together (RFC 6891 section 6.1.2). Raises BadMessageError."""
    at = 0
    while at < len(data):
        _, length = PAIR.unpack(_take(data, at, PAIR.size))
        at += PAIR.size + length
    if at != len(data):
        raise BadMessageError("EDNS options that do not fit together")


def _read_client_additional(data: bytes, at: int, count: int) -> tuple[Edns | None, int]:
    """OPT and at most one record beside it (a signature we do not check); the offset behind them."""
    edns: Edns | None = None
    records, at = _read_records(data, at, count, [])
    for record in records:
        if record.type == Type.OPT:
            if edns is not None or record.owner != b"\0":
                raise BadMessageError("more than one OPT record, or one that is not the root's")
            read_options(record.data)
            edns = Edns(record.cls, bool(record.ttl & DO), record.ttl >> 16 & 0xFF)
    return edns, at


def _read_records(data: bytes, at: int, count: int, fixed: list[int]) -> tuple[tuple[Record, ...], int]:
    """`fixed`: where the fixed parts of the records before stand; those read now are added."""
    records: list[Record] = []
    for _ in range(count):
        record, at = _read_record(data, at, fixed)
        records.append(record)
    return tuple(records), at


def _read_record(data: bytes, at: int, fixed: list[int]) -> tuple[Record, int]:
    owner, at = read_compressed(data, at, fixed)
    fixed.append(at)
    rtype, rclass, ttl, length = RECORD.unpack(_take(data, at, RECORD.size))
    start = at + RECORD.size
    rdata = _take(data, start, length)
    if rtype != Type.OPT and ttl > 0x7FFFFFFF:
        ttl = 0  # RFC 2181 section 8
    target = _check_rdata(data, rtype, start, length, fixed) if rclass == IN else b""
    return Record(owner, rtype, rclass, ttl, at + 4, rdata, target), start + length


_LENGTHS: dict[int, int] = {Type.A: 4, Type.AAAA: 16}
_NAME_AFTER: dict[int, int] = {Type.NS: 0, Type.CNAME: 0, Type.PTR: 0, Type.MX: 2, Type.SRV: 6}


def _check_rdata(data: bytes, rtype: int, start: int, length: int, fixed: list[int]) -> Name:
    """RDATA of the types everybody parses must fill its length exactly; the target when it is a CNAME."""
    if rtype in _LENGTHS and length != _LENGTHS[rtype]:
        raise BadMessageError("an address record of the wrong length")
    if rtype == Type.SOA:
        _, at = read_compressed(data, start, fixed)
        _, at = read_compressed(data, at, fixed)
        if at + 20 != start + length:
            raise BadMessageError("an SOA record of the wrong length")
    if rtype not in _NAME_AFTER:
        return b""
    target, end = read_compressed(data, start + _NAME_AFTER[rtype], fixed)
    if end != start + length:
        raise BadMessageError("a name that does not fill its record")
    return target if rtype == Type.CNAME else b""


def _extended_rcode(extra: tuple[Record, ...]) -> int:
    options = [record for record in extra if record.type == Type.OPT]
    if len(options) > 1:
        raise BadMessageError("more than one OPT record")
    return options[0].ttl >> 24 << 4 if options else 0


def _error(extra: tuple[Record, ...]) -> int:
    """The code of the first Extended DNS Error that is whole; -1 without one."""
    options, at = next((record.data for record in extra if record.type == Type.OPT), b""), 0
    while at + PAIR.size + 2 <= len(options):
        code, length = PAIR.unpack_from(options, at)
        at += PAIR.size
        if code == EDE and length >= 2:
            return int.from_bytes(options[at : at + 2])
        at += length
    return -1


def _take(data: bytes, at: int, length: int) -> bytes:
    piece = data[at : at + length]
    if len(piece) != length:
        raise BadMessageError("the message ends too early")
    return piece
