"""The lab's names as zones: the root, and one zone for each name below it; what a zone has at a name, and its edges.

May live here: LabNames -> resource records, which zone a name belongs to. May not: messages and sockets
(dns_server.py), signatures (dnssec.py), choosing names (names.py).
Sources: RFC 1035, RFC 2308 (negative answers), RFC 4035 section 2 (DS belongs to the parent), RFC 8020.
"""

import dns.name
import dns.rdatatype
import dns.rrset

from gateway.lab.names import LabNames

TTL = 60
SERVER = "ns.lab.test."
SOA = f"{SERVER} hostmaster.lab.test. 1 3600 600 86400 60"
SIGNED_TOP = (
    "example"  # signed like the root; all others are not, so that both ways are walked (Unbound itself answers `test`)
)
LONG_TEXT = "long"  # names with this first label have a TXT answer that does not fit a UDP message
LONG_LINES = tuple(f'"{"x" * 250} {number}"' for number in range(20))
_FAMILIES = {"A": 4, "AAAA": 6}


class Records:
    """What there is at each name. `keys`: a zone that is signed -> its DNSKEY and DS as text."""

    def __init__(self, names: LabNames, keys: dict[str, dict[str, str]] | None = None) -> None:
        self._names, self._tops, self._keys = names, names.tops(), keys or {}

    def find(self, name: dns.name.Name, kind: str) -> dns.rrset.RRset | None:
        """The records of one type; aliases are not followed."""
        texts = self._texts(text_of(name), kind)
        return dns.rrset.from_text_list(name, TTL, "IN", kind, texts) if texts else None

    def alias(self, name: dns.name.Name) -> dns.rrset.RRset | None:
        """The CNAME at that name."""
        return self.find(name, "CNAME")

    def exists(self, name: dns.name.Name) -> bool:
        """Whether there is that name, or one below it."""
        text = text_of(name)
        return self._names.find(text) is not None or self._names.is_parent(text)

    def zone(self, name: dns.name.Name, kind: str) -> dns.name.Name:
        """The apex of the zone that answers this question."""
        top = name.split(2)[1] if len(name) > 2 else name
        if text_of(top) not in self._tops or (kind == "DS" and top == name):
            return dns.name.root
        return top

    def start(self, zone: dns.name.Name) -> dns.rrset.RRset:
        """The SOA of a zone."""
        return dns.rrset.from_text(zone, TTL, "IN", "SOA", SOA)

    def kinds(self, name: dns.name.Name, zone: dns.name.Name) -> list[str]:
        """All types that `zone` has at an existing name (for NSEC)."""
        if name != zone and text_of(name) in self._tops:
            return [kind for kind in ("NS", "DS") if self._texts(text_of(name), kind)]
        wanted = ("NS", "SOA", "DNSKEY", "CNAME", "A", "AAAA", "HTTPS", "TXT")
        return [kind for kind in wanted if self._texts(text_of(name), kind)]

    def _texts(self, name: str, kind: str) -> list[str]:
        apex = name == "" or name in self._tops
        if apex and kind in ("NS", "SOA", "DNSKEY", "DS"):
            own = {"NS": SERVER, "SOA": SOA, **self._keys.get(name, {})}
            return [own[kind]] if kind in own else []
        if (target := self._names.aliases.get(name)) is not None:
            return [f"{target}."] if kind == "CNAME" else []
        if kind == "HTTPS":
            return list(self._names.https.get(name, ()))
        addresses = self._names.find(name)
        if addresses is None:
            return []
        if kind == "TXT" and name.partition(".")[0] == LONG_TEXT:
            return list(LONG_LINES)
        return [str(address) for address in addresses if address.version == _FAMILIES.get(kind)]


def text_of(name: dns.name.Name) -> str:
    """As LabNames has it: lower case, no dot at the end."""
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def kind_of(rdtype: dns.rdatatype.RdataType) -> str:
    return dns.rdatatype.to_text(rdtype)
