"""The compiled file: what is refused and how it is told, whatever its octets are."""

import json
import mmap
from pathlib import Path
from struct import pack_into, unpack_from

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from filters import names
from filters.lists import Asker, ListFile, ListFileError
from filters.lists.layout import HEADER_SIZE, index_bits, seal_of
from tests.filters.lists.reading_tools import KEY, ask, blocked, file_of
from tests.filters.lists.reading_tools import pieces_of as compiled_octets

TEXTS = (
    "||bad.example^\n@@||good.bad.example^\n||ads*.example^\n/^x[0-9]+\\.example$/\n||y.example^$dnstype=A\n",
    "$TTL 60\nz.example CNAME .\n*.z.example CNAME .\n",
)
WHOLE = compiled_octets(*TEXTS)
SEAL_AT, SIZES_AT, PARTS = HEADER_SIZE - 32, 40, 8
HOSTS = ("bad.example", "a.good.bad.example", "ads7.example", "x12.example", "y.example", "a.z.example", "example")


def opened(octets: bytes, key: bytes = KEY) -> ListFile:
    return ListFile(memoryview(octets), key)


def sealed(octets: bytes) -> bytes:
    """With the right checksum, as if the key's owner had made it."""
    return octets[:SEAL_AT] + seal_of(octets, KEY) + octets[HEADER_SIZE:]


def looked_up(octets: bytes) -> str:
    """Open and look up; the error, or "read"."""
    try:
        file = opened(octets)
    except ListFileError as error:
        return str(error)
    for host in HOSTS:
        found = ask(file, host, Asker(1))
        assert found.match is None or found.match.text.isascii()
        assert len(file.matches(names.from_text(host))) < 50
    return "read"


def test_the_file_says_what_the_lists_say_from_a_map_too(tmp_path: Path) -> None:
    path = tmp_path / "lists.compiled"
    path.write_bytes(WHOLE)
    with path.open("rb") as opened_file:
        mapped = mmap.mmap(opened_file.fileno(), 0, prot=mmap.PROT_READ)
    file = ListFile(memoryview(mapped), KEY)
    assert [blocked(file, host) for host in HOSTS] == [True, False, True, True, True, True, False]
    assert [report.rules for report in file.reports] == [5, 2]


@pytest.mark.parametrize("size", [0, 1, HEADER_SIZE - 1, HEADER_SIZE, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_file_cut_off_is_refused(size: int) -> None:
    with pytest.raises(ListFileError, match=r"cut off|not a file of compiled lists"):
        opened(WHOLE[:size])


def test_a_file_that_grew_is_refused() -> None:
    with pytest.raises(ListFileError, match="cut off or grown"):
        opened(WHOLE + b"\0")


@pytest.mark.parametrize(
    ("at", "octets", "why"),
    [
        (0, b"#!/bin/s", "not a file of compiled lists"),
        (8, b"\2\0\0\0", "another version"),
        (12, b"\1\2\3\4", "another version .* or machine"),
        (24, b"\0" * 16, "another key"),
        (SEAL_AT, b"\0" * 32, "checksum"),
        (len(WHOLE) - 9, b"\xff", "checksum"),
    ],
)
def test_a_foreign_or_damaged_file_is_told(at: int, octets: bytes, why: str) -> None:
    with pytest.raises(ListFileError, match=why):
        opened(WHOLE[:at] + octets + WHOLE[at + len(octets) :])


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(ListFileError, match="another key"):
        opened(WHOLE, b"another")


@given(st.binary(max_size=400))
def test_any_octets_are_refused(octets: bytes) -> None:
    assert "compile" in looked_up(octets)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_every_single_wrong_octet_is_noticed(at: int, change: int) -> None:
    octets = bytearray(WHOLE)
    octets[at] ^= change
    assert "compile" in looked_up(bytes(octets))


CHANGES = st.lists(st.tuples(st.integers(HEADER_SIZE, len(WHOLE) - 1), st.binary(min_size=1, max_size=12)), max_size=6)


@given(CHANGES)
def test_wrong_contents_under_a_right_checksum_are_refused_or_harmless(changes: list[tuple[int, bytes]]) -> None:
    octets = bytearray(WHOLE)
    for at, new in changes:
        octets[at : at + len(new)] = new[: len(octets) - at]
    assert looked_up(sealed(bytes(octets))) == "read" or "compile" in looked_up(sealed(bytes(octets)))


SIZES = st.tuples(st.integers(0, PARTS - 1), st.integers(0, 4000) | st.integers(0, 2**64 - 1))


@given(st.lists(SIZES, min_size=1, max_size=4))
@example([(1, 0)])
@example([(2, 8)])
@example([(3, 8)])
def test_wrong_sizes_under_a_right_checksum_are_refused_or_harmless(changes: list[tuple[int, int]]) -> None:
    octets = bytearray(WHOLE)
    for part, size in changes:
        pack_into("=Q", octets, SIZES_AT + 8 * part, size)
    said = looked_up(sealed(bytes(octets)))
    assert said == "read" or "compile" in said


@pytest.mark.parametrize(
    ("part", "change", "why"),
    [
        (2, lambda part: part[:-4] + b"\xff\xff\xff\xff", "points behind the rules"),
        (0, lambda part: part.replace(b'"lines": 5', b'"lines": -'), "do not fit"),
        (0, lambda part: b"[" * len(part), "do not fit"),
        (0, lambda part: b" " * len(part), "do not fit"),
        (0, lambda part: b"{" + part[1:-1] + b"}", "do not fit"),
    ],
)
def test_parts_that_do_not_fit_together_are_told(part: int, change, why: str) -> None:
    sizes = unpack_from(f"={PARTS}Q", WHOLE, SIZES_AT)
    at = HEADER_SIZE + sum((size + 7) // 8 * 8 for size in sizes[:part])
    octets = WHOLE[:at] + change(WHOLE[at : at + sizes[part]]) + WHOLE[at + sizes[part] :]
    assert len(octets) == len(WHOLE)
    with pytest.raises(ListFileError, match=why):
        opened(sealed(octets))


def test_a_place_without_a_line_or_a_rule_is_nothing() -> None:
    sizes = unpack_from(f"={PARTS}Q", WHOLE, SIZES_AT)
    at = HEADER_SIZE + sum((size + 7) // 8 * 8 for size in sizes[:4])
    for place in (b"\0\0\0\x80", b"\xff\xff\xff\xff", b"\xff\xff\xff\x07", b"\0\0\0\0"):
        octets = sealed(WHOLE[:at] + place * (sizes[4] // 4) + WHOLE[at + sizes[4] :])
        file = opened(octets)
        assert not [host for host in HOSTS if ask(file, host).match and "ads" not in host and "x12" not in host]


@pytest.mark.parametrize(("rules", "bits"), [(0, 8), (1000, 8), (120_000, 14), (1_000_000, 17), (8_000_000, 20)])
def test_the_index_has_about_eight_rules_a_bucket(rules: int, bits: int) -> None:
    assert index_bits(rules) == bits


def test_reports_of_hostile_lists_stay_text() -> None:
    octets = compiled_octets('bad.example\n"]}{\x7f</script>\x1b[0m\n')
    size = unpack_from("=Q", octets, SIZES_AT)[0]
    told = octets[HEADER_SIZE : HEADER_SIZE + size]
    assert told.isascii()
    assert json.loads(told)[0]["samples"][0][2].isprintable()
    assert file_of("bad.example\n").reports[0].samples == ()
