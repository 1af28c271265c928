"""How long answers live, and that the cache stays within its bounds."""

import pytest

from filters.dns_answer import Answer
from filters.dns_cache import ENTRY_OVERHEAD, MAX_NEGATIVE_TTL, MAX_TTL, MIN_TTL, BoundedCache, lifetime
from filters.dns_message import read_reply
from tests.filters.dns_tools import reply_to, wire

A = "www.example. {} IN A 192.0.2.1"
CNAME = "www.example. {} IN CNAME web.example."
SOA = "example. {} IN SOA ns.example. root.example. 1 7200 900 1209600 {}"


@pytest.mark.parametrize(
    ("records", "authority", "rcode", "seconds"),
    [
        ([A.format(60)], [], "NOERROR", 60),
        ([CNAME.format(60), "web.example. 7 IN A 192.0.2.1"], [], "NOERROR", MIN_TTL),
        ([A.format(9)], [], "NOERROR", MIN_TTL),
        ([A.format(999_999)], [], "NOERROR", MAX_TTL),
        ([A.format(0)], [], "NOERROR", 0),
        ([], [SOA.format(900, 300)], "NXDOMAIN", 300),
        ([], [SOA.format(200, 300)], "NXDOMAIN", 200),
        ([], [SOA.format(900, 300)], "NOERROR", 300),
        ([], [SOA.format(90_000, 90_000)], "NXDOMAIN", MAX_NEGATIVE_TTL),
        ([], [], "NXDOMAIN", 0),  # RFC 2308 section 5: no SOA, not kept
        ([], ["example. 900 IN NS ns.example."], "NOERROR", 0),
        ([CNAME.format(20)], [SOA.format(900, 300)], "NOERROR", 20),  # a chain that leads nowhere
        ([], [SOA.format(900, 300)], "SERVFAIL", 0),
        ([A.format(60)], [], "REFUSED", 0),
    ],
)
def test_lifetimes(records: list[str], authority: list[str], rcode: str, seconds: float) -> None:
    data = reply_to(wire("www.example"), *records, rcode=rcode, authority=tuple(authority))
    assert lifetime(read_reply(data)) == seconds


def answer(size: int = 10, expires: float = 100.0) -> Answer:
    made = Answer(0, (1, 0), bytes(size))
    made.expires = expires
    return made


def test_an_expired_answer_is_not_given() -> None:
    cache = BoundedCache(10, 1 << 20)
    cache.put(b"key", answer())
    assert cache.get(b"key", 99.9) is not None
    assert cache.get(b"key", 100.0) is None
    assert cache.get(b"other", 0.0) is None


def test_the_oldest_goes_when_there_are_too_many() -> None:
    cache = BoundedCache(3, 1 << 20)
    for key in (b"a", b"b", b"c", b"a", b"d"):
        cache.put(key, answer())
    assert [key for key in (b"a", b"b", b"c", b"d") if cache.get(key, 0.0)] == [b"a", b"c", b"d"]


def test_octets_are_bounded_too() -> None:
    cache = BoundedCache(1000, 5 * (ENTRY_OVERHEAD + 1001))
    for number in range(20):
        cache.put(bytes((number,)), answer(500))
    assert len(cache) == 5
    cache.put(b"huge", answer(60_000))
    assert len(cache) == 0, "what does not fit at all is not kept, and the account is right"
    cache.put(b"\0", answer(500))
    assert len(cache) == 1
