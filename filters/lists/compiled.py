"""One list, compiled in memory and asked by hashes: for few, small lists and for tests.

The same compiler and the same look-up as a compiled file (compiler.py, listfile.py), for one list without patterns and
conditions: those are counted as rejects. Exceptions of the list hold within it.

May live here: this view. May not: formats, the file's form, what a hit means (dns_policy.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from filters import names
from filters.lists.compiler import ListCompiler
from filters.lists.judge import Match, decide
from filters.lists.keys import hasher
from filters.lists.listfile import ALL, ListFile
from filters.lists.report import RejectedLine
from filters.lists.rules import Format, Reject


@dataclass(frozen=True, slots=True)
class CompiledList:
    """One list, ready to be asked. `rejects` counts lines by reason, `samples` shows the first few of each."""

    name: str
    format: Format
    rejects: Mapping[Reject, int]
    samples: tuple[RejectedLine, ...]
    _file: ListFile

    def __len__(self) -> int:
        return len(self._file)

    def find(self, keys: Sequence[int]) -> tuple[int, int] | None:
        """Look a name up by its `suffix_keys`: (which suffix is listed, counted from the name itself, its line)."""
        matches: list[Match] = []
        for depth, key in enumerate(keys):
            for place in self._file.at(key):
                match = self._file.plain_match(names.ROOT, (depth, 1, place), ALL)
                if match is not None:
                    matches.append(match)
        found = decide(matches) if matches else None
        return None if found is None or found.allow else (found.depth, found.line)


def suffix_keys(name: names.Name, key: bytes) -> list[int]:
    """The hashes of the name and of each parent: made once, asked of every list that shares the key."""
    return hasher(key).suffixes(name)


def compile_list(name: str, lines: Iterable[bytes], key: bytes) -> CompiledList:
    """Read a list whose format shows in its content. `key`: 1 to 64 octets, the same for all lists asked together.

    Raises ListRefusedError when no line is a rule for a name, when it is no list, or beyond the compiler's bounds.
    """
    compiler = ListCompiler(key, plain_only=True)
    compiler.add(name, lines)
    file = ListFile(memoryview(b"".join(compiler.finish().pieces)), key)
    report = file.reports[0]
    return CompiledList(name, report.format, report.rejects, report.samples, file)
