"""Small transactions: when they will do, and that they lead to the same table as a full one."""

from dataclasses import replace

import pytest

from gateway.enforcer import listing
from gateway.enforcer.delta import small_change
from gateway.enforcer.kernel_nft import KernelNft
from ruleset.render import render
from ruleset.tree import Accept, Chain, Count, Drop, Hook, Jump, Rule, Ruleset, SetDecl

HOOK = Hook("filter", "forward", 0, "drop")
OLD = Ruleset(
    "clinicgate",
    (SetDecl("feed4", "ipv4_addr"),),
    ("a.x", "a.y"),
    (),
    (
        Chain("forward", (Rule("a:jump", (), (Jump("pair"),)),), HOOK),
        Chain("pair", (Rule("a:x", (), (Count("a.x"), Accept())),)),
        Chain("other", (Rule("a:y", (), (Count("a.y"), Accept())),)),
    ),
)


def with_chain(ruleset: Ruleset, chain: Chain) -> Ruleset:
    return replace(ruleset, chains=tuple(chain if c.name == chain.name else c for c in ruleset.chains))


NEW = replace(
    with_chain(OLD, Chain("pair", (Rule("a:z", (), (Count("a.z"), Drop())), Rule("a:w", (), (Accept(),))))),
    counters=("a.y", "a.z"),
)


def test_only_the_chain_that_differs_is_touched() -> None:
    text = small_change(OLD, NEW)
    assert "flush chain inet clinicgate pair" in text
    assert "other" not in text
    assert "flush table" not in text


@pytest.mark.parametrize(
    "new",
    [
        replace(OLD, chains=OLD.chains[:-1]),
        replace(OLD, chains=(*OLD.chains, Chain("more", ()))),
        replace(OLD, sets=()),
        with_chain(OLD, Chain("forward", OLD.chains[0].rules, replace(HOOK, policy="accept"))),
    ],
    ids=["chain gone", "chain more", "set gone", "hook differs"],
)
def test_a_change_of_shape_needs_the_whole(new: Ruleset) -> None:
    assert small_change(OLD, new) is None


def test_names_that_nft_cannot_carry_are_refused_here_too() -> None:
    hostile = with_chain(OLD, Chain("pair", (Rule('x" accept\nadd', (), (Accept(),)),)))
    with pytest.raises(ValueError, match="carry safely"):
        small_change(OLD, hostile)


@pytest.mark.netns
def test_both_ways_lead_to_the_same_table(net) -> None:
    nft = KernelNft()
    nft.load(render(OLD))
    nft.load(small_change(OLD, NEW))
    small = listing.read(nft.listing(), "clinicgate")
    nft.load("delete table inet clinicgate")
    nft.load(render(NEW))
    whole = listing.read(nft.listing(), "clinicgate")
    assert (small, small.counters) == (whole, whole.counters)


@pytest.mark.netns
def test_nothing_to_change_changes_nothing(net) -> None:
    nft = KernelNft()
    nft.load(render(OLD))
    before = nft.listing()
    nft.load(small_change(OLD, OLD))
    assert nft.listing() == before
