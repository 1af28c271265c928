"""Counting: by view, verdict and list, the top names within their error, time in buckets, nothing without bound."""

from collections import Counter
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.dns_accounts import BOUNDS, MAX_BATCH, MAX_CLIENTS, MAX_LOGGED, Accounts, Detail, Entry, QueryLog, TopNames
from filters.dns_answer import Subject
from filters.verdict import Action, Reason, Verdict

CLIENT = IPv4Address("10.20.20.11")
PLAIN = Subject("www.example", "A", Verdict(Action.FORWARD, Reason.NOT_LISTED))
BLOCKED = Subject("bad.example", "A", Verdict(Action.NXDOMAIN, Reason.LISTED, "malware", 3, "bad.example"))


def test_a_snapshot_counts_both_paths() -> None:
    accounts = Accounts()
    accounts.add("pc", PLAIN, 0.003, CLIENT)
    accounts.add("pc", BLOCKED, 0.0, CLIENT)
    accounts.fast("pc", PLAIN, 10)
    accounts.fast("guest", BLOCKED, 5)
    accounts.client("10.20.20.11", 12)
    found = accounts.snapshot()
    assert found.views == {"pc": 12, "guest": 5}
    assert found.verdicts["pc", "forward", "not_listed"] == 11
    assert found.verdicts["guest", "nxdomain", "listed"] == 5
    assert found.lists == {("pc", "malware"): 1, ("guest", "malware"): 5}
    assert found.names == (("www.example", 11, 0),)
    assert found.blocked == (("bad.example", 6, 0),)
    assert found.clients == {"10.20.20.11": 12}
    assert sum(found.latency) == sum(found.views.values())
    assert (found.latency[0], found.latency[2]) == (16, 1)


def test_time_falls_into_its_bucket() -> None:
    accounts = Accounts()
    for waited in (*BOUNDS, 99.0):
        accounts.add("pc", PLAIN, waited, CLIENT)
    assert accounts.snapshot().latency == (1,) * (len(BOUNDS) + 1)


def test_clients_are_bounded_and_losses_counted() -> None:
    accounts = Accounts()
    for number in range(MAX_CLIENTS + 3):
        accounts.client(str(number), 2)
    accounts.client("0", 1)
    found = accounts.snapshot()
    assert (len(found.clients), found.lost, found.clients["0"]) == (MAX_CLIENTS, 6, 3)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 50)), max_size=200), st.integers(1, 12))
def test_top_names_are_never_too_low_and_know_their_error(asked: list[tuple[int, int]], size: int) -> None:
    sketch, truth = TopNames(size), Counter[str]()
    for at, (number, count) in enumerate(asked):
        sketch.add(str(number), count)
        truth[str(number)] += count
        if at % 7 == 0:
            sketch.merge()
    found = sketch.top(size)
    assert len(found) <= size
    for name, count, error in found:
        assert count - error <= truth[name] <= count
    told = {name for name, _, _ in found}
    floor = min((count for _, count, _ in found), default=0)
    assert all(count <= floor for name, count in truth.items() if name not in told)


def test_what_a_sketch_holds_is_bounded() -> None:
    sketch = TopNames(10)
    for number in range(3 * MAX_BATCH):
        sketch.add(f"n{number}.example", 1)
        sketch.add("often.example", 1)
    assert len(sketch._batch) <= MAX_BATCH
    assert len(sketch._known) <= 10
    assert sketch.top(1)[0][0] == "often.example"


def logged(detail: Detail) -> dict[Entry, int]:
    accounts = Accounts()
    accounts.log.adopt(detail)
    accounts.add("pc/reception-1", PLAIN, 0.0, CLIENT)
    accounts.add("pc", PLAIN, 0.0, CLIENT)
    accounts.add("pc", BLOCKED, 0.0, CLIENT)  # told at once, never twice
    accounts.fast("pc", PLAIN, 5)
    entries, lost = accounts.log.take()
    assert lost == 0
    assert accounts.log.take() == ({}, 0)
    return dict(entries)


def test_the_query_log_names_nobody_the_zone_or_the_client() -> None:
    assert logged("off") == {}
    assert logged("zone") == {Entry("pc", "", "www.example", PLAIN.verdict): 7}
    # the answers of a table are told by the one who knows the client
    assert logged("device") == {Entry("", str(CLIENT), "www.example", PLAIN.verdict): 2}


@pytest.mark.parametrize("after", ["off", "zone", "device"])
@pytest.mark.parametrize("before", ["zone", "device"])
def test_another_detail_forgets_what_was_kept_by_the_one_before(before: Detail, after: Detail) -> None:
    log = QueryLog()
    log.adopt(before)
    log.client("pc", CLIENT, PLAIN)
    log.adopt(after)
    assert len(log.take()[0]) == (before == after)


def test_the_query_log_is_bounded_and_counts_what_found_no_room() -> None:
    log = QueryLog()
    log.adopt("zone")
    for number in range(MAX_LOGGED + 2):
        log.zone("pc", Subject(f"n{number}.example", "A", PLAIN.verdict), 3)
    log.zone("pc", Subject("n0.example", "AAAA", PLAIN.verdict), 1)
    entries, lost = log.take()
    assert (len(entries), lost) == (MAX_LOGGED, 6)
    assert entries[Entry("pc", "", "n0.example", PLAIN.verdict)] == 4
