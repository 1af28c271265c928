"""Names with a meaning of their own: canaries, and names that must never leave the site.

May live here: the tables, each entry with its source. May not: the clinic's own names (dns_local.py), block lists.
"""

from filters.dns_message import Type
from filters.names import Name, SuffixSet, from_text
from filters.verdict import Action


def _table(words: str) -> tuple[Name, ...]:
    return tuple(from_text(word) for word in words.split())


# Software that finds these names asks another resolver, past the clinic's filter; a "no" tells it to stay.
CANARIES: dict[Name, Action] = {
    from_text("use-application-dns.net"): Action.NXDOMAIN,  # Firefox: no DoH by default on this network
    from_text("mask.icloud.com"): Action.NXDOMAIN,  # iCloud Private Relay: not on this network
    from_text("mask-h2.icloud.com"): Action.NXDOMAIN,
}
# RFC 9462 section 4: a resolver without designated resolvers answers NODATA in the whole zone.
DESIGNATED = SuffixSet(_table("resolver.arpa"))

# What a validator asks about top-level domains (RFC 4035 section 4.2); all else of a plain word is this network's own.
OF_ZONES = frozenset((Type.NS, Type.SOA, Type.DS, Type.DNSKEY))

LOCALHOST = from_text("localhost")  # RFC 6761 section 6.3: loopback, for it and all below
NEVER_UPSTREAM = SuffixSet(
    (
        # RFC 6761 section 6.4, RFC 6762 section 22.1 (mDNS), RFC 7686, RFC 8375, RFC 9476
        *_table("invalid local onion home.arpa alt"),
        # ICANN: `internal` is for private use (board resolution 2024.07.29.06), the others are never delegated
        # (2018.02.04.12; RFC 6762 appendix G counts `lan`). A site that has such a zone elsewhere names it closed.
        *_table("internal home corp mail lan"),
        # RFC 6303 sections 4.2 to 4.5: reverse zones of addresses that exist here or nowhere
        *_table("10.in-addr.arpa 168.192.in-addr.arpa 254.169.in-addr.arpa 127.in-addr.arpa 0.in-addr.arpa"),
        *(from_text(f"{second}.172.in-addr.arpa") for second in range(16, 32)),
        *(from_text(f"{second}.100.in-addr.arpa") for second in range(64, 128)),  # RFC 7793: shared addresses
        *_table("2.0.192.in-addr.arpa 100.51.198.in-addr.arpa 113.0.203.in-addr.arpa 255.255.255.255.in-addr.arpa"),
        *_table("d.f.ip6.arpa 8.e.f.ip6.arpa 9.e.f.ip6.arpa a.e.f.ip6.arpa b.e.f.ip6.arpa 8.b.d.0.1.0.0.2.ip6.arpa"),
        *(from_text(last + ".0" * 31 + ".ip6.arpa") for last in "01"),
    )
)
