"""Reading nft's print back, and telling what somebody changed by hand."""

import pytest

from gateway.enforcer import listing
from gateway.enforcer.kernel_nft import KernelNft
from ruleset.render import render
from ruleset.tree import L4, Accept, Chain, Count, Hook, Rule, Ruleset, SetDecl

RULES = tuple(Rule(f"permit:p{n}", (L4("tcp"),), (Count("permit.all"), Accept())) for n in range(3))
WANTED = Ruleset(
    "clinicgate",
    (SetDecl("feed4", "ipv4_addr", ("interval",)),),
    ("permit.all",),
    (),
    (Chain("forward", RULES, Hook("filter", "forward", 0, "drop")), Chain("empty", ())),
)
FOREIGN = "add table ip other\nadd chain ip other forward\n"


@pytest.fixture
def nft(net) -> KernelNft:
    nft = KernelNft()
    nft.load(render(WANTED) + FOREIGN)
    return nft


def found(nft: KernelNft) -> listing.Listing:
    return listing.read(nft.listing(), "clinicgate")


@pytest.mark.netns
def test_everything_asked_for_is_found_and_other_tables_are_named(nft: KernelNft) -> None:
    seen = found(nft)
    assert listing.missing(WANTED, seen) == []
    assert seen.rules == {"forward": ("permit:p0", "permit:p1", "permit:p2"), "empty": ()}
    assert seen.other_tables == ("ip other",)
    assert seen.existing().sets == {"feed4"}
    assert seen.existing().counters == {"permit.all"}


@pytest.mark.netns
@pytest.mark.parametrize(
    ("by_hand", "says"),
    [
        ("flush chain inet clinicgate forward", "3 rules are missing, the first is permit:p0"),
        ("add rule inet clinicgate forward accept", "1 rules too many, the first is one without an id"),
        ("insert rule inet clinicgate forward accept", "rule 1 is one without an id instead of permit:p0"),
        ('add rule inet clinicgate forward accept comment "permit:p3"', "the first is permit:p3"),
        ("add chain inet clinicgate backdoor", "chain backdoor does not belong here"),
        ("flush chain inet clinicgate empty\ndelete chain inet clinicgate empty", "chain empty is missing"),
        ("add chain inet clinicgate forward { policy accept; }", "head of chain forward was altered"),
        ("delete set inet clinicgate feed4", "set feed4 is gone"),
        ("delete table inet clinicgate", "the whole table is gone"),
    ],
)
def test_a_change_by_hand_is_drift(nft: KernelNft, by_hand: str, says: str) -> None:
    expected = found(nft)
    assert listing.drift(expected, found(nft)) == []
    nft.load(by_hand)
    assert says in "; ".join(listing.drift(expected, found(nft)))


@pytest.mark.netns
def test_a_rule_replaced_under_its_old_id_is_drift(nft: KernelNft) -> None:
    expected = found(nft)
    handle = KernelNft()
    with_handles = [line for line in _list_with_handles(handle) if "permit:p1" in line]
    number = with_handles[0].rsplit(" ", 1)[1]
    nft.load(f'replace rule inet clinicgate forward handle {number} accept comment "permit:p1"')
    assert listing.drift(expected, found(nft)) == ["a rule or the head of chain forward was altered"]


@pytest.mark.netns
def test_elements_and_counts_are_no_drift(nft: KernelNft) -> None:
    expected = found(nft)
    nft.load("add element inet clinicgate feed4 { 198.51.100.0/24 }")
    assert listing.drift(expected, found(nft)) == []


@pytest.mark.netns
def test_what_the_kernel_lacks_is_named(net) -> None:
    assert listing.missing(WANTED, listing.read("", "clinicgate")) == ["table inet clinicgate is not there"]
    KernelNft().load("add table inet clinicgate\nadd chain inet clinicgate forward\n")
    said = listing.missing(WANTED, listing.read(KernelNft().listing(), "clinicgate"))
    assert said == [
        "chain empty is missing",
        "chain forward: 3 rules are missing, the first is permit:p0",
        "set feed4 is missing",
        "counter permit.all is missing",
    ]


def _list_with_handles(_nft: KernelNft) -> list[str]:
    import nftables

    binding = nftables.Nftables()
    binding.set_handle_output(True)
    return binding.cmd("list ruleset")[1].splitlines()
