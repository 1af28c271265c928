"""dnsmasq configuration as a block list (dnsmasq(8), --address, --server and --local): one line's rules.

`address=/name/`, `address=/name/#`, `local=/name/` and `server=/name/` answer nothing for a name and all below it,
`server=/name/#` asks the usual servers after all. `/*.name/` leaves the name itself out, `/*name/` also takes names
that merely end in these characters. Of several lines the one for the longer name counts (judge.py).

May live here: this format. May not: telling formats apart (detect.py).
"""

import re

from filters.lists import adblock
from filters.lists.hosts import is_null_address, uncommented
from filters.lists.rules import NOTHING, Extent, Parsed, Plain, Reject, Side, listed_name

MAX_NAMES_A_LINE = 64
_LINE = re.compile(r"(?:--)?(address|server|local)\s*=\s*/(.*)/([^/]*)")
_SETTING = re.compile(r"(?:--)?[a-z0-9-]+(\s*=.*)?")


def parse_line(line: str) -> Parsed:
    text = uncommented(line)
    if not text:
        return NOTHING
    found = _LINE.fullmatch(text)
    if found is None:
        return Reject.SETTING if _SETTING.fullmatch(text) else Reject.NOT_THIS_FORMAT
    option, domains, target = found.groups()
    allow = option != "address" and target == "#"
    if target not in ("", "#") and not (option == "address" and is_null_address(target)):
        return Reject.REDIRECT
    patterns = domains.split("/")
    return Reject.TOO_LONG if len(patterns) > MAX_NAMES_A_LINE else _rules(patterns, allow=allow)


def _rules(patterns: list[str], *, allow: bool) -> Parsed:
    """The rules of all names of a line; a single `/*name/` is a pattern, several on one line are not read."""
    if len(patterns) == 1 and re.match(r"\*[^.]", patterns[0]):
        return _ending(patterns[0][1:], allow=allow)
    rules: list[Plain] = []
    for pattern in patterns:
        if pattern in ("", "#"):
            return Reject.TOO_WIDE
        below = pattern.startswith("*.")
        name = listed_name(pattern[2:] if below else pattern.removeprefix("."))
        if isinstance(name, Reject):
            return name
        rules.append(Plain(name, Extent.BELOW if below else Extent.SUBTREE, allow))
    return rules


def _ending(host: str, *, allow: bool) -> Parsed:
    name = listed_name(host)
    if isinstance(name, Reject):
        return name
    parsed = adblock.parse_line(f"{'@@' if allow else ''}{host}^")
    return parsed if isinstance(parsed, Reject) or not parsed or isinstance(parsed[0], Side) else Reject.NOT_A_NAME
