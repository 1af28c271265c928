"""What may leave to a client, checked by a reader of its own: dnspython and nothing of the product.

May live here: these demands on answers. May not: how they came about.
"""

from ipaddress import ip_address

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rdataclass
import dns.rdatatype
import dns.wire

from tests.fuzz.clinic import OWN

HEADER = 12
FORMERR, NOTIMP = 1, 4
INSIDE = tuple(OWN)
# RDATA that every client takes apart, so it must be sound; all else passes unread (RFC 3597).
READ = frozenset((1, 2, 5, 6, 12, 15, 28, 33))


class BadAnswerError(AssertionError):
    """An answer that must not have left."""


def demand(condition: object, why: str, *octets: bytes) -> None:
    if not condition:
        raise BadAnswerError(f"{why}; " + " | ".join(one.hex() for one in octets))


def check_answer(question: bytes, answer: bytes, limit: int) -> int:
    """The answer to these octets, whatever they are: sound, about this question, not too long. -> its rcode."""
    demand(len(question) >= HEADER and not question[2] & 0x80, "an answer to what is no question", question, answer)
    demand(HEADER <= len(answer) <= limit, f"{len(answer)} octets, {limit} are allowed", question, answer)
    demand(answer[:2] == question[:2], "another id", question, answer)
    demand(answer[2] & 0x80, "not a response", question, answer)
    rcode = answer[3] & 15
    if len(answer) == HEADER:
        demand(rcode in (FORMERR, NOTIMP), "a header alone without an error", question, answer)
        demand(answer[4:12] == bytes(8), "counts without records", question, answer)
        return rcode
    demand(answer[4:6] == b"\0\1", "not one question", question, answer)
    parser = dns.wire.Parser(question, HEADER)
    parser.get_name()
    end = parser.current + 4
    demand(answer[HEADER:end] == question[HEADER:end], "another question, or in other letters", question, answer)
    walk(answer)
    return rcode


def walk(answer: bytes) -> list[tuple[dns.name.Name, int, int, bytes]]:
    """Every record but the OPT: (owner, type, section, RDATA). Raises BadAnswerError for a message that is none."""
    found = []
    counts = [int.from_bytes(answer[at : at + 2], "big") for at in (4, 6, 8, 10)]
    try:
        parser = dns.wire.Parser(answer, HEADER)
        for _ in range(counts[0]):
            parser.get_name()
            parser.get_struct("!HH")
        for section, count in enumerate(counts[1:], 1):
            for _ in range(count):
                owner = parser.get_name(decompress=True)
                rtype, rclass, ttl, length = parser.get_struct("!HHIH")
                with parser.restrict_to(length):
                    start = parser.current
                    if rtype in READ and rclass == dns.rdataclass.IN:
                        dns.rdata.from_wire_parser(rclass, rtype, parser)
                    else:
                        parser.get_remaining()
                if rtype == dns.rdatatype.OPT:
                    demand(section == 3 and owner == dns.name.root, "an OPT record out of place", answer)
                    continue
                demand(section != 3, "a record in the additional section", answer)
                demand(ttl <= 86_400, "a TTL of more than a day", answer)
                found.append((owner, rtype, section, answer[start : start + length]))
        demand(parser.remaining() == 0, "something behind the message", answer)
    except dns.exception.DNSException as error:
        raise BadAnswerError(f"not a message ({type(error).__name__}: {error}); {answer.hex()}") from error
    return found


def is_whole(message: bytes) -> bool:
    """Whether names, records and counts make up these octets, no more and no less; RDATA is left unread."""
    parser = dns.wire.Parser(message, HEADER)
    questions, *records = (int.from_bytes(message[at : at + 2], "big") for at in (4, 6, 8, 10))
    try:
        for _ in range(questions):
            parser.get_name()
            parser.get_bytes(4)
        for _ in range(sum(records)):
            parser.get_name(decompress=True)
            parser.get_bytes(8)
            parser.get_counted_bytes(2)
    except dns.exception.DNSException:
        return False
    return parser.remaining() == 0


def agree(fast: bytes, slow: bytes) -> bool:
    """The same answer; the fast one may be older, and so promise less, but not more than a second longer."""
    (one, fast_ttls), (other, slow_ttls) = _without_ttls(fast), _without_ttls(slow)
    return one == other and all(a <= b + 1 for a, b in zip(fast_ttls, slow_ttls, strict=True))


def _without_ttls(message: bytes) -> tuple[bytes, list[int]]:
    """With every TTL but that of the OPT record zeroed, and the TTLs."""
    parser, data, ttls = dns.wire.Parser(message, HEADER), bytearray(message), []
    questions, *records = (int.from_bytes(message[at : at + 2], "big") for at in (4, 6, 8, 10))
    for _ in range(questions):
        parser.get_name()
        parser.get_bytes(4)
    for _ in range(sum(records)):
        parser.get_name(decompress=True)
        rtype, _, ttl, length = parser.get_struct("!HHIH")
        if rtype != dns.rdatatype.OPT:
            data[parser.current - 6 : parser.current - 2] = bytes(4)
            ttls.append(ttl)
        parser.get_bytes(length)
    return bytes(data), ttls


def points_inside(answer: bytes) -> bool:
    """Whether an address record leads into the clinic or to this very machine."""
    addresses = [ip_address(data) for _, rtype, _, data in walk(answer) if rtype in (1, 28) and len(data) in (4, 16)]
    return any(
        one.is_loopback or one.is_link_local or any(one in net for net in INSIDE if net.version == one.version)
        for one in addresses
    )
