"""Pins: who needs one, when an answer may leave without a new one, and that nothing waits for ever."""

from ipaddress import ip_address

import pytest

from filters.dns_exchange import PinGrant, RequestPin, Timing
from filters.dns_pins import MAX_ADDRESSES, PinBoard
from tests.filters.dns_tools import name

PC, TABLET, GUEST = ip_address("10.20.20.11"), ip_address("10.20.20.12"), ip_address("10.20.80.5")
ONE, TWO, SIX = ip_address("192.0.2.1"), ip_address("192.0.2.2"), ip_address("2001:db8::1")
TIMING = Timing()


@pytest.fixture
def board() -> PinBoard[str]:
    made: PinBoard[str] = PinBoard(TIMING)
    made.adopt(
        [
            PinGrant("pc", frozenset((name("zoom.example"), name("meet.example")))),
            PinGrant("guest", frozenset((name("zoom.example"),)), frozenset((GUEST,))),
        ],
    )
    return made


def request(board: PinBoard[str], *addresses: object, client: object = PC, now: float = 0) -> RequestPin | str | None:
    return board.pin("zoom.example", client, tuple(addresses), 60, now, "held")


def taken(board: PinBoard[str], *addresses: object, **more: object) -> RequestPin:
    wanted = request(board, *addresses, **more)
    assert isinstance(wanted, RequestPin)
    return wanted


def test_grants_are_by_zone_client_and_suffix(board: PinBoard[str]) -> None:
    zoom = name("eu.zoom.example")
    assert board.concerns(zoom)
    assert board.wanted(zoom, PC, "pc")
    assert board.wanted(zoom, GUEST, "guest")
    assert not board.wanted(zoom, ip_address("10.20.80.6"), "guest")
    assert not board.wanted(name("meet.example"), GUEST, "guest")
    assert not board.wanted(zoom, PC, "voip")
    assert not board.concerns(name("notzoom.example"))


def test_an_answer_waits_for_its_pin_and_is_free_when_it_is_there(board: PinBoard[str]) -> None:
    wanted = request(board, ONE, TWO)
    assert wanted == RequestPin(1, PC, (ONE, TWO), int(60 + TIMING.pin_slack), "zoom.example")
    hold = board.done(1, ok=True)
    assert hold is not None
    assert (hold.held, hold.failed) == ("held", False)
    assert len(board) == 0


def test_what_is_pinned_long_enough_is_not_pinned_again(board: PinBoard[str]) -> None:
    wanted = taken(board, ONE)
    board.done(wanted.token, ok=True)
    assert request(board, ONE, now=TIMING.pin_slack - 1) is None
    again = taken(board, ONE, now=TIMING.pin_slack + 1)
    assert again.addresses == (ONE,), "the pin would end before the client forgets the address"
    new = taken(board, ONE, TWO, now=1)
    assert new.addresses == (TWO,)
    assert taken(board, ONE, client=TABLET, now=1).client == TABLET, "a pin is one client's own"


def test_a_refused_pin_frees_the_answer_and_is_asked_again(board: PinBoard[str]) -> None:
    wanted = taken(board, ONE)
    hold = board.done(wanted.token, ok=False)
    assert hold is not None
    assert hold.failed
    assert request(board, ONE) is not None


def test_no_answer_waits_longer_than_the_bound(board: PinBoard[str]) -> None:
    wanted = taken(board, ONE, now=10)
    assert board.overdue(10 + TIMING.pin / 2) == []
    (late,) = board.overdue(10 + TIMING.pin)
    assert (late.held, late.failed) == ("held", True)
    assert board.done(wanted.token, ok=True) is None, "an acknowledgement that comes too late frees nothing twice"


def test_addresses_of_both_families_are_asked_for_the_client_as_it_asked(board: PinBoard[str]) -> None:
    wanted = taken(board, ONE, SIX)
    assert (wanted.client, wanted.addresses) == (PC, (ONE, SIX))


def test_a_restart_of_the_kernels_policy_asks_anew(board: PinBoard[str]) -> None:
    wanted = taken(board, ONE)
    board.done(wanted.token, ok=True)
    board.forget()
    assert request(board, ONE) is not None


def test_held_answers_are_bounded() -> None:
    board: PinBoard[str] = PinBoard(Timing(held=1))
    assert request(board, ONE) is not None
    assert request(board, TWO) == "short", "it leaves, and is told"


def test_an_answer_with_too_many_addresses_pins_as_many_as_can_be_asked_for(board: PinBoard[str]) -> None:
    many = [ip_address(f"192.0.2.{last}") for last in range(200)]
    wanted = taken(board, *many)
    assert wanted.addresses == tuple(many[:MAX_ADDRESSES])
    hold = board.done(wanted.token, ok=True)
    assert hold is not None
    assert hold.failed, "the others are not pinned"
    assert request(board, *many) == "short"
    assert request(board, *many[:MAX_ADDRESSES]) is None
