"""Fair shares: tokens over time, parts of what is under way, and what is said beyond the rate."""

import dns.flags
from hypothesis import given
from hypothesis import strategies as st

from filters.dns_fair import MAX_BUCKETS, MIN_SHARE, Bucket, Shares, slip
from tests.filters.dns_tools import read, wire

A, B = ("pc", "a"), ("pc", "b")


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(rate=10.0, burst=5)
    assert [bucket.take(100.0) for _ in range(6)] == [True] * 5 + [False]
    assert [bucket.take(100.2) for _ in range(3)] == [True, True, False]
    assert bucket.refused == 2
    assert bucket.taken == 7
    assert [bucket.take(200.0) for _ in range(6)] == [True] * 5 + [False], "never more than the burst at once"


@given(st.lists(st.floats(0.0, 3.0), max_size=60))
def test_over_any_time_no_more_than_burst_and_rate(pauses: list[float]) -> None:
    bucket, now, given_out = Bucket(rate=2.0, burst=3), 0.0, 0
    for pause in pauses:
        now += pause
        given_out += bucket.take(now)
        assert given_out <= 3 + 2.0 * now + 1e-6
    assert bucket.taken == given_out


def test_one_client_has_its_bound() -> None:
    shares = Shares(of_client=3, total=100, rate=1000, burst=1000)
    assert [shares.enter(A, 0, 0.0) for _ in range(4)] == [True, True, True, False]
    assert shares.enter(B, 3, 0.0)
    shares.leave(A)
    assert shares.enter(A, 3, 0.0)


def test_in_a_half_full_house_a_client_gets_an_equal_part() -> None:
    shares = Shares(of_client=100, total=40, rate=1000, burst=1000)
    taken = sum(shares.enter(("pc", "greedy"), busy, 0.0) for busy in range(30))
    assert taken == 20, "half of the house, then of the zone's part, for the only one"
    assert all(shares.enter(("pc", "late"), 20 + one, 0.0) for one in range(MIN_SHARE))
    assert not shares.enter(("pc", "greedy"), 24, 0.0)


def test_a_zone_with_many_addresses_leaves_room_for_a_quiet_one() -> None:
    shares = Shares(of_client=128, total=512, rate=1000, burst=1000)
    busy = 0
    for turn in range(5):
        for number in range(200):
            busy += shares.enter(("guest", f"{number}/{turn}"), busy, 0.0)
    assert busy == 384, "three quarters for the only zone, however many addresses it has"
    taken = sum(shares.enter(("pc", "doctor"), busy + one, 0.0) for one in range(100))
    assert taken == 96, "a client of a quiet zone is not counted among the guests"
    assert not shares.enter(("guest", "0/0"), busy + taken, 0.0)
    assert not shares.enter(("guest", "new"), busy + taken, 0.0)
    assert shares.enter(("phones", "one"), busy + taken, 0.0)


def test_zones_share_alike_when_it_is_crowded() -> None:
    shares = Shares(of_client=128, total=40, rate=1000, burst=1000)
    for name in ("guest", "phones"):
        assert all(shares.enter((name, number), 10, 0.0) for number in range(10))
    for name in ("guest", "phones"):
        assert sum(shares.enter((name, 100 + number), 20, 0.0) for number in range(9)) == 5, "a half of 30 of 40"
    for number in range(10):
        shares.leave(("guest", number))
    assert shares.enter(("guest", 200), 20, 0.0)


def test_new_exchanges_have_a_rate_by_client() -> None:
    shares = Shares(of_client=100, total=1000, rate=1.0, burst=2)
    for _ in range(2):
        assert shares.enter(A, 0, 0.0)
        shares.leave(A)
    assert not shares.enter(A, 0, 0.0)
    assert shares.enter(B, 0, 0.0)
    assert shares.enter(A, 0, 1.0)


def test_what_is_remembered_of_clients_is_bounded() -> None:
    shares = Shares(of_client=1, total=10, rate=1.0, burst=1)
    for number in range(MAX_BUCKETS + 50):
        shares.enter(("pc", number), 0, 0.0)
        shares.leave(("pc", number))
    assert len(shares._buckets) == MAX_BUCKETS
    assert not shares._zones


def test_beyond_the_rate_some_are_told_to_use_tcp() -> None:
    bucket = Bucket(rate=1.0, burst=1)
    bucket.take(0.0)
    said = []
    for _ in range(4):
        assert not bucket.take(0.0)
        said.append(slip(wire("www.example", number=7), bucket))
    told = [one for one in said if one is not None]
    assert len(told) == 2
    message = read(told[0])
    assert message.flags & dns.flags.TC
    assert (message.id, message.answer, len(told[0])) == (7, [], len(wire("www.example")))
    bucket.refused = 2
    assert slip(b"garbage", bucket) is None
