"""An upstream's reply -> the Answer we give: TTLs within bounds, strays and encrypted hello keys removed, its links.

Most replies keep their octets. One that loses an `ech` parameter or a record is written anew, because every compression
pointer behind the cut would point astray: its names then stand in full (RFC 1035 section 4.1.4 allows it everywhere).

May live here: reply -> Answer. May not: which verdict it gets (dns_session.py), how long it is kept (dns_cache.py).
"""

from dataclasses import dataclass, field, replace
from struct import Struct

from filters import dns_answer, dns_svcb
from filters.dns_answer import Address, Answer
from filters.dns_cache import MAX_TTL, MIN_TTL
from filters.dns_message import IN, Record, Reply, Type
from filters.dns_private import Network, Networks, is_private
from filters.names import ROOT, Name, read_compressed, suffixes

_FIXED = Struct("!HHIH")
_RRSIG = 46
_DNAME = 39
_SVCB = frozenset((64, Type.HTTPS))
_RDATA_AT = 6  # octets from a record's TTL to its data
# Octets before the names in RDATA that an upstream may have compressed, and how many names there are.
_COMPRESSED: dict[int, tuple[int, int]] = {
    Type.NS: (0, 1), Type.CNAME: (0, 1), Type.PTR: (0, 1), Type.MX: (2, 1), Type.SRV: (6, 1), Type.SOA: (0, 2),
    _DNAME: (0, 1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shaping:
    """What a site wants of every answer. `own`: the clinic's networks, which no public name may point into."""

    remove_ech: bool = True
    own: tuple[Network, ...] = ()
    inside: Networks = field(init=False, repr=False, compare=False)  # `own`, made ready for look-ups

    def __post_init__(self) -> None:
        object.__setattr__(self, "inside", Networks(self.own))


def shape(reply: Reply, data: bytes, now: float, shaping: Shaping, *, dnssec: bool) -> Answer:
    """The Answer of a reply read by `read_reply`; its links, addresses and `inside` say what it leads to."""
    stated = _stated(reply)
    bad = {id(record) for record in reply.answers if _svcb(record) is None and _is_svcb(record)}
    bad |= _strays(reply)
    edited = {id(record): new for record in reply.answers if (new := _edited(record, shaping)) is not None}
    if bad or edited:
        reply, data = _rewritten(reply, data, bad, edited)
    answer = dns_answer.from_reply(reply, data, now, dnssec=dnssec)
    answer.limit_ttls(MIN_TTL, int(MAX_TTL))
    answer.addresses = addresses_of(reply)
    answer.links = links_of(reply)
    answer.inside = any(is_private(address, shaping.inside) for address in (*answer.addresses, *stated))
    return answer


def links_of(reply: Reply) -> tuple[Name, ...]:
    """The names the question's name leads to, by CNAME or by a service record's target; itself left out."""
    found: dict[Name, None] = {}
    for record in reply.answers:
        if record.target:
            found[record.target] = None
        svcb = _svcb(record)
        if svcb is not None and svcb.target != ROOT:
            found[svcb.target] = None
    found.pop(reply.key[:-4], None)
    return tuple(found)


def _strays(reply: Reply) -> set[int]:
    """The answers that are not about the question: neither its name's nor those of a name it leads to.

    Whoever answers for one name may not put another's records into a client's cache (RFC 2181 section 5.4.1).
    """
    name = reply.key[:-4]
    others = [record for record in reply.answers if record.owner != name]
    if not others:
        return set()
    targets: dict[Name, set[Name]] = {}
    for record in reply.answers:
        svcb = _svcb(record)
        target = record.target if svcb is None else svcb.target
        if target:
            targets.setdefault(record.owner, set()).add(target)
    reached, left = {name}, [name]
    while left:
        new = [target for target in targets.get(left.pop(), ()) if target not in reached]
        reached.update(new)
        left += new
    above = {tail for one in reached for tail in suffixes(one)} if any(map(_is_dname, others)) else set()
    return {
        id(record)
        for record in others
        if record.owner not in reached and not (_is_dname(record) and record.owner in above)
    }


def _is_dname(record: Record) -> bool:
    """A DNAME, or the signature over one: it stands above the names it leads on (RFC 6672)."""
    return record.type == _DNAME or (record.type == _RRSIG and record.data[:2] == _DNAME.to_bytes(2, "big"))


def addresses_of(reply: Reply) -> tuple[Address, ...]:
    """The addresses a client will use: along the CNAMEs, and the hints of service records."""
    hints = (hint for record in reply.answers if (svcb := _svcb(record)) is not None for hint in svcb.hints)
    return tuple(dict.fromkeys((*dns_answer.addresses_of(reply), *hints)))


def _stated(reply: Reply) -> list[Address]:
    """Also those that belong to no link, or stand where no address should: a careless client may take them."""
    found = (dns_answer.address(record) for record in (*reply.answers, *reply.authority))
    return [one for one in found if one is not None]


def _is_svcb(record: Record) -> bool:
    return record.type in _SVCB and record.cls == IN


def _svcb(record: Record) -> dns_svcb.Svcb | None:
    """None also for one that is malformed: RFC 9460 section 2.2 wants it ignored, so it is left out."""
    if not _is_svcb(record):
        return None
    try:
        return dns_svcb.read(record.data)
    except dns_svcb.BadSvcbError:
        return None


def _edited(record: Record, shaping: Shaping) -> bytes | None:
    svcb = _svcb(record) if shaping.remove_ech else None
    return None if svcb is None else dns_svcb.without_ech(svcb)


def _rewritten(reply: Reply, data: bytes, bad: set[int], edited: dict[int, bytes]) -> tuple[Reply, bytes]:
    """The same reply with other RDATA; signatures over what was edited go, they could not be right any more."""
    covered = {int.to_bytes(record.type, 2, "big") for record in reply.answers if id(record) in edited}
    out = bytearray(data[: reply.body_at])
    sections: list[tuple[Record, ...]] = []
    bounds: list[int] = []
    for section in (reply.answers, reply.authority):
        kept: list[Record] = []
        for record in section:
            if id(record) in bad or (record.type == _RRSIG and record.data[:2] in covered):
                continue
            rdata = edited.get(id(record)) or _full(data, record)
            out += record.owner
            kept.append(replace(record, ttl_at=len(out) + 4, data=rdata))
            out += _FIXED.pack(record.type, record.cls, record.ttl, len(rdata)) + rdata
        sections.append(tuple(kept))
        bounds.append(len(out))
    answers, authority = sections
    new = replace(reply, answers=answers, authority=authority, authority_at=bounds[0], additional_at=bounds[1])
    return new, bytes(out)


def _full(data: bytes, record: Record) -> bytes:
    """RDATA with its names in full."""
    if record.type not in _COMPRESSED or record.cls != IN:
        return record.data
    before, names = _COMPRESSED[record.type]
    start = record.ttl_at + _RDATA_AT
    at, parts = start + before, [record.data[:before]]
    for _ in range(names):
        name, at = read_compressed(data, at)
        parts.append(name)
    return b"".join(parts) + record.data[at - start :]
