"""The keyed hash: what it is, that suffixes agree with it, and that another key is another hash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import names
from filters.lists.keys import hasher

KEYS = st.binary(min_size=1, max_size=64)


def smallest_factor_below(number: int, bound: int) -> int | None:
    return next((factor for factor in range(2, bound) if number % factor == 0), None)


@given(KEYS)
def test_a_key_draws_a_prime_of_80_bits(key: bytes) -> None:
    prime, factor, check = hasher(key)
    assert prime >> 76 == 0b1111
    assert all(pow(base, prime - 1, prime) == 1 for base in (2, 3, 5, 7, 41, 43))
    assert smallest_factor_below(prime, 200) is None
    assert 0 < factor < prime
    assert len(check) == 16


@pytest.mark.parametrize(
    "composite", [3215031751, 3825123056546413051, 18446744073709551615, (1 << 32 | 15) ** 2 >> 1 | 1]
)
def test_strong_pseudoprimes_are_told(composite: int) -> None:
    from filters.lists.keys import _is_prime

    assert not _is_prime(composite)
    assert _is_prime(18446744073709551557)  # the largest prime below 2^64


@given(st.lists(st.sampled_from(["a", "bb", "long-label", "example", "com"]), min_size=1, max_size=8).map(".".join))
def test_suffixes_hash_as_the_names_they_are(host: str) -> None:
    name, one = names.from_text(host), hasher(b"key")
    assert one.suffixes(name) == [one.one(suffix) for suffix in names.suffixes(name)]


def test_another_key_is_another_hash_and_another_check() -> None:
    name = names.from_text("bad.example")
    assert len({hasher(key).one(name) for key in (b"a", b"b", b"c")}) == 3
    assert len({hasher(key).check for key in (b"a", b"b", b"c")}) == 3


def test_similar_names_lie_far_apart() -> None:
    hashes = sorted(hasher(b"key").one(names.from_text(f"ads{number}.example.com")) for number in range(4096))
    buckets = {value >> 56 for value in hashes}
    assert len(set(hashes)) == 4096
    assert len(buckets) > 230


@pytest.mark.parametrize("key", [b"", b"x" * 65])
def test_a_key_of_a_wrong_size_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 64 octets"):
        hasher(key)
