"""What the DNS benchmark asks: the site, the names, the list of 120,000 rules, and the files dnsperf reads.

May live here: texts. May not: processes, measuring.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from tests.bench.lists import hosts

EXAMPLE = Path(__file__).parents[2] / "ruleset/examples/cabinet-fr.yaml"
GATEWAY, UNBOUND, DNSMASQ = "10.33.20.1", "10.33.20.2", "10.33.20.3"
UPSTREAM = "198.51.100.53"
# Two PCs that were never declared, one with a policy of its own, two devices in another zone: three views.
CLIENTS = ("10.33.20.101", "10.33.20.102", "10.33.20.12", "10.33.70.101", "10.33.70.102")
SUBNETS = ("10.33.20.1/24", "10.33.70.1/24", f"{UPSTREAM}/32")
LIST_PATH = "malware.hosts"
RULES = 120_000
WORKING_SET = 1_000  # names that are asked again and again, of each kind
QUERIES = 24_000  # of one client in one run: no more than a client may ask in a burst
BLOCKED_PART, NEW_PART = 0.25, 0.005  # of mixed questions; NEW_PART: on the list, and never asked before
LOADS = ("cached", "blocked", "mixed")


def site_text(upstream: str = UPSTREAM) -> str:
    """The French example: zones, devices, pins, packs, lists; asking our stand-in, one device with its own policy."""
    text = EXAMPLE.read_text(encoding="utf-8")
    ours = text.replace('[198.51.100.53, "2001:db8:fffe::53"]', f"[{upstream}]").replace(
        "dns:\n", "dns:\n  devices: {medecin-1: {deny: [games.example]}}\n"
    )
    if f"upstreams: [{upstream}]" not in ours or "games.example" not in ours:
        raise RuntimeError(f"{EXAMPLE} changed: the benchmark does not find its upstreams any more")
    return ours


def rules(count: int = RULES) -> list[str]:
    """The blocked names; each blocks all names below it, too."""
    return list(hosts(count))


def list_text(blocked: Sequence[str]) -> str:
    return "".join(f"||{name}^\n" for name in blocked)


def known(count: int = WORKING_SET) -> list[str]:
    """Names on no list."""
    return [f"www{number}.clinic-{number % 97}.example" for number in range(count)]


def warm(load: str, blocked: Sequence[str]) -> list[str]:
    """One question for each name of the working set."""
    return [*_typed(known() if load == "cached" else blocked[:WORKING_SET])]


class Questions:
    """The files of one run after another: every server is asked the same, and new names are new in each run."""

    def __init__(self, blocked: Sequence[str], queries: int = QUERIES) -> None:
        self._random = random.Random(20)
        self._queries = queries
        self._blocked, self._known = blocked[:WORKING_SET], known()
        self._new = iter(blocked[WORKING_SET:])

    def of(self, load: str) -> tuple[list[str], int]:
        """Questions of one client, and how many of them must be answered with NXDOMAIN."""
        new = round(self._queries * NEW_PART) if load == "mixed" else 0
        blocked = {"cached": 0, "blocked": self._queries, "mixed": round(self._queries * BLOCKED_PART) - new}[load]
        asked = [
            *self._random.choices(self._known, k=self._queries - blocked - new),
            *self._random.choices(self._blocked, k=blocked),
            *islice(self._new, new),
        ]
        self._random.shuffle(asked)
        return [*_typed(asked)], blocked + new


def _typed(asked: Sequence[str]) -> Iterator[str]:
    """Two thirds of the names are asked for A, one third for AAAA, always the same."""
    return (f"{name} {'AAAA' if len(name) % 3 == 0 else 'A'}" for name in asked)
