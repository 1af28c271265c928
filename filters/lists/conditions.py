"""What restricts a rule: question types, excepted names, clients and their tags.

May live here: the conditions, and whether they hold for who asks what. May not: reading them (modifiers.py).
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from filters import names

Client = IPv4Network | IPv6Network | str


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks what: the question's type (a number of RFC 1035), the client's address, names and tags (lower case)."""

    qtype: int = 1
    address: IPv4Address | IPv6Address | None = None
    names: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def is_(self, client: Client) -> bool:
        if isinstance(client, str):
            return client in self.names
        return self.address is not None and self.address in client  # of another IP version: not in it


@dataclass(frozen=True, slots=True)
class Conditions:
    """All must hold. Of each kind: what is included (empty: everything) and what is left out."""

    types: frozenset[int] = frozenset()
    not_types: frozenset[int] = frozenset()
    excepted: names.SuffixSet = field(default_factory=names.SuffixSet)
    clients: frozenset[Client] = frozenset()
    not_clients: frozenset[Client] = frozenset()
    tags: frozenset[str] = frozenset()
    not_tags: frozenset[str] = frozenset()
    rewrite: str | None = None  # the value of $dnsrewrite; "" in an exception means every value

    @property
    def personal(self) -> bool:
        """Whether two clients of one zone may get different answers."""
        return bool(self.clients or self.not_clients or self.tags or self.not_tags)

    def hold(self, name: names.Name, asker: Asker) -> bool:
        return (
            asker.qtype not in self.not_types
            and (not self.types or asker.qtype in self.types)
            and self.excepted.find(name) is None
            and not any(map(asker.is_, self.not_clients))
            and (not self.clients or any(map(asker.is_, self.clients)))
            and self.not_tags.isdisjoint(asker.tags)
            and (not self.tags or not self.tags.isdisjoint(asker.tags))
        )


ALWAYS = Conditions()
