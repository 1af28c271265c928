"""Whole rulesets to and from the kernel through libnftables, one transaction each.

Measured beside a 100,000-element interval set (nftables 1.0.6): a transaction of chains and rules takes 8 ms and
`list ruleset` with the terse flag 5 ms, while any `add element`, `list table` or `list counters` takes a second,
because libnftables then reads every set. So: elements go over `elements.py`, and only `list ruleset` is asked here.

May live here: the binding, its errors, a listing as plain values. May not: the text of a policy or its meaning.
"""

import json
import os
import re
import threading
from dataclasses import dataclass
from typing import Any, Protocol

import nftables

_PLACE = re.compile(r":(\d+):\d+-\d+: $")
_COMMENT = re.compile(r'comment "([a-z0-9:_.-]{1,127})"')
MAX_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One complaint of libnftables or the kernel: about which line (from 1, 0 if unknown), carrying which rule id."""

    what: str
    line: int
    statement: str
    rule: str


class NftError(Exception):
    """The kernel or libnftables refused a text; nothing of it was applied."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        first = faults[0]
        where = f" in rule {first.rule}" if first.rule else f" in `{first.statement}`" if first.statement else ""
        super().__init__(f"{first.what}{where}")


class Nft(Protocol):
    """What the rest of the enforcer needs of nftables."""

    def check(self, text: str) -> None: ...
    def load(self, text: str) -> None: ...
    def listing(self) -> str: ...
    def counters(self, table: str) -> dict[str, tuple[int, int]]: ...


class KernelNft:
    """The real one, in the network namespace of the thread that uses it. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def check(self, text: str) -> None:
        """The kernel goes through the whole transaction and throws it away. Raises NftError."""
        self._run(text, dry_run=True)

    def load(self, text: str) -> None:
        """One transaction: all of the text or nothing. Raises NftError."""
        self._run(text, dry_run=False)

    def listing(self) -> str:
        """Every table as nft prints it: without counts, and sets without their elements. Raises NftError."""
        nft = nftables.Nftables()
        nft.set_stateless_output(True)
        return self._list(nft)

    def counters(self, table: str) -> dict[str, tuple[int, int]]:
        """Packets and bytes of the named counters of `table` (libnftables-json(5)). Raises NftError."""
        nft = nftables.Nftables()
        nft.set_json_output(True)
        objects = json.loads(self._list(nft) or '{"nftables": []}')["nftables"]
        found = (value for entry in objects for kind, value in entry.items() if kind == "counter")
        return {c["name"]: (int(c["packets"]), int(c["bytes"])) for c in found if c["table"] == table}

    def _list(self, nft: Any) -> str:
        nft.set_terse_output(True)
        with self._lock:
            status, output, error = nft.cmd("list ruleset")
        if status:
            raise NftError(faults(error, "list ruleset"))
        return str(output)

    def _run(self, text: str, *, dry_run: bool) -> None:
        with self._lock:
            nft = nftables.Nftables()  # a fresh context: nothing remembered from before another program's change
            nft.set_dry_run(dry_run)
            status, _, error = nft.cmd(text)
            if status:
                raise NftError(faults(_located(text) or error, text))


def faults(error: str, text: str) -> tuple[Fault, ...]:
    """Read back `<place>:<line>:<columns>: Error: what` into values, with the statement of `text` it speaks of."""
    statements = text.splitlines()
    found: list[Fault] = []
    for line in error.splitlines():
        if "Error:" not in line:
            continue
        place, what = line.split("Error:", 1)
        at = _PLACE.search(place)
        number = int(at.group(1)) if at else 0
        statement = statements[number - 1].strip() if 0 < number <= len(statements) else ""
        comment = _COMMENT.search(statement)
        found.append(Fault(what.strip(), number, statement[:300], comment.group(1) if comment else ""))
    if not found:
        found.append(Fault(error.strip()[:300] or "refused without a reason", 0, "", ""))
    return tuple(found[:MAX_FAULTS])


def _located(text: str) -> str:
    """Ask again, as a file and as a dry run: for text from memory libnftables 1.0.6 names the wrong line."""
    descriptor = os.memfd_create("ruleset")
    try:
        os.write(descriptor, text.encode())
        nft = nftables.Nftables()
        nft.set_dry_run(True)
        status, _, error = nft.cmd_from_file(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
    return str(error) if status else ""
