"""What reading found, on its way between two processes."""

import json

import pytest

from gateway.updates.found import MAX_SAMPLES, Inspection, from_dict

FOUND = Inspection(
    "hosts", 100, 4, 2, True, {"not a name": 2}, [[3, "not a name", "x"]], ("ameli.fr",), "free", 5 << 20
)
TOLD = json.loads(json.dumps(FOUND.as_dict()))


def test_it_survives_the_way() -> None:
    again = from_dict(TOLD)
    assert again is not None
    assert (again.rules, again.rejects, again.protected, again.terms) == (2, {"not a name": 2}, ("ameli.fr",), "free")
    assert again.memory == 5 << 20 and again.samples == [["3", "not a name", "x"]]


@pytest.mark.parametrize(
    "value",
    [None, [], {}, {"octets": 1, "lines": 1}, TOLD | {"rejects": 1}, TOLD | {"rules": "1"}],
)
def test_what_is_none_is_none(value: object) -> None:
    assert from_dict(value) is None


def test_what_a_broken_process_says_is_bounded_and_harmless() -> None:
    told = TOLD | {"format": "\x1b[31m", "samples": [["\x07"]] * 99, "memory": "much"}
    again = from_dict(told)
    assert again is not None
    assert "\x1b" not in again.format and len(again.samples) == MAX_SAMPLES
    assert "\x07" not in str(again.samples[0][0]) and again.memory == 0
