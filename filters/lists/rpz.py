"""Response policy zones (draft-vixie-dnsop-dns-rpz) as block lists: one line's rules.

Triggers are names: `name` is that very name, `*.name` everything below it. `CNAME .` (NXDOMAIN), `CNAME *.` (NODATA),
`CNAME rpz-drop.` and addresses that lead nowhere block; `CNAME rpz-passthru.` is an exception. How a blocked name is
answered is the zone's policy, not the list's. Of several triggers the closer one counts (judge.py).

May live here: this format. May not: telling formats apart (detect.py).
"""

import re

from filters.lists.hosts import is_null_address
from filters.lists.rules import NOTHING, Extent, Parsed, Reject, plain

MAX_SPAN = 50  # lines a record in parentheses may take; behind that the parenthesis was a mistake
_CLASSES = frozenset(("IN", "CH", "HS"))
_BLOCKING = frozenset((".", "*.", "rpz-drop."))
_OTHER_TRIGGERS = (".rpz-ip", ".rpz-client-ip", ".rpz-nsip", ".rpz-nsdname")
_TTL = re.compile(r"\d+|(?:\d+[smhdw])+", re.IGNORECASE)


class RpzParser:
    """Lines in order; remembers the zone's own name, the owner of the last record, and open parentheses."""

    def __init__(self) -> None:
        self._origin = ""
        self._owner = ""
        self._span = 0

    def parse_line(self, line: str) -> Parsed:
        text = line.partition(";")[0].rstrip()
        if self._span:
            self._span = 0 if ")" in text or self._span >= MAX_SPAN else self._span + 1
            return NOTHING
        if not text.strip() or text.lstrip()[0] == "#":
            return NOTHING
        if text[0] == "$":
            return self._control(text.split())
        if "(" in text and ")" not in text:
            self._span = 1
        return self._record(text)

    def _control(self, words: list[str]) -> Parsed:
        if words[0].upper() == "$ORIGIN" and len(words) > 1:
            self._origin = words[1].lower().strip(".")
            return NOTHING
        return NOTHING if words[0].upper() == "$TTL" else Reject.SETTING

    def _record(self, text: str) -> Parsed:
        words = text.split()
        if not text[0].isspace():
            self._owner = words.pop(0).lower()
        while words and (words[0].upper() in _CLASSES or _TTL.fullmatch(words[0])):
            words.pop(0)
        if not words:
            return Reject.NOT_THIS_FORMAT
        kind, data = words[0].upper(), " ".join(words[1:])
        if kind == "SOA" and self._owner.endswith(".") and not self._origin:
            self._origin = self._owner.strip(".")
        if kind in ("SOA", "NS"):
            return NOTHING
        return self._trigger(kind, data)

    def _trigger(self, kind: str, data: str) -> Parsed:
        owner = self._relative(self._owner)
        if owner.endswith(_OTHER_TRIGGERS):
            return Reject.NOT_BY_NAME
        if owner in ("", "@"):
            return Reject.SETTING
        allow = kind == "CNAME" and self._lets_pass(owner, data.lower())
        if not allow and not _leads_nowhere(kind, data.lower()):
            return Reject.REDIRECT if kind.isalpha() and data else Reject.NOT_THIS_FORMAT
        if owner.startswith("*."):
            return plain(owner[2:], Extent.BELOW, allow=allow)
        return plain(owner, Extent.EXACT, allow=allow)

    def _lets_pass(self, owner: str, target: str) -> bool:
        """PASSTHRU, also in its old spelling: a CNAME to the trigger itself."""
        return target == "rpz-passthru." or (target.endswith(".") and target.strip(".") == owner)

    def _relative(self, owner: str) -> str:
        """The owner without the zone's own name."""
        if not owner.endswith("."):
            return owner
        name = owner.removesuffix(".")
        if self._origin and name == self._origin:
            return "@"
        return name.removesuffix(f".{self._origin}") if self._origin else name


def _leads_nowhere(kind: str, data: str) -> bool:
    if kind == "CNAME":
        return data in _BLOCKING
    return kind in ("A", "AAAA") and is_null_address(data)
