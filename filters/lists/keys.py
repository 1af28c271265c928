"""A keyed 64-bit hash of names, cheap enough to hash every suffix of a name that is asked.

    hash(name) = the upper 64 bits of (name as an integer * factor) mod prime

`prime` (80 bits) and `factor` are drawn from a secret key. This is universal hashing (Carter and Wegman 1979) behind a
fingerprint by a random prime (Karp and Rabin 1987). Two names of at most 255 octets get the same hash for less than one
key in 2^62: when the prime, one of 2^70, is among the 25 such primes that can divide their difference, or when the
factor takes their difference near a multiple of the prime. So whoever does not know the key cannot choose names that
collide, and one name asked of a million listed ones is hit wrongly with a chance below 2^-42.
BLAKE2b would do as well at three times the time: 1 µs against 3 for all suffixes of a name with five labels.

May live here: the hash. May not: where hashes are kept (layout.py).
"""

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from filters import names

_WITNESSES = (
    2,
    3,
    5,
    7,
    11,
    13,
    17,
    19,
    23,
    29,
    31,
    37,
)  # decide primality below 3.3e24 (2^81; Sorenson, Webster 2015)
_PRIME_BITS = 80
_HIGH = 0b1111 << _PRIME_BITS - 4  # near 2^80, so that hashes fill their range
DROPPED = _PRIME_BITS - 64  # the lower bits of the remainder
MASKS = tuple((1 << 8 * octets) - 1 for octets in range(names.MAX_NAME + 1))  # the last so many octets of a name


class Hasher(NamedTuple):
    """`check` tells two keys apart without telling the key."""

    prime: int
    factor: int
    check: bytes

    def one(self, name: names.Name) -> int:
        return int.from_bytes(name) * self.factor % self.prime >> DROPPED

    def suffixes(self, name: names.Name) -> list[int]:
        """The hashes of the name and of each parent, the top-level domain included."""
        whole, size = int.from_bytes(name), len(name)
        hashes, at = [], 0
        while length := name[at]:
            hashes.append((whole & MASKS[size - at]) * self.factor % self.prime >> DROPPED)
            at += 1 + length
        return hashes


@lru_cache(maxsize=16)
def hasher(key: bytes) -> Hasher:
    """The hash of a key of 1 to 64 octets. Raises ValueError for another length."""
    if not 1 <= len(key) <= blake2b.MAX_KEY_SIZE:
        raise ValueError(f"the key of compiled lists has 1 to {blake2b.MAX_KEY_SIZE} octets")
    prime = _draw(key, b"prime") | _HIGH | 1
    while not _is_prime(prime):
        prime = (prime + 2) % (1 << _PRIME_BITS) | _HIGH
    factor = _draw(key, b"factor") % (prime - 1) + 1
    return Hasher(prime, factor, blake2b(b"check", digest_size=16, key=key).digest())


def _draw(key: bytes, purpose: bytes) -> int:
    return int.from_bytes(blake2b(purpose, digest_size=_PRIME_BITS // 8, key=key).digest())


def _is_prime(number: int) -> bool:
    """Miller and Rabin's test, exact for numbers of 80 bits. `number` is odd and larger than the witnesses."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(number, witness, odd, twos) for witness in _WITNESSES)


def _passes(number: int, witness: int, odd: int, twos: int) -> bool:
    power = pow(witness, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False
