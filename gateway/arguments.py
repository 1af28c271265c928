"""Arguments of a command, taken one by one and checked: whatever a client sends, the answer is a value or a refusal.

May live here: types, bounds, unknown keys. May not: what an argument means.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from gateway.wire import BAD_REQUEST, CommandRefused
from ruleset.problems import printable


class Arguments:
    """`take_*` each key once, then `done`: a key nobody took is an error too. All raise CommandRefused."""

    def __init__(self, command: str, values: Mapping[str, Any]) -> None:
        self._command = command
        self._left = dict(values)

    def text(self, name: str, limit: int, default: str | None = None) -> str:
        """At most `limit` characters."""
        value = self._take(name, default)
        if not isinstance(value, str) or len(value) > limit:
            raise self._wrong(name, f"a text of at most {limit} characters")
        return value

    def label(self, name: str, limit: int = 200, default: str | None = None) -> str:
        """A text for people, with control characters made visible."""
        return printable(self.text(name, limit, default), limit)

    def number(self, name: str, lowest: float, highest: float, default: float | None = None) -> float:
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            raise self._wrong(name, f"a number from {lowest:g} to {highest:g}")
        return float(value)

    def whole(self, name: str, lowest: int, highest: int, default: int | None = None) -> int:
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise self._wrong(name, f"a whole number from {lowest} to {highest}")
        return value

    def address(self, name: str) -> IPv4Address | IPv6Address:
        return self._address(name, self.text(name, 64))

    def addresses(self, name: str, most: int) -> list[IPv4Address | IPv6Address]:
        value = self._take(name, None)
        if not isinstance(value, list) or not 0 < len(value) <= most:
            raise self._wrong(name, f"a list of 1 to {most} addresses")
        return [self._address(name, item) for item in value]

    def flag(self, name: str) -> bool:
        """False unless it is given as true."""
        value = self._take(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def has(self, name: str) -> bool:
        return self._left.get(name) is not None

    def done(self) -> None:
        left = [name for name, value in self._left.items() if value is not None]
        if left:
            raise CommandRefused(BAD_REQUEST, f"`{self._command}` knows no argument {min(left)[:40]!a}")

    def _take(self, name: str, default: object) -> object:
        value = self._left.pop(name, None)
        if value is None:
            if default is None:
                raise CommandRefused(BAD_REQUEST, f"`{self._command}` needs the argument `{name}`")
            return default
        return value

    def _address(self, name: str, value: object) -> IPv4Address | IPv6Address:
        try:
            if isinstance(value, str):
                return ip_address(value)
        except ValueError:
            pass
        raise self._wrong(name, "an IPv4 or IPv6 address")

    def _wrong(self, name: str, wanted: str) -> CommandRefused:
        return CommandRefused(BAD_REQUEST, f"`{name}` of `{self._command}` must be {wanted}")
