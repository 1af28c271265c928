"""SVCB and HTTPS records (RFC 9460): read their parameters, and write them again without the encrypted hello's keys.

    SvcPriority (2) | TargetName (not compressed) | SvcParams: key (2) length (2) value, keys strictly rising

May live here: this RDATA. May not: messages around it (dns_shape.py), whether keys are removed (the site says).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from struct import Struct

from filters.names import BadNameError, Name, read_plain

Address = IPv4Address | IPv6Address
MANDATORY, IPV4HINT, ECH, IPV6HINT = 0, 4, 5, 6  # RFC 9460 section 14.3.2
_PAIR = Struct("!HH")


class BadSvcbError(ValueError):
    """RDATA that RFC 9460 section 2.2 calls malformed."""


@dataclass(frozen=True, slots=True)
class Svcb:
    """`alias`: another name serves this one (priority 0). `target` is in lower case; ROOT means the owner itself."""

    head: bytes
    alias: bool
    target: Name
    params: tuple[tuple[int, bytes], ...]

    @property
    def hints(self) -> tuple[Address, ...]:
        """The addresses a client may use without asking for them."""
        return tuple(self._hints())

    def _hints(self) -> Iterator[Address]:
        for key, value in self.params:
            if key == IPV4HINT:
                yield from (IPv4Address(value[at : at + 4]) for at in range(0, len(value), 4))
            elif key == IPV6HINT:
                yield from (IPv6Address(value[at : at + 16]) for at in range(0, len(value), 16))


def read(data: bytes) -> Svcb:
    """RDATA -> its parts. Raises BadSvcbError."""
    try:
        target, at = read_plain(data, 2)
    except BadNameError as error:
        raise BadSvcbError(str(error)) from None
    head = data[:at]
    params: list[tuple[int, bytes]] = []
    last = -1
    while at < len(data):
        if at + 4 > len(data):
            raise BadSvcbError("it ends inside a parameter")
        key, length = _PAIR.unpack_from(data, at)
        value = data[at + 4 : at + 4 + length]
        if key <= last or len(value) != length:
            raise BadSvcbError("parameters that are out of order, twice there, or cut")
        if (key == IPV4HINT and (not length or length % 4)) or (key == IPV6HINT and (not length or length % 16)):
            raise BadSvcbError("address hints of a wrong length")
        params.append((key, value))
        last, at = key, at + 4 + length
    return Svcb(head, head[:2] == b"\0\0", target, tuple(params))


def without_ech(svcb: Svcb) -> bytes | None:
    """The RDATA without `ech`, also in the list of mandatory keys; None: there was none, nothing is to change."""
    if not any(key == ECH for key, _ in svcb.params):
        return None
    kept = []
    for key, value in svcb.params:
        if key == MANDATORY:
            pairs = (value[at : at + 2] for at in range(0, len(value), 2))
            value = b"".join(one for one in pairs if int.from_bytes(one, "big") != ECH)  # noqa: PLW2901
        if key != ECH and (key != MANDATORY or value):
            kept.append(_PAIR.pack(key, len(value)) + value)
    return svcb.head + b"".join(kept)
