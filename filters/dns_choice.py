"""Which upstream is asked first: the healthy before the sick, the quick before the slow, and now and then another.

A smoothed round trip (RFC 6298 section 2: one eighth of each new one) stands for each upstream. Who was not asked for a
while, or was sick, goes first once, so that a resolver that became quick, or well, is noticed; if it fails, the next
one is asked.

May live here: that order, as values. May not: questions, retries (dns_asking.py), sockets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from filters.dns_exchange import Upstream

SMOOTHING = 0.125
PROBE_SECONDS = 30.0  # since an upstream was last chosen; then it goes first once
PROBES_APART = 5.0  # so that several slow ones are not tried in a row
MAX_DOUBLINGS = 4  # a sick one is left alone for longer each time, up to 16 times the first
CLOSE = 0.9  # another must be a tenth quicker than the first in the site's order to go before it
MAX_KNOWN = 64  # upstreams remembered


@dataclass(slots=True)
class Standing:
    """What is known of one upstream; times in seconds, `round_trip` None before its first answer."""

    chosen: float
    round_trip: float | None = None
    failures: int = 0
    sick_until: float = 0.0


class Choice:
    """`order` before asking; `answered` and `failed` after. `sick`: seconds that a first failure counts."""

    def __init__(self, sick: float) -> None:
        self._sick = sick
        self._known: dict[Upstream, Standing] = {}
        self._probed = 0.0

    def order(self, upstreams: Sequence[Upstream], now: float) -> list[Upstream]:
        """Whom to ask, best first. Says who was chosen to itself, so call it for a real question only."""
        ordered = sorted(upstreams, key=lambda one: self._rank(one, upstreams[0], now))
        if len(ordered) > 1 and now >= self._probed + PROBES_APART:
            due = [one for one in ordered[1:] if self._due(one, now)]
            if due:
                self._probed = now
                ordered.remove(due[0])
                ordered.insert(0, due[0])
        if ordered:
            self._standing(ordered[0], now).chosen = now
        return ordered

    def answered(self, upstream: Upstream, took: float, now: float) -> None:
        """A good answer after `took` seconds: it is well."""
        known = self._standing(upstream, now)
        known.failures, known.sick_until = 0, 0.0
        known.round_trip = (
            took if known.round_trip is None else known.round_trip + SMOOTHING * (took - known.round_trip)
        )

    def failed(self, upstream: Upstream, now: float) -> None:
        """No answer, or none that helps. While it is sick, more failures say nothing new."""
        known = self._standing(upstream, now)
        if now >= known.sick_until:
            known.sick_until = now + self._sick * 2 ** min(known.failures, MAX_DOUBLINGS)
            known.failures += 1

    def _standing(self, upstream: Upstream, now: float) -> Standing:
        known = self._known.get(upstream)
        if known is None:
            if len(self._known) >= MAX_KNOWN:
                del self._known[next(iter(self._known))]
            known = self._known[upstream] = Standing(now)
        return known

    def _rank(self, upstream: Upstream, first: Upstream, now: float) -> tuple[bool, bool, float]:
        """Sick last; not measured after measured; the first of the site's order gets a small advantage."""
        known = self._standing(upstream, now)
        trip = known.round_trip or 0.0
        return now < known.sick_until, known.round_trip is None, trip * CLOSE if upstream == first else trip

    def _due(self, upstream: Upstream, now: float) -> bool:
        known = self._standing(upstream, now)
        recovering = known.failures > 0
        return now >= known.sick_until and (recovering or now >= known.chosen + PROBE_SECONDS)
