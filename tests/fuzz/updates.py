"""What comes with list updates: address feeds, packed files, sums and signatures, the records on the disk.

Invariants: only the errors each part promises escape; nothing private, protected or too wide enters a set; what is
unpacked stays within its bound; a signature passes only for the file and the comment that were signed.

May live here: this target. May not: lists of names (lines.py), fetching.
"""

import base64
import gzip
import hashlib
import io
import json
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from random import Random

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from filters.lists import ListRefusedError
from gateway.enforcer import feeds
from gateway.enforcer.addresses import SPECIAL, WIDEST, Ranges, as_range
from gateway.updates import record, schedule, signature
from gateway.updates.inspection import inspect_addresses
from gateway.updates.signature import SignatureError
from gateway.updates.unpack import PackedError, unpack
from tests.fuzz.campaign import Seen
from tests.fuzz.mutate import Mutator
from tests.fuzz.outside import demand

BLOCK = 250
NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
OWN = ip_network("203.0.113.0/24")
NEVER = {v: Ranges(as_range(n) for n in (*SPECIAL, OWN) if n.version == v) for v in (4, 6)}
NEVER_RANGES = {version: never.merged for version, never in NEVER.items()}
BOUND = 1 << 18
DROP = (
    b'{"cidr":"1.10.16.0/20","sblid":"SBL256894","rir":"apnic"}\n{"cidr":"2.56.192.0/22"}\n{"cidr":"10.0.0.0/8"}\n'
    b'{"type":"metadata","timestamp":1700000000,"size":3,"records":3,"copyright":"(c) X","terms":"https://example/"}\n'
)
FEEDS = (
    DROP,
    b"; drop\n1.10.16.0/20 ; SBL256894\n2.56.192.0/22\n# c\n192.168.0.0/16\n2001:db8::/32\n2a00::/12\n203.0.113.7\n",
    b"1.2.3.4\n1.2.3.5\n1.2.3.6\n5.6.7.0/24\n::1\nfe80::/10\n",
)
FEED_WORDS = (
    b'{"cidr":', b'"records":99', b'"type":"metadata"', b"/0", b"/33", b"0.0.0.0/1", b"::/0", b"::ffff:10.0.0.1", b"\r",
    b"010.1.2.3", b"1.2.3", b"\xff", b"\0", b"[[[[", b"1e999", "\u0661.2.3.4".encode(), b"fe80::1%eth0",
)  # fmt: skip
PLAIN = b"0.0.0.0 bad.example\n" * 50
PACKED = (gzip.compress(PLAIN, mtime=0), gzip.compress(PLAIN, mtime=0) * 2, gzip.compress(bytes(4 * BOUND), mtime=0))
CONTENTS = (PLAIN, PLAIN + b"x", b"")
KEY = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
RAW = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
NUMBER, COMMENT = b"12345678", b"timestamp:1700000000 file:list"
SIGNED = KEY.sign(hashlib.blake2b(PLAIN).digest())
SIGNATURE = b"\n".join((
    b"untrusted comment: signature", base64.b64encode(b"ED" + NUMBER + SIGNED), b"trusted comment: " + COMMENT,
    base64.b64encode(KEY.sign(SIGNED + COMMENT)), b""))  # fmt: skip
PUBLIC = base64.b64encode(b"Ed" + NUMBER + RAW).decode()
SUM = hashlib.sha256(PLAIN).hexdigest().encode() + b"  list\n" + b"0" * 64 + b"  other\n"
RECORD = json.dumps({
    "etag": '"x"', "modified": "Mon, 04 May 2026 00:00:00 GMT", "origin": "https://lists.example/a", "failures": 2,
    "installed": NOW.isoformat(), "asked": "2026-05-04T03:02:01", "fresh": "9999-12-31T23:59:59-14:00", "planned": None,
    "trouble": "none", "held": True, "handed": False,
    "about": {"format": "hosts", "octets": 9, "lines": 2, "rules": 1, "ended": True, "rejects": {"no": 1},
              "samples": [[1, "no", "x"]], "protected": ["health.example"], "terms": ""}}).encode()  # fmt: skip
RECORD_WORDS = (
    b"null",
    b"-1",
    b"1e999",
    b'"0001-01-01T00:00:00+14:00"',
    b"[[",
    b"{}",
    b"9" * 5000,
    b'"\\ud800"',
    b"true",
)


def block(rng: Random, seen: Seen) -> int:
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # a folder of our own, in memory
    with tempfile.TemporaryDirectory(prefix="cg-fuzz-", dir=folder) as place, _without_processes():
        for _ in range(BLOCK):
            rng.choice(PARTS)(rng, Path(place), seen)
    return BLOCK


