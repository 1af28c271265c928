"""What a filter decides about a DNS question, and why: closed words, one value.

May live here: the enums and the value. May not: deciding (dns_policy.py), texts for people (the pages' locales).
"""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What happens to the question."""

    FORWARD = "forward"  # ask upstream, or answer from the cache
    LOCAL = "local"  # answer from the clinic's own names
    NXDOMAIN = "nxdomain"  # "there is no such name"
    NODATA = "nodata"  # "the name exists, but nothing of this type"
    NULL = "null"  # 0.0.0.0 or ::, and nothing for other types
    PAGE = "page"  # the gateway's own address, where a page says why
    SAFE = "safe"  # the safe variant of a search engine: the verdict's `target`
    REFUSED = "refused"  # not a client of ours, or a question we do not take


class Reason(StrEnum):
    """Why. Adding one means giving it a text in every language of the pages."""

    NOT_LISTED = "not_listed"
    LISTED = "listed"
    LISTED_LINK = "listed_link"  # the name leads to a blocked one by CNAME or an alias
    DENIED = "denied"  # the site's own entry blocks it
    DENIED_LINK = "denied_link"
    EXCEPTED = "excepted"  # a list's own exception lets it through
    ALLOWED = "allowed"  # the site's own entry: no list may block it here
    NOT_ALLOWED = "not_allowed"  # here nothing is answered but what the site names
    ENCRYPTED_DNS = "encrypted_dns"  # a public resolver for encrypted DNS: a way around this one
    GRANTED = "granted"  # allowed by a person for a while
    SAFE_SEARCH = "safe_search"
    CLOSED = "closed"  # a closed network's name: never filtered, never asked anywhere else
    REBINDING = "rebinding"  # a public name that points into the clinic
    PROTECTED = "protected"  # no list may block it; the verdict names the list that tried, if one did
    CANARY = "canary"  # asked by software that would otherwise leave this resolver
    LOCAL_NAME = "local_name"  # one of the clinic's own names, existing or not
    SPECIAL_USE = "special_use"  # a name that must never leave the site (RFC 6761 and kin)
    UNKNOWN_CLIENT = "unknown_client"  # the asking address belongs to no zone


@dataclass(frozen=True, slots=True)
class Verdict:
    """`list` and `line` (counted from 1, 0 for none) say where the rule stands, `rule` what it says, in ASCII.

    `target`: what is answered instead, in wire form (SAFE only). `personal`: another client of the same view might get
    another verdict, so no shared table may hold what follows from it.
    """

    action: Action
    reason: Reason
    list: str = ""
    line: int = 0
    rule: str = ""
    target: bytes = b""
    personal: bool = False

    @property
    def blocks(self) -> bool:
        """Whether a name was refused that others would have answered (the owner's page counts these)."""
        return self.reason in BLOCKING


BLOCKING = frozenset({
    Reason.LISTED, Reason.LISTED_LINK, Reason.DENIED, Reason.DENIED_LINK, Reason.NOT_ALLOWED, Reason.REBINDING,
    Reason.ENCRYPTED_DNS,
})  # fmt: skip
