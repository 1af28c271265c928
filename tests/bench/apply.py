"""Applying a changed site, and pinning one address, beside a feed of 100,000 addresses, in a namespace of its own."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from gateway.enforcer.addresses import Ranges
from gateway.enforcer.elements import Change, Element, Elements, pair_key
from gateway.enforcer.feeds import Feeds, parse
from gateway.enforcer.kernel_nft import KernelNft
from gateway.enforcer.loader import Loader
from gateway.enforcer.policy import prepare
from gateway.lab import netns
from ruleset.compile_parts import FEED4, PIN4
from ruleset.live import NOTHING_LIVE
from ruleset.render import render
from ruleset.tree import Ruleset
from tests.bench.table import Row

EXAMPLE = Path(__file__).parents[2] / "ruleset/examples/cabinet-fr.yaml"
FEED_SIZE = 100_000
PINS = 5_000
APPLY_GOAL = 5.0
PIN_GOAL_MS = 1.0


def rows(rounds: int) -> list[Row]:
    descriptor = netns.make()
    try:
        with netns.inside(descriptor), tempfile.TemporaryDirectory() as folder:
            return _measure(rounds, Path(folder))
    finally:
        os.close(descriptor)


def _measure(rounds: int, folder: Path) -> list[Row]:
    """The reference alternates with what is measured; the feed is in the table the whole time."""
    loader, elements = Loader(KernelNft()), Elements()
    now = datetime.now(UTC)
    text = EXAMPLE.read_bytes()
    changed = text.replace(b"tcp: [5188]", b"tcp: [5189]")
    loader.put(_policy(text, now))
    addresses = [str(ip_address(0x0B000000 + 3 * n)) for n in range(FEED_SIZE)]
    feeds = Feeds(folder / "feeds", elements)
    own = _seconds(partial(feeds.load, "bench", parse("\n".join(addresses), {4: Ranges(()), 6: Ranges(())})))
    reference, transaction, whole = [], [], []
    for _ in range(rounds):
        reference.append(_seconds(partial(_fill_by_nft, addresses)))
        whole.append(_seconds(partial(_pipeline, loader, changed, now)))
        back = _policy(text, now)
        everything = render(back, loader.listing().existing())
        transaction.append(_seconds(partial(loader.load, everything)))
        loader.read_back(back)  # as after every load of the product: the next apply then knows what is there
    feed, one, all_of_it = map(statistics.median, (reference, transaction, whole))
    beside = (
        f"{one * 1e3:.1f} ms; the feed {feed * 1e3:.0f} ms by nft, {own * 1e3:.0f} ms by our own netlink and to disk"
    )
    pins = sorted(_pins(elements))
    p50, p99 = (pins[len(pins) * p // 100] * 1e3 for p in (50, 99))
    whole_text = f"{all_of_it * 1e3:.1f} ms"
    of_feed = " % of loading the feed"
    one_row = Row(
        "apply: one transaction that replaces every chain", 100 * one / feed, of_feed, APPLY_GOAL, False, beside
    )
    all_row = Row("apply: from parsing to reading back", 100 * all_of_it / feed, of_feed, APPLY_GOAL, False, whole_text)
    return [
        one_row,
        all_row,
        Row("pin of one address, p50", p50, " ms", PIN_GOAL_MS, False, f"{PINS} pins beside the feed"),
        Row("pin of one address, p99", p99, " ms", PIN_GOAL_MS, False, f"{PINS} pins beside the feed"),
    ]


def _policy(text: bytes, now: datetime) -> Ruleset:
    return prepare(text, str(EXAMPLE), NOTHING_LIVE, now).ruleset


def _seconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def _fill_by_nft(addresses: list[str]) -> None:
    """The same addresses into a set of the same kind, in one transaction, as any other firewall loads a list."""
    nft = KernelNft()
    declared = (
        f"add table inet reference\nadd set inet reference {FEED4} {{ type ipv4_addr; flags interval; auto-merge; }}\n"
    )
    nft.load(f"{declared}add element inet reference {FEED4} {{ {', '.join(addresses)} }}\n")
    nft.load("delete table inet reference\n")


def _pipeline(loader: Loader, text: bytes, now: datetime) -> None:
    """What an apply does between the request and the wait for a confirm, but for the disk and the probes."""
    ruleset = _policy(text, now)
    transaction = loader.dry_run(ruleset)
    loader.load(transaction)
    loader.read_back(ruleset)


def _pins(elements: Elements) -> list[float]:
    client = ip_address("10.33.20.11")
    changes = [
        Change(PIN4, (Element(pair_key(client, ip_address(0xC6120000 + number)), timeout_ms=300_000),))
        for number in range(PINS)
    ]
    return [_seconds(partial(elements.apply, [change])) for change in changes]
