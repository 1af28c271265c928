"""Loading and reading back, with elements as witnesses that sets live on."""

from dataclasses import replace

import pytest

from gateway.enforcer.elements import Change, Element, Elements
from gateway.enforcer.kernel_nft import KernelNft, NftError
from gateway.enforcer.loader import Loader, ReadBackError
from ruleset.render import render
from ruleset.tree import Accept, Chain, Hook, Jump, Rule, Ruleset, SetDecl

pytestmark = pytest.mark.netns


def ruleset(*ids: str, priority: int = 0, extra: tuple[Chain, ...] = ()) -> Ruleset:
    rules = tuple(Rule(one, (), (Accept(),)) for one in ids)
    hook = Hook("filter", "forward", priority, "drop")
    return Ruleset("clinicgate", (SetDecl("feed4", "ipv4_addr"),), (), (), (Chain("forward", rules, hook), *extra))


@pytest.fixture
def loader(net) -> Loader:
    loader = Loader(KernelNft())
    loader.put(ruleset("a:one"))
    Elements().apply([Change("feed4", (Element(bytes([198, 51, 100, 7])),))])
    return loader


def elements() -> int:
    return len(Elements().read("feed4"))


def test_sets_live_through_put_update_and_dry_run(loader: Loader) -> None:
    new = ruleset("a:two", extra=(Chain("more", ()),))
    loader.load(loader.dry_run(new))
    loader.read_back(new)
    loader.update(ruleset("a:three"))
    loader.put(ruleset("a:four"))
    assert (loader.drift()[0], elements(), loader.take_emptied()) == ([], 1, False)
    assert loader.listing().rules == {"forward": ("a:four",)}


def test_a_dry_run_changes_nothing(loader: Loader) -> None:
    loader.dry_run(ruleset("a:two"))
    assert loader.listing().rules["forward"] == ("a:one",)


def test_a_refused_load_changes_nothing(loader: Loader) -> None:
    broken = ruleset("a:two", extra=(Chain("more", (Rule("a:jump", (), (Jump("nowhere"),)),)),))
    with pytest.raises(NftError, match="a:jump"):
        loader.dry_run(broken)
    with pytest.raises(NftError):
        loader.load(render(broken))
    assert loader.listing().rules == {"forward": ("a:one",)}


def test_a_read_back_that_differs_is_an_error(loader: Loader) -> None:
    with pytest.raises(ReadBackError, match="a:two"):
        loader.read_back(ruleset("a:two"))


def test_an_update_over_drift_mends_it(loader: Loader) -> None:
    for by_hand in ("flush chain inet clinicgate forward", "add chain inet clinicgate backdoor"):
        KernelNft().load(by_hand)
        assert loader.drift()[0]
        loader.update(replace(ruleset("a:one", "a:two")))
        assert (loader.drift()[0], elements()) == ([], 1)
        loader.update(ruleset("a:one"))


def test_a_dry_run_over_drift_is_for_the_whole(loader: Loader) -> None:
    KernelNft().load("add chain inet clinicgate backdoor")
    assert "delete chain inet clinicgate backdoor" in loader.dry_run(ruleset("a:two"))


def test_a_base_chain_that_moved_is_replaced_with_its_table_and_that_is_told(loader: Loader) -> None:
    loader.put(ruleset("a:one", priority=10))
    assert (loader.take_emptied(), loader.take_emptied(), elements()) == (True, False, 0)
    assert "priority filter + 10" in KernelNft().listing()


def test_a_table_that_is_gone_is_made_again(loader: Loader) -> None:
    KernelNft().load("delete table inet clinicgate")
    loader.update(ruleset("a:two"))
    assert loader.listing().rules == {"forward": ("a:two",)}


def test_a_complete_text_replaces_everything(loader: Loader) -> None:
    loader.load_fresh(render(ruleset("a:saved")))
    assert (loader.take_emptied(), loader.drift()[0]) == (True, [])
