"""Whole rulesets through libnftables: transactions, dry runs, faults by line and rule."""

import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from gateway.enforcer.elements import Change, Elements, interval
from gateway.enforcer.kernel_nft import KernelNft, NftError, faults

pytestmark = pytest.mark.netns
GOOD = (
    'add table inet t\nadd chain inet t a\nadd rule inet t a counter accept comment "permit:x"\nadd counter inet t c\n'
)


def test_a_dry_run_leaves_nothing_behind(net) -> None:
    nft = KernelNft()
    nft.check(GOOD)
    assert nft.listing() == ""


def test_a_load_is_listed_without_counts(net) -> None:
    nft = KernelNft()
    nft.load(GOOD)
    assert 'counter accept comment "permit:x"' in nft.listing()
    assert nft.counters("t") == {"c": (0, 0)}
    assert nft.counters("other") == {}


def test_a_text_with_one_bad_statement_changes_nothing(net) -> None:
    nft = KernelNft()
    with pytest.raises(NftError):
        nft.load(GOOD + "add rule inet t a jump nowhere\n")
    assert nft.listing() == ""


def test_a_fault_of_the_kernel_names_line_statement_and_rule(net) -> None:
    with pytest.raises(NftError, match="permit:y") as refused:
        KernelNft().check(GOOD + 'add rule inet t a jump nowhere comment "permit:y"\n')
    (fault,) = refused.value.faults
    assert (fault.line, fault.rule, fault.what) == (5, "permit:y", "Could not process rule: No such file or directory")


def test_a_fault_of_the_parser_names_its_line(net) -> None:
    with pytest.raises(NftError) as refused:
        KernelNft().check(GOOD + "this is no statement\n")
    assert refused.value.faults[0].statement == "this is no statement"


def test_an_unknown_complaint_is_passed_on_whole() -> None:
    assert faults("netlink: something", "text")[0].what == "netlink: something"
    assert faults("", "text")[0].what == "refused without a reason"


def test_listing_stays_quick_beside_a_large_set(net) -> None:
    """`list table` would take a second here: it reads every element."""
    nft = KernelNft()
    nft.load("add table inet clinicgate\nadd set inet clinicgate feed { type ipv4_addr; flags interval; }\n")
    every = tuple(e for n in range(30_000) for e in interval(n << 12, (n << 12) + 255, 4))
    elements = Elements()
    for at in range(0, len(every), 2000):
        elements.apply([Change("feed", every[at : at + 2000])])

    def quickest(what: Callable[[], object]) -> float:
        """Of several: a machine busy with other things makes one slow, hardly all of them."""
        moments = [time.monotonic()]
        for _ in range(9):
            what()
            moments.append(time.monotonic())
        return min(after - before for before, after in pairwise(moments))

    assert quickest(nft.listing) < quickest(lambda: elements.read("feed")) / 3
