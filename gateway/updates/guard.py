"""May a new version of a list take the last good one's place? Values in, a reason in words out.

May live here: these judgements. May not: files, the clock, reading lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_CHANGE = 0.6  # of the last good version's octets or rules
FEW_RULES = 20  # a change by less than so many rules is never strange, however small the list
MAX_PROTECTED = 3  # protected names that a list may hit by mistake; more is a poisoned or a wrong list


@dataclass(frozen=True, slots=True)
class Shape:
    """What is compared. `octets` of the text; `ended`: its last line has an end mark."""

    octets: int
    rules: int
    ended: bool = True


def why_held(new: Shape, old: Shape | None, protected: Sequence[str], *, accept_change: bool = False) -> str:
    """Why the new version is held back; "" when it may be used.

    `protected`: the protected names it hits (they never block, whatever it says). `accept_change`: a person looked at
    the change of size and wants it; nothing else is excused by it.
    """
    if new.octets == 0 or new.rules == 0:
        return "it is empty"
    if len(protected) > MAX_PROTECTED:
        return f"it hits {len(protected)} protected names ({', '.join(protected[:5])}, ...): a wrong or poisoned list"
    if old is None or accept_change:
        return ""
    if old.ended and not new.ended:
        return "it ends in the middle of a line, which the last good version did not: cut off; --accept-change takes it"
    if abs(new.rules - old.rules) < FEW_RULES:
        return ""
    return _changed("rules", new.rules, old.rules) or _changed("octets", new.octets, old.octets)


def _changed(what: str, new: int, old: int) -> str:
    """Beyond MAX_CHANGE; nothing to compare with is no change."""
    if old <= 0 or abs(new - old) <= MAX_CHANGE * old:
        return ""
    change = f"a change of {100 * (new - old) / old:+.0f} %"
    return f"{new} {what} instead of {old}, {change}; more than 60 % is held back until a person says --accept-change"
