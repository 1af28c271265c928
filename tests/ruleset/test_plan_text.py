"""Sentences: one for every code that is used, none that is not; values stay values."""

import re
from importlib.resources import files

import pytest

from ruleset.plan_risk import Change
from ruleset.plan_text import SENTENCES, WHY, listed, sentence

USERS = ("plan_access", "plan_changes", "plan_dns", "plan_risk")
SOURCE = "".join((files("ruleset") / f"{name}.py").read_text() for name in USERS)


def test_every_sentence_is_used_and_every_change_has_one():
    assert {code for code in SENTENCES if f'"{code}"' in SOURCE} == set(SENTENCES)
    assert set(re.findall(r'Change\(\s*"([a-z-]+)"', SOURCE)) <= set(SENTENCES)
    with pytest.raises(KeyError):
        sentence("no-such-code", {})


def test_every_reason_is_used_and_explained():
    assert {why for why in WHY if f'"{why}"' in SOURCE} == set(WHY)


def test_long_lists_are_counted():
    assert listed(tuple("abc")) == "a, b, c"
    assert listed(tuple(str(i) for i in range(20))).endswith("and 8 more")
    assert listed(()) == "none"


def test_values_are_text_and_never_templates():
    change = Change("device-moved", {"name": "{x}\x1b", "old": "a", "new": "b"}, "low", "bookkeeping")
    assert change.text() == "device {x}\\x1b moves from zone a to zone b"
    assert change.as_dict()["why_text"] == WHY["bookkeeping"]
