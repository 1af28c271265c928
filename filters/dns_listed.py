"""Block lists as the policy asks them: one question to all that apply to a view, in either compiled form.

A `CompiledList` is one list in memory; a `Shelved` is one of the lists in a mapped file (`lists.ListFile`), where
exceptions, patterns and rules for certain clients live too. All of a view's mapped lists are judged together, whether
they lie in one file or in several.

May live here: putting the question, and what was hit. May not: what follows from it (dns_policy.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from filters.lists import Asker, CompiledList, Finding, ListFile, Match, suffix_keys
from filters.lists.judge import decide
from filters.lists.listfile import NOTHING
from filters.names import Name, to_text

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Shelved:
    """The list `name` of a mapped file."""

    name: str
    file: ListFile


AnyList = CompiledList | Shelved


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule of a list. `allow`: an exception. `list` "": none was hit.

    `personal`: another client might get another answer, so this one is for nobody else.
    """

    list: str = ""
    line: int = 0
    rule: str = ""
    allow: bool = False
    personal: bool = False


class Listed:
    """The lists of one view. `find` asks the mapped files first, then the lists in memory, in their order."""

    __slots__ = ("_compiled", "_files", "names")

    def __init__(self, lists: Iterable[AnyList] = ()) -> None:
        unique = list({id(one) if isinstance(one, CompiledList) else one.name: one for one in lists}.values())
        self.names = tuple(one.name for one in unique)
        self._compiled = tuple(one for one in unique if isinstance(one, CompiledList))
        files = {id(one.file): one.file for one in unique if isinstance(one, Shelved)}
        self._files = tuple(
            (file, file.select(one.name for one in unique if isinstance(one, Shelved) and one.file is file))
            for file in files.values()
        )

    def find(self, tails: Sequence[Name], qtype: int, client: Address | None, key: bytes) -> Hit | None:
        """The rule about a name, given by its suffixes; None: no list has one. `key`: CompiledLists' own."""
        asker, personal = Asker(qtype, client), False
        findings = [(file.find(tails[0], asker, mask), file, mask) for file, mask in self._files]
        found = [one for one in findings if one[0] is not NOTHING]
        if found:
            personal = any(finding.personal for finding, _, _ in found)
            match = found[0][0].match if len(found) == 1 else _together(tails[0], asker, found)
            if match is not None:
                return Hit(match.list, match.line, match.text, match.allow, personal)
        hit = self._compiled_hit(tails, key) if self._compiled else None
        if hit is not None:
            return Hit(hit.list, hit.line, hit.rule, personal=personal)
        return Hit(personal=True) if personal else None

    def every(self, tails: Sequence[Name], qtype: int, client: Address | None, key: bytes) -> tuple[Hit, ...]:
        """Every rule about a name, for whoever wants to know all of them."""
        asker = Asker(qtype, client)
        found = (match for file, mask in self._files for match in file.matches(tails[0], asker, mask))
        keys = suffix_keys(tails[0], key) if self._compiled else ()
        plain = ((one, hit) for one in self._compiled if (hit := one.find(keys)) is not None)
        return (
            *(Hit(match.list, match.line, match.text, match.allow) for match in found),
            *(Hit(one.name, line, to_text(tails[depth])) for one, (depth, line) in plain),
        )

    def _compiled_hit(self, tails: Sequence[Name], key: bytes) -> Hit | None:
        keys = suffix_keys(tails[0], key)
        for one in self._compiled:
            found = one.find(keys)
            if found is not None:
                depth, line = found
                return Hit(one.name, line, to_text(tails[depth]))
        return None


def _together(name: Name, asker: Asker, found: Sequence[tuple[Finding, ListFile, int]]) -> Match | None:
    """What decides when several files have a rule: an exception in one holds against a block in another."""
    return decide([match for _, file, mask in found for match in file.matches(name, asker, mask)])
