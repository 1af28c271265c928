"""Generations on disk."""

import dataclasses

import pytest

from gateway.enforcer import generations
from gateway.enforcer.generations import CLOSED, Generations, Meta
from gateway.paths import Paths


def meta(number: int, state: str = "confirmed") -> Meta:
    return Meta(
        number, 1000.0 + number, "alice", "console", "site.yaml", "3 zones", state, "0" * 64, {"seq": 1, "hash": ""}
    )


@pytest.fixture
def store(paths: Paths) -> Generations:
    return Generations(paths)


def save(store: Generations, *numbers: int, state: str = "confirmed") -> None:
    for number in numbers:
        store.save(meta(number, state), b"site %d" % number, f"text {number}", b"{}")


def test_a_generation_comes_back_as_it_was_saved(store: Generations) -> None:
    save(store, 1)
    assert (store.meta(1), store.site(1), store.text(1)) == (meta(1), b"site 1", "text 1")
    assert store.meta(2) is None


def test_numbers_are_never_used_again(store: Generations) -> None:
    assert store.next_number() == 1
    save(store, 1, 2)
    store.set_current(9)
    assert store.next_number() == 10


def test_confirming_moves_current_and_previous(store: Generations) -> None:
    assert store.current() == generations.Current(CLOSED, CLOSED)
    for number in (1, 2, 2):
        store.set_current(number)
    assert store.current() == generations.Current(2, 1)


def test_a_garbled_current_file_means_closed(store: Generations, paths: Paths) -> None:
    for content in (b"", b"7", b'{"current": "x"}', b'{"current": -1}'):
        paths.current.write_bytes(content)
        assert store.current().current == CLOSED


def test_the_way_back_is_current_previous_older_confirmed_closed(store: Generations) -> None:
    save(store, 1, 2, 3, 4)
    save(store, 5, state="returned")
    store.set_current(3)
    store.set_current(2)
    assert store.fallbacks() == [2, 3, 4, 1, CLOSED]


def test_the_oldest_go_but_never_current_or_previous(store: Generations, monkeypatch) -> None:
    monkeypatch.setattr(generations, "KEEP", 3)
    save(store, *range(1, 9))
    store.set_current(2)
    store.set_current(1)
    store.prune()
    assert store.numbers() == [1, 2, 6, 7, 8]


def test_a_mark_says_what_became_of_it(store: Generations) -> None:
    save(store, 1, state="pending")
    store.mark(1, "returned", "nobody confirmed")
    assert store.meta(1) == dataclasses.replace(meta(1, "returned"), note="nobody confirmed")
    store.mark(99, "returned")
    assert store.meta(99) is None


def test_a_broken_meta_is_left_out_of_the_list(store: Generations, paths: Paths) -> None:
    save(store, 1, 2)
    (paths.generation(1) / "meta.json").write_bytes(b'{"number": 1}')
    assert [m.number for m in store.metas()] == [2]


def test_the_text_can_be_written_anew(store: Generations) -> None:
    save(store, 1)
    store.rewrite_text(1, "without the expired permit")
    assert store.text(1) == "without the expired permit"


def test_site_and_text_both_change_the_fingerprint() -> None:
    assert len({generations.fingerprint(s, t) for s in (b"a", b"b") for t in ("a", "b")}) == 4
