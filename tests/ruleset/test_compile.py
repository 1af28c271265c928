"""A clinic as a whole ruleset: the same for the same inputs, whole, and without what has ended."""

from datetime import UTC, datetime, timedelta

import pytest

from ruleset.compile import compile_ruleset, in_force, next_expiry
from ruleset.invariants import check
from ruleset.live import NOTHING_LIVE
from ruleset.tree import Count, Dispatch, Goto, Jump
from tests import generate
from tests.ruleset.written import NOW, SIGNED, compiled, load, permit

END = datetime(2028, 3, 31, 15, 0, tzinfo=UTC)
FORWARD = {"uplink": "fibre", "protocol": "udp", "port": 51820, "to": "emr"} | SIGNED


def ids(ruleset):
    return {rule.id for chain in ruleset.chains for rule in chain.rules}


def test_equal_inputs_give_equal_trees():
    assert compiled(packs=["jp"]) == compiled(packs=["jp"])


@pytest.mark.parametrize("seed", range(12))
def test_a_ruleset_is_whole(seed):
    resolved = generate.site(seed)
    ruleset = compile_ruleset(resolved, generate.live_state(resolved, seed), generate.LATER)
    assert check(resolved, ruleset) == []
    names = [chain.name for chain in ruleset.chains]
    assert len(names) == len(set(names))
    statements = [s for chain in ruleset.chains for rule in chain.rules for s in rule.statements]
    verdicts = statements + [v for s in statements if isinstance(s, Dispatch) for _, v in s.entries]
    assert {v.chain for v in verdicts if isinstance(v, Jump | Goto)} <= set(names)
    assert {s.counter for s in statements if isinstance(s, Count)} == set(ruleset.counters)
    assert ids(ruleset) == set(ruleset.origins)


def test_what_has_ended_is_left_out_everywhere():
    resolved = load(
        permits={"p": permit("pc", "emr", "ssh")},
        forwards={"f": FORWARD},
        video={"v": {"zones": ["pc"], "platforms": ["zoom"]} | SIGNED},
    )
    mine = {"permit:p", "forward:f", "video:v:zoom"}
    assert mine <= ids(compile_ruleset(resolved, NOTHING_LIVE, END - timedelta(seconds=1)))
    assert not mine & ids(compile_ruleset(resolved, NOTHING_LIVE, END))


def test_a_grant_without_an_end_is_always_in_force():
    grants = load(permits={"p": permit("pc", "emr", "ssh")}).grants
    mine = next(g for g in grants if g.id == "permit:p")
    matrix = next(g for g in grants if g.kind == "matrix")
    assert in_force(mine, END - timedelta(seconds=1)) and not in_force(mine, END)
    assert in_force(matrix, datetime.max.replace(tzinfo=UTC))


def test_the_next_change_by_time_is_the_earliest_end_still_to_come():
    resolved = load(
        permits={"p": permit("pc", "emr", "ssh", expires="2026-07-01"), "q": permit("pc", "emr", "rdp")},
        forwards={"f": FORWARD | {"expires": "2026-06-15"}},
    )
    first, second = datetime(2026, 6, 15, 15, tzinfo=UTC), datetime(2026, 7, 1, 15, tzinfo=UTC)
    assert next_expiry(resolved, NOW) == first
    assert next_expiry(resolved, first) == second
    assert next_expiry(resolved, second) == END
    assert next_expiry(resolved, END) is None


def test_every_rule_of_a_permit_leads_back_to_its_line():
    ruleset = compiled(permits={"p": permit("pc", "emr", "ssh")})
    assert ruleset.origins["permit:p"].source == "site" and ruleset.origins["permit:p"].why == "Because"
    assert ruleset.origins["pack:base:pc-srv-web"].source == "pack"
    assert ruleset.origins["core:refused:pc"].source == "core"
