"""Pins before answers: an answer for an approved video platform leaves once the kernel lets its addresses through.

The board remembers what it pinned for whom and until when, so that an answer from the cache asks again only when the
pin would end before the client may have forgotten the address. If the enforcer says no, or nothing within a bound,
the answer leaves all the same: the kernel then refuses the packets, which is seen and explained, while a name that does
not resolve is only a riddle.

May live here: who needs which pin, and the answers held meanwhile. May not: asking the enforcer.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from filters.dns_answer import Address
from filters.dns_exchange import PinGrant, RequestPin, Timing
from filters.names import Name, SuffixSet, suffixes

H = TypeVar("H")
MAX_REMEMBERED = 65_536  # pairs of client and address


@dataclass(slots=True)
class Hold(Generic[H]):
    """`held` until all `tokens` are answered, or `due`."""

    held: H
    tokens: set[int]
    due: float
    until: float
    pairs: list[tuple[Address, Address]]
    failed: bool = False


class PinBoard(Generic[H]):
    """H is what is held: the session's answer with its waiter."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self.adopt((), {})
        self._pinned: OrderedDict[tuple[Address, Address], float] = OrderedDict()
        self._holds: dict[int, Hold[H]] = {}
        self._last_token = 0

    def __len__(self) -> int:
        return len(self._holds)

    def adopt(self, grants: Iterable[PinGrant], same_device: Mapping[Address, tuple[Address, ...]]) -> None:
        """Who may use what from now on; `same_device` gives the other addresses of a client's device."""
        self._grants = tuple(grants)
        self._same_device = same_device
        self._any = SuffixSet(suffix for grant in self._grants for suffix in grant.suffixes)

    def concerns(self, name: Name) -> bool:
        """Whether answers for this name may need a pin for anybody, so that no shared table may hold them."""
        return self._any.find(name) is not None

    def wanted(self, name: Name, client: Address, zone: str) -> bool:
        """Whether this client holds a grant for this name."""
        return self.concerns(name) and any(
            grant.zone == zone
            and (not grant.clients or client in grant.clients)
            and any(suffix in grant.suffixes for suffix in suffixes(name))
            for grant in self._grants
        )

    def pin(
        self, name: str, client: Address, addresses: tuple[Address, ...], ttl: float, now: float, held: H
    ) -> list[RequestPin]:
        """What must be pinned before `held` may leave; an empty list: nothing, it may leave at once."""
        needed = max(ttl, self._timing.pin_floor)
        missing = [
            (source, address)
            for address in addresses
            for source in self._sources(client, address)
            if self._pinned.get((source, address), 0.0) < now + needed
        ]
        if not missing or len(self._holds) >= self._timing.held:
            return []
        lasts = needed + self._timing.pin_slack
        requests: list[RequestPin] = []
        for source in dict.fromkeys(source for source, _ in missing):
            self._last_token += 1
            targets = tuple(address for one, address in missing if one == source)
            requests.append(RequestPin(self._last_token, source, targets, int(lasts), name))
        tokens = {request.token for request in requests}
        hold = Hold(held, tokens, now + self._timing.pin, now + lasts, missing)
        self._holds.update(dict.fromkeys(tokens, hold))
        return requests

    def done(self, token: int, *, ok: bool) -> Hold[H] | None:
        """An answer of the enforcer: the hold that is free now, if one is."""
        hold = self._holds.pop(token, None)
        if hold is None:
            return None
        hold.tokens.discard(token)
        hold.failed = hold.failed or not ok
        if hold.tokens:
            return None
        if not hold.failed:
            self._remember(hold)
        return hold

    def overdue(self, now: float) -> list[Hold[H]]:
        """Holds whose bound has passed; they count as failed."""
        late = {id(hold): hold for hold in self._holds.values() if now >= hold.due}
        for hold in late.values():
            hold.failed = True
            for token in hold.tokens:
                del self._holds[token]
        return list(late.values())

    def forget(self) -> None:
        """The pins in the kernel may be gone: ask anew from now on."""
        self._pinned.clear()

    def _sources(self, client: Address, address: Address) -> list[Address]:
        """The client's addresses of that family: a device asks over one family and connects over the other."""
        if client.version == address.version:
            return [client]
        return [other for other in self._same_device.get(client, ()) if other.version == address.version]

    def _remember(self, hold: Hold[H]) -> None:
        for pair in hold.pairs:
            self._pinned.pop(pair, None)
            self._pinned[pair] = hold.until
        while len(self._pinned) > MAX_REMEMBERED:
            self._pinned.popitem(last=False)
