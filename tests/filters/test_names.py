"""Names: text and wire forms, IDNA, walking, and what must be refused."""

import dns.exception
import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import names

EXAMPLE = b"\x03www\x07example\x03com\x00"


@pytest.mark.parametrize("text", ["www.example.com", "WWW.Example.COM.", "www.example.com."])
def test_text_in_any_case_is_one_name(text: str) -> None:
    assert names.from_text(text) == EXAMPLE


@pytest.mark.parametrize(
    ("text", "ascii_form"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
        ("日本語。jp", "xn--wgv71a119e.jp"),
        ("faß.de", "xn--fa-hia.de"),  # non-transitional: ß is a letter of its own
    ],
)
def test_international_names_become_a_labels(text: str, ascii_form: str) -> None:
    assert names.to_text(names.from_text(text)) == ascii_form


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (".", "empty"),
        ("a..b", "empty label"),
        (".a", "empty label"),
        ("192.0.2.1", "address"),
        ("a" * 64 + ".com", "63"),
        (".".join(["a" * 60] * 5), "255"),
        ("*.example.com", "character"),
        ('x"; drop', "character"),
        ("a\\046b.com", "character"),
        ("ex／ample.com", "international"),  # a full-width slash would become "/"
        ("\u200b", "international"),
        ("a" * 5000, "longer"),
    ],
)
def test_what_is_no_name_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(names.BadNameError, match=why):
        names.from_text(text)


def test_text_of_odd_octets_is_escaped() -> None:
    assert names.to_text(b'\x05a"<\n.\x00') == "a\\034\\060\\010\\046"
    assert names.to_text(names.ROOT) == "."
    assert names.to_text(b"\x03a.b\x01c\x00") == "a\\046b.c"
    assert names.to_text(b"\x2e" + b"a" * 46 + b"\x01b\x00") == "a" * 46 + ".b"


def test_walking_upwards_goes_label_by_label() -> None:
    assert [names.to_text(s) for s in names.suffixes(EXAMPLE)] == ["www.example.com", "example.com", "com"]
    assert names.is_within(EXAMPLE, names.from_text("example.com"))
    assert not names.is_within(names.from_text("notexample.com"), names.from_text("example.com"))
    assert not names.is_within(names.from_text("example.com"), EXAMPLE)


def test_suffix_set_finds_the_longest_registered_suffix() -> None:
    registered = names.SuffixSet([names.from_text("com"), names.from_text("example.com")])
    assert registered.find(EXAMPLE) == names.from_text("example.com")
    assert registered.find(names.from_text("other.com")) == names.from_text("com")
    assert registered.find(names.from_text("example.org")) is None
    assert names.SuffixSet().find(EXAMPLE) is None


def test_a_label_may_hold_a_zero_octet() -> None:
    odd = b"\x03a\x00b\x03com\x00"
    assert names.read_plain(odd, 0) == (odd, len(odd))


@pytest.mark.parametrize(
    "data",
    [
        b"\xc0\x0c" + bytes(20),  # a pointer in a question
        b"\x40" + b"a" * 70 + b"\0",  # an unassigned label type
        b"\x03ab",
        b"",
        (b"\x3f" + b"a" * 63) * 4 + b"\0",  # 257 octets
    ],
)
def test_question_names_are_plain_and_whole(data: bytes) -> None:
    with pytest.raises(names.BadNameError):
        names.read_plain(data, 0)


def test_compression_is_followed_backwards() -> None:
    data = bytes(12) + b"\x07Example\x03com\x00" + b"\x03www\xc0\x0c" + b"rest"
    assert names.read_compressed(data, 25) == (EXAMPLE, 31)


@pytest.mark.parametrize(
    ("tail", "at"),
    [
        (b"\xc0\x0c", 12),  # itself
        (b"\x01a\xc0\x0c", 12),  # a loop
        (b"\xc0\x0e\x01a\x00", 12),  # forward
        (b"\xc0\x02", 12),  # into the header
        (b"\xc0", 12),
        (b"\x80\x00", 12),
        (b"\x01a\x03\xc0\x0c\x00\x00", 15),  # back, but what is there runs into the pointer itself
    ],
)
def test_pointers_that_do_not_point_back_are_refused(tail: bytes, at: int) -> None:
    with pytest.raises(names.BadNameError):
        names.read_compressed(bytes(12) + tail, at)


def test_no_pointer_leads_into_the_fixed_part_of_a_record() -> None:
    before = b"\x01a\0" + b"\0\1\0\1" + b"\0\x01b\0" + b"\0\0"  # at 12 a name, at 15 type, class, TTL, length
    for target, fixed, fine in ((12, (15,), True), (20, (15,), False), (20, (), True), (12, (12,), False)):
        data = bytes(12) + before + b"\xc0" + bytes((target,))
        if fine:
            assert names.read_compressed(data, 25, fixed)[1] == 27
        else:
            with pytest.raises(names.BadNameError, match="what is no name"):
                names.read_compressed(data, 25, fixed)
    into = bytes(12) + b"\x03aaa" + before[3:] + b"\xc0\x0c"  # a label that goes on where the fixed part begins
    with pytest.raises(names.BadNameError):
        names.read_compressed(into, 26, (14,))


def test_a_compressed_name_is_no_longer_than_a_plain_one() -> None:
    part = b"".join(b"\x3f" + b"a" * 63 for _ in range(2))
    longest = bytes(12) + part + b"\x3d" + b"b" * 61 + b"\x00" + b"\x3e" + b"c" * 62 + b"\xc0\x0c"
    assert len(names.read_compressed(longest, len(longest) - 65)[0]) == 254
    with pytest.raises(names.BadNameError, match="255"):
        names.read_compressed(longest + b"\x01d" + b"\xc0" + bytes((len(longest) - 65,)), len(longest))


def test_a_long_chain_of_pointers_ends() -> None:
    chain = bytes(12) + b"\x01a\x00" + b"".join(b"\xc0" + bytes([12 if i == 0 else 13 + 2 * i]) for i in range(100))
    with pytest.raises(names.BadNameError, match="too many"):
        names.read_compressed(chain, len(chain) - 2)


@given(st.binary(max_size=300), st.integers(0, 40))
def test_any_octets_give_a_name_or_bad_name_as_dnspython_sees_it(data: bytes, at: int) -> None:
    message = bytes(12) + data
    at = min(12 + at, len(message))
    try:
        name, behind = names.read_compressed(message, at)
    except names.BadNameError:
        return
    theirs, used = dns.name.from_wire(message, at)
    assert theirs.to_wire().lower() == name
    assert at + used == behind


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=6))
def test_plain_reading_agrees_with_dnspython(parts: list[bytes]) -> None:
    try:
        wire = dns.name.Name([*parts, b""]).to_wire()
    except dns.exception.DNSException:
        return
    assert wire is not None
    name, behind = names.read_plain(b"xx" + wire + b"yy", 2)
    assert (name, behind) == (wire.lower(), 2 + len(wire))
    assert names.to_text(name).isascii()
