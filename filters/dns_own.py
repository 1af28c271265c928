"""Answers this resolver gives by itself: what a verdict, a local name or an unusual question is answered with.

May live here: verdict -> Answer. May not: deciding (dns_policy.py), forwarding.
"""

from ipaddress import IPv4Address, IPv6Address

from filters import dns_answer
from filters.dns_answer import Answer
from filters.dns_local import LocalNames
from filters.dns_message import IN, Query, Rcode, Type
from filters.verdict import Action, Reason, Verdict

BLOCKED_TTL = 10  # seconds: short, so that a name allowed by a person works again soon
LOCAL_TTL = 60
_NULLS: dict[int, bytes] = {Type.A: bytes(4), Type.AAAA: bytes(16)}
_LOOPBACKS: dict[int, bytes] = {Type.A: IPv4Address("127.0.0.1").packed, Type.AAAA: IPv6Address("::1").packed}
_HINFO = 13
_NO_ANY = b"\x07RFC8482\x00"
# Types that are questions about messages or zones, not records (RFC 6895 section 3.1), and NXNAME (RFC 9824).
_NOT_FORWARDED: dict[int, Rcode] = {
    0: Rcode.FORMERR, Type.OPT: Rcode.FORMERR, 128: Rcode.FORMERR, 249: Rcode.FORMERR, 250: Rcode.FORMERR,
    251: Rcode.REFUSED, 252: Rcode.REFUSED, 253: Rcode.NOTIMP, 254: Rcode.NOTIMP,
}  # fmt: skip


def unusual(query: Query) -> Answer | None:
    """The answer to a question that is well formed and yet not taken; None for all others.

    ANY gets RFC 8482's answer, because asking for everything serves amplification and little else. A question without
    RD would read our cache on behalf of somebody who resolves himself: refused.
    """
    if query.edns is not None and query.edns.version != 0:
        return dns_answer.failure(Rcode.BADVERS, dnssec=query.dnssec)
    if query.cls != IN or not query.recursion:
        return dns_answer.failure(Rcode.REFUSED, dnssec=query.dnssec)
    if query.type in _NOT_FORWARDED:
        return dns_answer.failure(_NOT_FORWARDED[query.type], dnssec=query.dnssec)
    if query.type == Type.ANY:
        return dns_answer.positive(_HINFO, [_NO_ANY], 3600, dnssec=query.dnssec)
    return None


def answer_for(verdict: Verdict, query: Query, local: LocalNames) -> Answer:
    """The answer to a question whose verdict is anything but FORWARD."""
    dnssec, blocked = query.dnssec, verdict.reason is Reason.LISTED
    match verdict.action:
        case Action.NXDOMAIN:
            return dns_answer.negative(Rcode.NXDOMAIN, BLOCKED_TTL, dnssec=dnssec, blocked=blocked)
        case Action.NULL if query.type in _NULLS:
            return dns_answer.positive(query.type, [_NULLS[query.type]], BLOCKED_TTL, dnssec=dnssec, blocked=blocked)
        case Action.NULL | Action.NODATA:
            return dns_answer.negative(Rcode.NOERROR, BLOCKED_TTL, dnssec=dnssec, blocked=blocked)
        case Action.LOCAL:
            return _local(verdict, query, local)
        case _:
            return dns_answer.failure(Rcode.REFUSED, dnssec=dnssec)


def _local(verdict: Verdict, query: Query, local: LocalNames) -> Answer:
    if verdict.reason is Reason.SPECIAL_USE:
        rdata = [_LOOPBACKS[query.type]] if query.type in _LOOPBACKS else []
        exists = True
    else:
        found = local.find(query.name, query.type)
        rdata, exists = (list(found.rdata), found.exists) if found else ([], False)
    if rdata:
        return dns_answer.positive(query.type, rdata, LOCAL_TTL, dnssec=query.dnssec)
    return dns_answer.negative(Rcode.NOERROR if exists else Rcode.NXDOMAIN, BLOCKED_TTL, dnssec=query.dnssec)
