"""Unbound configuration as a block list (unbound.conf(5), local-zone and local-data): one line's rules.

A zone whose type answers nothing blocks the name and all below it; a transparent zone is an exception. A `redirect`
zone answers with its own local-data, on the line that follows: an address that leads nowhere blocks the zone, another
one is refused. Of several zones the one for the longer name counts (judge.py).

May live here: this format. May not: telling formats apart (detect.py).
"""

import re

from filters.lists.hosts import is_null_address, uncommented
from filters.lists.rules import NOTHING, Extent, Parsed, Reject, plain

_ZONE = re.compile(r"""local-zone:\s*(["']?)([^"'\s]+)\1\s+([a-z_]+)""")
_DATA = re.compile(r"""local-data:\s*(["'])(\S+)\s+(?:\d+\s+)?(?:IN\s+)?([^"'\s]+)\s+(.*?)\1""", re.IGNORECASE)
_SETTING = re.compile(r"(?!local-zone:|local-data:)[a-z0-9-]+:.*")
_BLOCKING = frozenset((
    "always_null", "always_nxdomain", "always_nodata", "always_refuse", "always_deny", "refuse", "deny", "static",
    "inform_deny",
))  # fmt: skip
_ALLOWING = frozenset(("transparent", "typetransparent", "always_transparent", "inform"))
_REDIRECTING = frozenset(("redirect", "inform_redirect"))


class UnboundParser:
    """Lines in order; remembers the one redirect zone whose data is still to come."""

    def __init__(self) -> None:
        self._redirected = ""

    def parse_line(self, line: str) -> Parsed:
        text = uncommented(line)
        if not text or text == "server:":
            return NOTHING
        if zone := _ZONE.fullmatch(text):
            return self._zone(zone[2], zone[3])
        if data := _DATA.fullmatch(text):
            return self._data(data[2], data[3].upper(), data[4].strip())
        return Reject.SETTING if _SETTING.fullmatch(text) else Reject.NOT_THIS_FORMAT

    def _zone(self, host: str, kind: str) -> Parsed:
        if kind in _REDIRECTING:
            self._redirected = _key(host)
            return NOTHING
        if kind in _BLOCKING:
            return plain(host, Extent.SUBTREE)
        return plain(host, Extent.SUBTREE, allow=True) if kind in _ALLOWING else Reject.SETTING

    def _data(self, host: str, kind: str, value: str) -> Parsed:
        if kind not in ("A", "AAAA") or not is_null_address(value):
            return Reject.REDIRECT
        return plain(host, Extent.SUBTREE if _key(host) == self._redirected else Extent.EXACT)


def _key(host: str) -> str:
    return host.lower().removesuffix(".")
