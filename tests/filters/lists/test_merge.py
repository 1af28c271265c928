"""Duplicates of one hash: what stays, what is told."""

from array import array

import pytest

from filters.lists.layout import ALLOW, SIDE
from filters.lists.merge import merged

EXACT, SUBTREE, BELOW, PAIR = (extent << 29 for extent in range(4))


def merge(*places: int) -> tuple[list[int], list[int]]:
    """The places that stay of one hash, and the lines told as duplicates; lines from 100 on are another list's."""
    dropped: list[int] = []
    hashes, kept = merged(array("Q", [7] * len(places)), array("I", places), lambda line: line // 100, dropped.append)
    assert list(hashes) == [7] * len(kept)
    return list(kept), dropped


@pytest.mark.parametrize(
    ("places", "kept", "dropped"),
    [
        ([EXACT | 1], [EXACT | 1], []),
        ([EXACT | 2, EXACT | 1, EXACT | 3], [EXACT | 1], [2, 3]),
        ([EXACT | 1, SUBTREE | 5, BELOW | 3], [SUBTREE | 5], [1, 3]),
        ([SUBTREE | 5, SUBTREE | 4], [SUBTREE | 4], [5]),
        ([EXACT | 1, BELOW | 2], [PAIR | 1], []),
        ([EXACT | 1, BELOW | 3], [EXACT | 1, BELOW | 3], []),
        ([EXACT | 2, BELOW | 1], [EXACT | 2, BELOW | 1], []),
        ([EXACT | 1, EXACT | ALLOW | 2], [EXACT | 1, EXACT | ALLOW | 2], []),
        ([EXACT | 1, EXACT | 101], [EXACT | 1, EXACT | 101], []),
        ([EXACT | 99, BELOW | 100], [EXACT | 99, BELOW | 100], []),
        ([EXACT | 1, SIDE | 1, SIDE | 2], [SIDE | 1, SIDE | 2, EXACT | 1], []),
    ],
)
def test_what_stays_of_one_name(places: list[int], kept: list[int], dropped: list[int]) -> None:
    found, told = merge(*places)
    assert (sorted(found), sorted(told)) == (sorted(kept), dropped)


def test_different_hashes_are_sorted_and_stay_beside_their_places() -> None:
    hashes, places = merged(array("Q", [9, 3, 1 << 63]), array("I", [1, 2, 3]), lambda _: 0, [].append)
    assert (list(hashes), list(places)) == ([3, 9, 1 << 63], [2, 1, 3])
