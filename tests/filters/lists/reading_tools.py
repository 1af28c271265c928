"""What the tests of block lists share: a line's meaning in short, a file out of lines, and where the real lists are."""

import os
from pathlib import Path

import pytest

from filters import names
from filters.lists import Finding, ListCompiler, ListFile
from filters.lists.conditions import Asker
from filters.lists.listfile import ALL, ANYBODY
from filters.lists.rules import LineParser, Reject, Side

KEY = b"a key of the tests"
SHARED = Path(os.environ.get("CLINICGATE_SHARED") or Path(__file__).parents[4] / "shared")


def meaning(parser: LineParser, line: str) -> Reject | list[str]:
    """The reject, or each rule as `extent name`, `allow extent name` or a side rule's text."""
    parsed = parser(line)
    if isinstance(parsed, Reject):
        return parsed
    return [
        rule.text
        if isinstance(rule, Side)
        else f"{'allow ' if rule.allow else ''}{rule.extent.name.lower()} {names.to_text(rule.name)}"
        for rule in parsed
    ]


def pieces_of(*lists: str, key: bytes = KEY) -> bytes:
    """The lists, one text each, named list0, list1 and so on, compiled."""
    compiler = ListCompiler(key)
    for number, text in enumerate(lists):
        compiler.add(f"list{number}", text.encode().splitlines())
    return b"".join(compiler.finish().pieces)


def file_of(*lists: str, key: bytes = KEY) -> ListFile:
    return ListFile(memoryview(pieces_of(*lists, key=key)), key)


def ask(file: ListFile, host: str, asker: Asker = ANYBODY, mask: int = ALL) -> Finding:
    return file.find(names.from_text(host), asker, mask)


def blocked(file: ListFile, host: str, asker: Asker = ANYBODY, mask: int = ALL) -> bool:
    match = ask(file, host, asker, mask).match
    return match is not None and not match.allow


def feed(name: str) -> Path:
    """A real list, or a skip that says where it was looked for."""
    path = SHARED / "feeds" / name
    if not path.is_file():
        pytest.skip(f"the real list {path} is not here (set CLINICGATE_SHARED)")
    return path
