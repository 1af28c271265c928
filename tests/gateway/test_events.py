"""Text from outside becomes one bounded, printable line; times become quarter hours."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.events import HARM, Blocked, Happening, Harm, Kind, Loss, LossCause, Source, clean, slot


def test_an_event_stands_for_one_unless_it_says_more():
    assert Blocked(Kind.PACKET_REFUSED, 0, Source(), "", "", "", "").count == 1
    assert Loss(LossCause.KERNEL_GAP, 0).count == 1


def test_every_kind_has_a_harm_class():
    assert set(HARM) == set(Kind)
    assert set(HARM.values()) == set(Harm)
    assert Happening(Kind.DEVICE_QUARANTINED, 0).harm is Harm.AVAILABILITY


@given(st.text(max_size=400), st.integers(min_value=1, max_value=300))
def test_clean_text_is_short_and_obeyed_by_no_terminal(text: str, limit: int):
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert not any(ord(c) < 32 or c in "\x7f\x85\u2028\u202e\ufeff" for c in cleaned)
    assert clean(cleaned, limit) == cleaned


def test_peoples_words_stay_as_they_are():
    label = "待合室　カメラ 1 «é»"
    assert clean(label) == label


def test_half_characters_do_not_reach_the_store():
    assert clean("\ud800x") == "�x"


def test_slots_are_quarter_hours():
    assert [slot(at) for at in (0, 899.9, 900, 3600)] == [0, 0, 1, 4]