def address_feed(rng: Random, place: Path, seen: Seen) -> None:
    data = Mutator(rng, FEED_WORDS).mutated(FEEDS)
    kept = io.BytesIO()
    try:
        inspect_addresses(io.BytesIO(data), NEVER, kept)
    except ListRefusedError as error:
        demand(str(error).isprintable(), "a refusal that cannot be shown", data)
        seen["feeds refused"] += 1
        return
    parsed = feeds.parse(kept.getvalue().decode("ascii"), NEVER)
    demand(not parsed.rejects, "the enforcer refuses what the updates let through", data)
    _may_enter(parsed, data)
    seen["feeds read"] += 1


def enforcer_feed(rng: Random, _: Path, seen: Seen) -> None:
    """The enforcer believes nobody, so the same octets go there unread."""
    data = Mutator(rng, FEED_WORDS).mutated(FEEDS)
    parsed = feeds.parse(data.decode("utf-8", "replace"), NEVER)
    _may_enter(parsed, data)
    seen["entries"] += sum(map(len, parsed.ranges.values()))


def _may_enter(parsed: feeds.Parsed, data: bytes) -> None:
    for version, ranges in parsed.ranges.items():
        for first, last in ranges:
            demand(not any(a <= last and first <= b for a, b in NEVER_RANGES[version]), "a protected address", data)
            demand(last - first < 1 << (32 if version == 4 else 128) - WIDEST[version] + 4, "a range too wide", data)


def packed_file(rng: Random, place: Path, seen: Seen) -> None:
    data = Mutator(rng, (b"\x1f\x8b\x08\0", bytes(8))).mutated(PACKED)
    source, into = place / "packed", place / "plain"
    source.write_bytes(data)
    try:
        unpack(source, into, BOUND)
    except PackedError:
        seen["packed refused"] += 1
    else:
        seen["unpacked"] += 1
        demand(into.read_bytes() == _unpacked(data), "unpacked otherwise than zlib does", data)
    demand(into.stat().st_size <= BOUND, "unpacked beyond the bound", data)


def _unpacked(data: bytes) -> bytes:
    """Every member, one after the other."""
    whole = b""
    while data:
        engine = zlib.decompressobj(31)
        whole += engine.decompress(data)
        demand(engine.eof, "a file without an end was unpacked", data)
        data = engine.unused_data
    return whole


def signed_file(rng: Random, place: Path, seen: Seen) -> None:
    content = rng.choice(CONTENTS)
    text = Mutator(rng, (b"trusted comment: ", b"=", b"RUR", b"\r")).mutated((SIGNATURE,))
    file = place / "list"
    file.write_bytes(content)
    try:
        signature.check_minisign(file, text, PUBLIC)
    except SignatureError:
        seen["signatures refused"] += 1
        return
    lines = text.splitlines()
    demand(content == PLAIN and lines[2] == b"trusted comment: " + COMMENT, "a wrong signature passed", text)
    seen["signatures passed"] += 1


def summed_file(rng: Random, place: Path, seen: Seen) -> None:
    content, text = rng.choice(CONTENTS), Mutator(rng, (b"0" * 64, b"SHA256 (list) = ")).mutated((SUM,))
    file = place / "list"
    file.write_bytes(content)
    try:
        signature.check_sum(file, text)
    except SignatureError:
        seen["sums refused"] += 1
        return
    demand(hashlib.sha256(content).hexdigest().encode() in text.lower(), "a wrong sum passed", text)
    seen["sums passed"] += 1


def record_on_disk(rng: Random, place: Path, seen: Seen) -> None:
    file = place / "record.json"
    file.write_bytes(Mutator(rng, RECORD_WORDS).mutated((RECORD,)))
    known = record.read(file)
    for moment in (known.planned, known.fresh):
        schedule.is_due(moment, 24, NOW)
        schedule.is_old(moment, 24, NOW)
        if moment is not None:
            demand(schedule.age_words(moment, NOW), "an age without words")
    record.write(file, known)
    demand(record.read(file) == known, "a record that is not read as it was written", file.read_bytes())
    seen["records with content"] += known.about is not None


PARTS: tuple[Callable[[Random, Path, Seen], None], ...] = (
    address_feed, enforcer_feed, packed_file, signed_file, summed_file, record_on_disk,
)  # fmt: skip


@contextmanager
def _without_processes() -> Iterator[None]:
    before = signature._verified
    signature._verified = verified
    try:
        yield
    finally:
        signature._verified = before


@lru_cache(1 << 12)
def verified(public: bytes, message: bytes, signed: bytes) -> bool:
    """What openssl(1) says, without a process for each of a million signatures; test_fuzz.py holds the two together."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signed, message)
    except InvalidSignature:
        return False
    return True
