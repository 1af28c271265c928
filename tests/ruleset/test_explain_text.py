"""Wording of an answer: the verdict first, one fact a line, nothing a terminal would obey."""

from ruleset.explain import Answer, Question
from ruleset.explain_text import place
from tests.ruleset.small_clinic import origin


def test_the_first_line_is_the_verdict():
    answer = Answer(Question("pc", "srv", "echo"), "same-zone", notes=("why",))
    assert answer.text() == "pc -> srv, ping: NOT OBSERVABLE\n  note: why\n"


def test_a_refusal_without_neighbours_says_so():
    assert "no permission comes near this" in Answer(Question("pc", "srv"), "refuse").text()


def test_places_are_what_editors_jump_to():
    assert place(origin(40)) == "site.yaml:40"
    assert place(origin(0, source="core", file="")) == "core"


def test_words_from_outside_cannot_break_the_lines():
    text = Answer(Question("a\nb\x1b[2J", "srv"), "unknown").text()
    assert text.count("\n") == 1
    assert "\x1b" not in text
