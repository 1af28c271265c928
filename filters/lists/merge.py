"""What stands for one hash after duplicates went: pure arithmetic on packed places (layout.SIDE).

Within one list a rule for a name and all below makes its other rules of the same effect for that name superfluous; a
rule for the name and one for everything below it, on adjacent lines as response policy zones have them, become a PAIR
in one place. Rules of different lists never touch each other: a zone may use one of them only.

May live here: this. May not: reading, the file.
"""

from array import array
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter

from filters.lists.layout import ALLOW, EXTENT_SHIFT, IMPORTANT, LINE_MASK, SIDE
from filters.lists.rules import Extent


def merged(
    hashes: "array[int]", places: "array[int]", list_of: Callable[[int], int], drop: Callable[[int], None]
) -> tuple["array[int]", "array[int]"]:
    """Both arrays sorted by hash, without duplicates. `list_of(line)`: its list; `drop(line)` is told of each."""
    pairs = sorted(zip(hashes, places, strict=True))
    if len(set(hashes)) == len(hashes):
        return array("Q", [pair[0] for pair in pairs]), array("I", [pair[1] for pair in pairs])
    kept_hashes, kept_places = array("Q"), array("I")
    for one, group in groupby(pairs, itemgetter(0)):
        for place in _kept([pair[1] for pair in group], list_of, drop):
            kept_hashes.append(one)
            kept_places.append(place)
    return kept_hashes, kept_places


def _kept(places: list[int], list_of: Callable[[int], int], drop: Callable[[int], None]) -> Iterator[int]:
    """The places that remain of those of one hash."""
    if len(places) == 1:
        yield places[0]
        return
    groups: dict[tuple[int, int], list[int]] = {}
    for place in places:
        if place & SIDE:
            yield place
        else:
            groups.setdefault((list_of(place & LINE_MASK), place & (ALLOW | IMPORTANT)), []).append(place)
    for group in groups.values():
        yield from _of_one_list(group, drop)


def _of_one_list(places: list[int], drop: Callable[[int], None]) -> list[int]:
    """The places that remain of those one list has for one name, to one effect."""
    first: dict[Extent, int] = {}
    for place in places:
        first.setdefault(Extent(place >> EXTENT_SHIFT & 3), place)  # sorted: of each extent the earliest line
    exact, below = first.get(Extent.EXACT), first.get(Extent.BELOW)
    if Extent.SUBTREE in first:
        kept = [first[Extent.SUBTREE]]
    else:
        kept = list(first.values())
    for place in places:
        if place not in kept:
            drop(place & LINE_MASK)
    if len(kept) > 1 and exact is not None and below is not None and exact + 1 & LINE_MASK == below & LINE_MASK:
        kept = [exact | Extent.PAIR << EXTENT_SHIFT]
    return kept
