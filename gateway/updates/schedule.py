"""When to ask for news, when a list is too old, how long the version before is kept. `now` is an argument.

May live here: this arithmetic. May not: the clock, chance (a number from 0 to 1 is handed in), records.
"""

from datetime import datetime, timedelta

SPREAD = 0.1  # of the interval: boxes that were switched on together do not ask together
FIRST_BACK_OFF = timedelta(hours=1)  # publishers ban who asks more often
KEEP_PREVIOUS = timedelta(days=30)
OLD_INTERVALS = 3  # without news for so many intervals a list is called old
MAX_DOUBLINGS = 10


def next_ask(asked: datetime, hours: int, failures: int, chance: float) -> datetime:
    """After a try at `asked`; `failures` in a row, 0 after a success; `chance` from 0 to 1."""
    interval = timedelta(hours=hours)
    if failures > 0:
        interval = min(interval, FIRST_BACK_OFF * 2 ** min(failures - 1, MAX_DOUBLINGS))
    return asked + interval * (1 + SPREAD * min(max(chance, 0.0), 1.0))


def is_due(planned: datetime | None, hours: int, now: datetime) -> bool:
    """Also when the plan lies further away than it can: then the clock was wrong when it was made."""
    return planned is None or now >= planned or planned - now > timedelta(hours=hours) * (1 + SPREAD)


def is_old(fresh: datetime | None, hours: int, now: datetime) -> bool:
    """`fresh`: when the list was last known to be the publisher's newest."""
    return fresh is None or now - fresh > OLD_INTERVALS * timedelta(hours=hours)


def is_forgotten(replaced: datetime, now: datetime) -> bool:
    """Whether the version before may go."""
    return now - replaced > KEEP_PREVIOUS


def age_words(since: datetime, now: datetime) -> str:
    """An age for people: minutes, hours or days; "0 min" for a moment that a wrong clock put into the future."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
