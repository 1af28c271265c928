"""What the resolver says to the journal: one line a fact, the same fact not twice in a row.

May live here: that. May not: events for the owner (reports.py).
"""

import sys

from gateway.events import clean

MAX_LINE = 400


class Journal:
    """`say(topic, text)`; a topic whose text did not change stays silent."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def say(self, topic: str, text: str) -> None:
        if self._said.get(topic) != text:
            self._said[topic] = text
            print(f"resolver: {clean(f'{topic}: {text}', MAX_LINE)}", file=sys.stderr, flush=True)
