"""Which upstream goes first, over time."""

from filters.dns_choice import MAX_KNOWN, PROBE_SECONDS, PROBES_APART, Choice
from filters.dns_exchange import Upstream

A, B, C = Upstream("192.0.2.1"), Upstream("192.0.2.2"), Upstream("192.0.2.3")
SICK = 20.0


def test_before_anything_is_known_the_order_is_the_sites() -> None:
    assert Choice(SICK).order((A, B, C), 0.0) == [A, B, C]


def test_the_quicker_goes_first_unless_they_are_alike() -> None:
    choice = Choice(SICK)
    choice.answered(A, 0.050, 0.0)
    choice.answered(B, 0.047, 0.0)
    assert choice.order((A, B), 1.0) == [A, B]
    choice.answered(C, 0.010, 1.0)
    assert choice.order((A, B, C), 2.0) == [C, A, B]


def test_one_slow_answer_changes_little_and_many_change_it() -> None:
    choice = Choice(SICK)
    choice.answered(A, 0.010, 0.0)
    choice.answered(B, 0.040, 0.0)
    choice.answered(A, 0.100, 0.0)
    assert choice.order((A, B), 1.0) == [A, B]
    for _ in range(20):
        choice.answered(A, 0.100, 1.0)
    assert choice.order((A, B), 2.0) == [B, A]


def test_the_sick_go_last_for_longer_each_time_and_an_answer_heals() -> None:
    choice = Choice(SICK)
    choice.failed(A, 0.0)
    choice.failed(A, 1.0)  # the same outage
    assert choice.order((A, B), 19.9) == [B, A]
    assert choice.order((A, B), 20.0)[0] == A
    choice.failed(A, 21.0)
    assert choice.order((A, B), 60.9) == [B, A]
    choice.answered(A, 0.01, 60.9)
    assert choice.order((A, B), 61.0) == [A, B]
    choice.failed(A, 62.0)
    assert choice.order((A, B), 81.9) == [B, A] and choice.order((A, B), 82.0)[0] == A


def test_who_was_not_asked_for_long_goes_first_once() -> None:
    choice = Choice(SICK)
    choice.answered(A, 0.010, 0.0)
    firsts = [choice.order((A, B, C), second / 10)[0] for second in range(int(PROBE_SECONDS * 10) + 200)]
    assert (firsts.count(B), firsts.count(C)) == (1, 1)
    assert firsts.index(B) == PROBE_SECONDS * 10
    assert firsts.index(C) - firsts.index(B) == PROBES_APART * 10


def test_the_sick_are_not_probed_and_one_alone_is_always_asked() -> None:
    choice = Choice(1000.0)
    choice.failed(B, 0.0)
    assert {choice.order((A, B), float(second))[0] for second in range(900)} == {A}
    choice.failed(A, 901.0)
    assert choice.order((A,), 902.0) == [A] and choice.order((), 902.0) == []


def test_what_is_remembered_is_bounded() -> None:
    choice = Choice(SICK)
    for number in range(MAX_KNOWN * 2):
        choice.failed(Upstream(f"192.0.2.{number}"), 0.0)
    assert len(choice._known) == MAX_KNOWN
