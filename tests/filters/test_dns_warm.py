"""A cache that outlives its process: what comes back is what was there, and nothing that is broken comes back."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import dns_warm
from filters.dns_answer import STREAM_SIZE
from filters.dns_cache import MAX_STALE, BoundedCache, Frozen
from filters.dns_message import read_query, read_reply
from filters.dns_shape import Shaping, shape
from filters.dns_warm import BadWarmError, Writer, read, thaw
from tests.filters.dns_tools import name, reply_to, wire

MARK, OTHER = bytes(32), b"\1" + bytes(31)
NAMES = ("www.example", "mail.example")


def kept(*hosts: str, born: float = 100.0, ttl: int = 60) -> BoundedCache:
    cache = BoundedCache(100, 1 << 20, lambda key, one: thaw(key, one, Shaping()))
    for host in hosts:
        data = reply_to(wire(host), f"{host}. {ttl} IN CNAME web.example.", f"web.example. {ttl} IN A 192.0.2.1")
        reply = read_reply(data)
        answer = shape(reply, data, born, Shaping(), dnssec=False)
        answer.keep_until(born + ttl, born + 0.9 * ttl)
        cache.put(reply.key + b"\0", answer)
    return cache


def written(cache: BoundedCache, mark: bytes = MARK, keys: Iterable[bytes] | None = None) -> bytes:
    writer = Writer(mark)
    entries = [writer.entry(key, one) for key in keys or cache.held() if (one := cache.frozen(key)) is not None]
    return writer.head + b"".join(entries) + writer.tail


def test_an_answer_comes_back_as_it_was() -> None:
    before, after = kept(*NAMES), kept()
    after.warm(read(written(before), MARK, 130.0))
    assert (len(after), after.held()) == (2, before.held())
    for key in before.held():
        old, new = before.get(key, 130.0), after.get(key, 130.0)
        assert old is not None and new is not None
        assert (new.links, new.addresses, new.expires, new.refresh) == (
            (name("web.example"),),
            old.addresses,
            160.0,
            154.0,
        )
        asked = read_query(wire("www.example"))
        assert new.render(asked, 130.0, STREAM_SIZE) == old.render(asked, 130.0, STREAM_SIZE)
    assert len(after) == 2


def test_what_never_was_asked_for_again_is_written_again() -> None:
    before, after = kept(*NAMES), kept()
    first = written(before)
    after.warm(read(first, MARK, 130.0))
    assert written(after) == first


def test_what_is_past_its_time_comes_back_to_be_served_stale() -> None:
    after = kept()
    after.warm(read(written(kept("www.example")), MARK, 500.0))
    (key,) = after.held()
    assert after.get(key, 500.0) is None
    assert after.stale(key, 500.0) is not None
    with pytest.raises(KeyError):
        read(written(kept("www.example")), MARK, 161.0 + MAX_STALE)[key]


def test_only_answers_come_back_no_questions_and_no_clients() -> None:
    octets = written(kept("www.example"))
    assert octets.count(b"\3www\7example") == 2  # the key, and the question of the message
    assert len(octets) < 220


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: b"", "no memory"),
        (lambda data: b"0.0.0.0 bad.example" * 9, "no memory"),
        (lambda data: data[:-1], "damaged"),
        (lambda data: data + b"\0", "damaged"),
        (lambda data: data[:60] + bytes((data[60] ^ 1,)) + data[61:], "damaged"),
    ],
)
def test_what_is_not_whole_is_not_believed(change, words) -> None:
    with pytest.raises(BadWarmError, match=words):
        read(change(written(kept(*NAMES))), MARK, 130.0)


def test_another_configuration_or_boot_forgets_it() -> None:
    with pytest.raises(BadWarmError, match="another configuration"):
        read(written(kept(*NAMES)), OTHER, 130.0)


@pytest.mark.parametrize(
    ("born", "expires", "refresh"),
    [(131.0, 190.0, 180.0), (100.0, 90.0, 95.0), (100.0, 9e9, 150.0), (100.0, 160.0, 170.0), (float("nan"),) * 3,
     (float("-inf"), float("inf"), 0.0)],
)  # fmt: skip
def test_impossible_times_are_left_out(born: float, expires: float, refresh: float) -> None:
    writer = Writer(MARK)
    entry = writer.entry(b"key", Frozen(b"message", born, expires, refresh))
    assert read(writer.head + entry + writer.tail, MARK, 130.0) == {}


def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_warm, "MAX_ENTRIES", 3)
    cache = kept(*(f"host{number}.example" for number in range(9)))
    assert len(read(written(cache), MARK, 130.0)) == 3
    monkeypatch.setattr(dns_warm, "MAX_OCTETS", 250)
    assert len(written(cache)) <= 250 and len(read(written(cache), MARK, 130.0)) == 1


def sealed(body: bytes, entries: int) -> bytes:
    """Octets with a right checksum, whatever they say."""
    writer = Writer(MARK)
    head = writer.head
    writer._told(body)
    writer.entries = entries
    return head + body + writer.tail


@given(st.binary(max_size=300), st.integers(0, 20))
def test_octets_of_anybody_raise_nothing_else(body: bytes, entries: int) -> None:
    cache = kept()
    try:
        cache.warm(read(sealed(body, entries), MARK, 130.0))
    except BadWarmError:
        return
    assert len(cache) <= entries
    for key in cache.held():
        cache.get(key, 130.0)


@given(st.binary(max_size=200))
def test_a_message_of_anybody_is_an_answer_to_the_question_or_none(message: bytes) -> None:
    key = name("www.example") + b"\0\1\0\1\0"
    found = thaw(key, Frozen(message, 100.0, 160.0, 150.0), Shaping())
    assert found is None or read_reply(message).key == key[:-1]


def test_a_message_that_answers_something_else_is_dropped_when_it_is_asked_for() -> None:
    before = kept("www.example")
    (key,) = before.held()
    frozen = before.frozen(key)
    assert frozen is not None
    after = kept()
    after.warm({name("bank.example") + key[-5:]: frozen})
    assert after.get(name("bank.example") + key[-5:], 130.0) is None
    assert len(after) == 0


def test_what_is_fresher_does_not_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = kept("www.example"), kept("www.example", born=120.0)
    (key,) = new.held()
    new.warm(read(written(old), MARK, 130.0))
    answer = new.get(key, 130.0)
    assert answer is not None and answer.expires == 180.0 and len(new) == 1


def test_the_bounds_of_the_cache_hold_for_what_comes_in_too() -> None:
    frozen = read(written(kept(*(f"host{number}.example" for number in range(50)))), MARK, 130.0)
    few = BoundedCache(5, 1 << 20, lambda key, one: thaw(key, one, Shaping()))
    few.warm(frozen)
    small = BoundedCache(100, 3000, lambda key, one: thaw(key, one, Shaping()))
    small.warm(frozen)
    assert (len(few), len(small)) == (5, 3)
    data = reply_to(wire("new.example"), "new.example. 60 IN A 192.0.2.9")
    answer = shape(read_reply(data), data, 130.0, Shaping(), dnssec=False)
    answer.keep_until(190.0)
    few.put(read_reply(data).key + b"\0", answer)
    assert len(few) == 5 and few.get(read_reply(data).key + b"\0", 131.0) is answer
    few.clear()
    assert len(few) == 0 and few._used == 0
