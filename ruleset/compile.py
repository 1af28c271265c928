"""ResolvedSite + LiveState + now -> Ruleset: the table of contents of the policy.

May live here: the order of the parts. May not: any rule (compile_*.py), text (render.py), effects.

Which chain does what, in the order a packet meets them: `translate-destination` sends names to our resolver and opens
port forwards; `input` and `forward` drop by default and begin with isolation, running connections and forged sources;
then they allow zone by zone and pair by pair; `translate-source` masquerades.
"""

from datetime import datetime

from ruleset.compile_forward import forward_chains
from ruleset.compile_guard import guard_chains
from ruleset.compile_input import input_chains
from ruleset.compile_nat import nat_chains
from ruleset.compile_parts import SETS, TABLE, counters_of, flowtables, origins_of, refused_chains
from ruleset.live import LiveState
from ruleset.resolved import Grant, ResolvedSite
from ruleset.tree import Chain, Ruleset


def compile_ruleset(site: ResolvedSite, live: LiveState, now: datetime) -> Ruleset:
    """The whole table. Deterministic: equal inputs give equal trees. What has expired at `now` is left out."""
    grants = tuple(g for g in site.grants if in_force(g, now))
    tables = flowtables(site, live)
    chains: tuple[Chain, ...] = (
        *guard_chains(site, live, tables),
        *nat_chains(site, now),
        *input_chains(site, grants, live),
        *forward_chains(site, grants, tables, now),
        *refused_chains(site),
    )
    return Ruleset(TABLE, SETS, counters_of(chains), tables, chains, origins_of(site, chains))


def in_force(grant: Grant, now: datetime) -> bool:
    """Whether a grant has not ended at `now`."""
    return grant.expires is None or grant.expires > now


def next_expiry(site: ResolvedSite, now: datetime) -> datetime | None:
    """When the policy changes by itself next, so that the enforcer can compile again in time."""
    ends = [g.expires for g in site.grants if g.expires] + [f.expires for f in site.forwards]
    return min((e for e in ends if e > now), default=None)
