"""What a detector found: who, why, and what it saw, as values.

May live here: the closed enum of reasons and the value. May not: finding anything.
"""

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """The reason of a finding. Adding one means giving it a text in every language of the pages."""

    UNRESOLVED_MANY = "unresolved_many"  # many addresses that were never an answer of this resolver
    UNRESOLVED_STEADY = "unresolved_steady"  # one such address, again and again


@dataclass(frozen=True, slots=True)
class Finding:
    """`zone` and `device` as the site calls them (an address for a device nobody declared).

    `seen`: some of what was seen, for example `203.0.113.7 tcp/443`; `count`: how many there were.
    """

    why: Why
    zone: str
    device: str
    count: int
    seen: tuple[str, ...]
