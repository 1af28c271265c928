"""Answers this resolver gives by itself: what a verdict, a local name or an unusual question is answered with.

May live here: verdict -> Answer. May not: deciding (dns_policy.py), forwarding.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from filters import dns_answer
from filters.dns_answer import Address, Answer
from filters.dns_errors import ExtendedError, option
from filters.dns_local import LocalNames
from filters.dns_message import IN, Query, Rcode, Type
from filters.names import Name
from filters.verdict import Action, Reason, Verdict

BLOCKED_TTL = 10  # seconds: short, so that a name allowed by a person works again soon
GRANTED_TTL = 30  # short as well, so that the end of an allowance is soon felt
LOCAL_TTL = 60
SAFE_TTL = 300
_NULLS: dict[int, bytes] = {Type.A: bytes(4), Type.AAAA: bytes(16)}
_LOOPBACKS: dict[int, bytes] = {Type.A: IPv4Address("127.0.0.1").packed, Type.AAAA: IPv6Address("::1").packed}
_TYPES = {4: Type.A, 6: Type.AAAA}
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


def answer_for(verdict: Verdict, query: Query, local: LocalNames, page: Sequence[Address] = ()) -> Answer:
    """The answer to a question whose verdict is neither FORWARD nor SAFE. `page`: where the block page is served."""
    dnssec, error = query.dnssec, error_of(verdict)
    match verdict.action:
        case Action.NXDOMAIN:
            return dns_answer.negative(Rcode.NXDOMAIN, BLOCKED_TTL, dnssec=dnssec, error=error)
        case Action.NULL if query.type in _NULLS:
            return dns_answer.positive(query.type, [_NULLS[query.type]], BLOCKED_TTL, dnssec=dnssec, error=error)
        case Action.PAGE if rdata := [one.packed for one in page if _TYPES[one.version] == query.type]:
            return dns_answer.positive(query.type, rdata, BLOCKED_TTL, dnssec=dnssec, error=error)
        case Action.NULL | Action.NODATA | Action.PAGE:
            return dns_answer.negative(Rcode.NOERROR, BLOCKED_TTL, dnssec=dnssec, error=error)
        case Action.LOCAL:
            return _local(verdict, query, local)
        case _:
            return dns_answer.failure(Rcode.REFUSED, dnssec=dnssec, error=error)


def safe_answer(query: Query, target: Name, found: Answer | None, now: float) -> Answer:
    """A CNAME to the safe variant, with the addresses `found` for that name (None: no question was needed)."""
    ttl = SAFE_TTL if found is None else int(max(0.0, min(SAFE_TTL, found.expires - now)))
    addresses = () if found is None else found.addresses
    error = option(ExtendedError.FORGED, "safe search")
    answer = dns_answer.alias(query, target, addresses, ttl, now)
    answer.opt = dns_answer.our_opt(0, dnssec=query.dnssec, error=error)
    answer.keep_until(now + SAFE_TTL if found is None else min(found.expires, now + SAFE_TTL))
    return answer


def error_of(verdict: Verdict) -> bytes:
    """The Extended DNS Error that says why, as an EDNS option; nothing for answers that are what they seem."""
    match verdict.reason:
        case Reason.LISTED | Reason.LISTED_LINK:
            return option(ExtendedError.BLOCKED, f"list {verdict.list} line {verdict.line}")
        case Reason.REBINDING:
            return option(ExtendedError.BLOCKED, "a private address from a public name")
        case Reason.ENCRYPTED_DNS:
            return option(ExtendedError.BLOCKED, "names are answered here, not by encrypted DNS elsewhere")
        case Reason.DENIED | Reason.DENIED_LINK | Reason.NOT_ALLOWED:
            return option(ExtendedError.FILTERED, "by this site's own rule")
        case Reason.UNKNOWN_CLIENT:
            return option(ExtendedError.PROHIBITED)
        case _:
            return b""


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
