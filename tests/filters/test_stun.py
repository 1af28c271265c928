"""Telling STUN from DNS."""

from hypothesis import given
from hypothesis import strategies as st

from filters.stun import MAGIC_COOKIE, is_stun
from tests.filters.dns_tools import wire

BINDING = bytes.fromhex("00010008") + MAGIC_COOKIE + b"transaction!" + bytes.fromhex("8022000461626364")


def test_a_binding_request_is_one_and_its_fragments_are_not() -> None:
    assert is_stun(BINDING)
    assert not is_stun(BINDING[:-1]) and not is_stun(BINDING[:-4]) and not is_stun(BINDING + b"more")
    assert not is_stun(b"\x40" + BINDING[1:]) and not is_stun(b"\x80" + BINDING[1:])
    assert not is_stun(BINDING.replace(MAGIC_COOKIE, b"\0\1\0\0"))


def test_questions_are_none() -> None:
    assert not is_stun(wire("www.example"))


@given(st.binary(max_size=64))
def test_nothing_makes_it_fail(data: bytes) -> None:
    assert is_stun(data) in (True, False)
