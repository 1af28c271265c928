"""Rulesets into the kernel and back: dry run, one transaction, read-back, drift.

May live here: the order render - load - list - compare. May not: which policy, generations, elements.
"""

from gateway.enforcer import listing
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
        self._emptied = False

    def listing(self) -> Listing:
        return listing.read(self._nft.ruleset(), TABLE)

    def dry_run(self, ruleset: Ruleset) -> str:
        """Let the kernel go through it without keeping it; answer: the transaction. Raises NftError."""
        text = render(ruleset, self.listing().existing())
        self._nft.check(text)
        return text

    def load(self, ruleset: Ruleset, text: str | None = None) -> None:
        """One transaction; sets and the counters still in use live on. Raises NftError: nothing changed."""
        self._nft.load(text or render(ruleset, self.listing().existing()))

    def load_fresh(self, text: str) -> None:
        """Replace the whole table by a complete text, its sets empty: for when the table's own shape is in the way."""
        self._nft.load(FRESH + text)
        self._emptied = True
        self._expected = self.listing()

    def read_back(self, ruleset: Ruleset) -> None:
        """Compare the kernel's table with what was asked, and remember it. Raises ReadBackError, NftError."""
        found = self.listing()
        differences = listing.missing(ruleset, found)
        if differences:
            raise ReadBackError("; ".join(differences))
        self._expected = found

    def put(self, ruleset: Ruleset) -> None:
        """Load and read back; when the table's old shape is in the way, replace it whole. Raises as those two do."""
        try:
            self.load(ruleset)
        except NftError:
            self._nft.load(FRESH + render(ruleset))
            self._emptied = True
        self.read_back(ruleset)

    def take_emptied(self) -> bool:
        """Whether the sets lost their elements since this was last asked."""
        emptied, self._emptied = self._emptied, False
        return emptied

    def drift(self) -> tuple[list[str], Listing]:
        """What somebody else changed since the last load, and the table as it is now. Raises NftError."""
        found = self.listing()
        return (listing.drift(self._expected, found) if self._expected else []), found
