"""Rulesets into the kernel and back: dry run, one transaction, read-back, drift.

May live here: the order render - load - list - compare. May not: which policy, generations, elements.
"""

from collections.abc import Callable

from gateway.enforcer import listing
from gateway.enforcer.delta import small_change
from gateway.enforcer.kernel_nft import Nft, NftError
from gateway.enforcer.listing import Listing
from ruleset.compile_parts import TABLE
from ruleset.render import render
from ruleset.tree import Ruleset

FRESH = f"add table inet {TABLE}\ndelete table inet {TABLE}\n"


class ReadBackError(Exception):
    """The kernel took the transaction, and its table is not what was asked all the same."""


class Loader:
    """The caller sees to it that only one thread changes the ruleset at a time."""

    def __init__(self, nft: Nft) -> None:
        self._nft = nft
        self._expected: Listing | None = None
        self._ruleset: Ruleset | None = None
        self._emptied = False

    def listing(self) -> Listing:
        """Our table as the kernel holds it. Raises NftError."""
        return listing.read(self._nft.listing(), TABLE)

    def dry_run(self, ruleset: Ruleset) -> str:
        """Let the kernel go through it without keeping it; answer: the transaction, for `load`. Raises NftError."""
        found = self.listing()
        untouched = self._expected is not None and not listing.drift(self._expected, found)
        small = small_change(self._ruleset, ruleset) if untouched and self._ruleset else None
        text = render(ruleset, found.existing()) if small is None else small
        self._nft.check(text)
        return text

    def load(self, text: str) -> None:
        """One transaction; sets and the counters still in use live on. Raises NftError: nothing changed."""
        self._nft.load(text)
        self._ruleset = None  # until it is read back

    def load_fresh(self, text: str) -> None:
        """Replace the whole table by a complete text, its sets empty: for when the table's own shape is in the way."""
        self.load(FRESH + text)
        self._emptied = True
        self._expected = self.listing()

    def read_back(self, ruleset: Ruleset) -> None:
        """Compare the kernel's table with what was asked, and remember it. Raises ReadBackError, NftError."""
        found = self.listing()
        differences = listing.missing(ruleset, found)
        if differences:
            raise ReadBackError("; ".join(differences))
        self._expected, self._ruleset = found, ruleset

    def put(self, ruleset: Ruleset) -> None:
        """Load the whole and read back; when the table's old shape is in the way, replace it. Raises as those do."""
        try:
            self.load(render(ruleset, self.listing().existing()))
        except NftError:
            self.load(FRESH + render(ruleset))
            self._emptied = True
        self.read_back(ruleset)

    def update(self, ruleset: Ruleset, then: Callable[[], object] = lambda: None) -> None:
        """As `put`, at once when only rules differ: without a listing first, so what else differs shows afterwards.

        `then` is what must follow the load at once; reading back takes several times as long as loading."""
        small = small_change(self._ruleset, ruleset) if self._ruleset else None
        if small is None:
            self.put(ruleset)
            then()
            return
        try:
            self.load(small)
            then()
            self.read_back(ruleset)
        except (NftError, ReadBackError):
            self.put(ruleset)
            then()

    def take_emptied(self) -> bool:
        """Whether the sets lost their elements since this was last asked."""
        emptied, self._emptied = self._emptied, False
        return emptied

    def drift(self) -> tuple[list[str], Listing]:
        """What somebody else changed since the last load, and the table as it is now. Raises NftError."""
        found = self.listing()
        return (listing.drift(self._expected, found) if self._expected else []), found
