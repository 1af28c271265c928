"""Pins before answers: an answer for an approved video platform leaves once the kernel lets its addresses through.

The board remembers what it pinned for whom and until when, so that an answer from the cache asks again only when the
pin would end before the client may have forgotten the address. If the enforcer says no, or nothing within a bound,
the answer leaves all the same: the kernel then refuses the packets, which is seen and explained, while a name that does
not resolve is only a riddle.

May live here: who needs which pin, and the answers held meanwhile. May not: asking the enforcer.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from filters.dns_answer import Address
from filters.dns_exchange import PinGrant, RequestPin, Timing
from filters.names import Name, SuffixSet, suffixes

H = TypeVar("H")
MAX_REMEMBERED = 65_536  # pairs of client and address
MAX_ADDRESSES = 64  # of one answer; the enforcer takes no more at once


@dataclass(slots=True)
class Hold(Generic[H]):
    """`held` until its pin is answered, or `due`; the pin lasts until `until`.

    `failed`: not all of its addresses are pinned.
    """

    held: H
    client: Address
    addresses: tuple[Address, ...]
    due: float
    until: float
    failed: bool = False


class PinBoard(Generic[H]):
    """H is what is held: the session's answer with its waiter."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self.adopt(())
        self._pinned: OrderedDict[tuple[Address, Address], float] = OrderedDict()
        self._holds: dict[int, Hold[H]] = {}
        self._last_token = 0

    def __len__(self) -> int:
        return len(self._holds)

    def adopt(self, grants: Iterable[PinGrant]) -> None:
        """Who may use what from now on."""
        self._grants = tuple(grants)
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
    ) -> RequestPin | Literal["short"] | None:
        """What must be pinned before `held` may leave; None: nothing, it may leave at once.

        "short": it may leave, but not all of its addresses can be pinned: too much is held, or they are too many.

        A client asks over one family and connects over the other: the enforcer, which sees the neighbour table, finds
        its address of an answer's family.
        """
        needed = max(ttl, self._timing.pin_floor)
        missing = tuple(a for a in addresses[:MAX_ADDRESSES] if self._pinned.get((client, a), 0.0) < now + needed)
        partial = len(addresses) > MAX_ADDRESSES
        if not missing or len(self._holds) >= self._timing.held:
            return "short" if missing or partial else None
        lasts = needed + self._timing.pin_slack
        self._last_token += 1
        self._holds[self._last_token] = Hold(held, client, missing, now + self._timing.pin, now + lasts, partial)
        return RequestPin(self._last_token, client, missing, int(lasts), name)

    def done(self, token: int, *, ok: bool) -> Hold[H] | None:
        """An answer of the enforcer: the hold that is free now; None when it was let go before."""
        hold = self._holds.pop(token, None)
        if hold is None:
            return None
        hold.failed |= not ok
        if ok:
            self._remember(hold)
        return hold

    def overdue(self, now: float) -> list[Hold[H]]:
        """Holds whose bound has passed; they count as failed."""
        late = [token for token, hold in self._holds.items() if now >= hold.due]
        holds = [self._holds.pop(token) for token in late]
        for hold in holds:
            hold.failed = True
        return holds

    def forget(self) -> None:
        """The pins in the kernel may be gone: ask anew from now on."""
        self._pinned.clear()

    def _remember(self, hold: Hold[H]) -> None:
        for address in hold.addresses:
            pair = hold.client, address
            self._pinned.pop(pair, None)
            self._pinned[pair] = hold.until
        while len(self._pinned) > MAX_REMEMBERED:
            self._pinned.popitem(last=False)
