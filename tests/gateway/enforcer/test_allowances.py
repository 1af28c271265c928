"""The list of names allowed for a while: on the disk before it counts, over by either clock, bounded."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.enforcer import allowances
from gateway.enforcer.allowances import MAX_ALLOWANCES, Allowances, FullError, Wish, is_name
from gateway.enforcer.clock import Moment

WISH = Wish("bad.example", "", "reception-1", 3600.0, "needed today", "alice")
NOW = Moment(1_800_000_000.0, 5000.0, "boot-1")


def later(seconds: float, *, wall: float | None = None, boot_id: str = "boot-1") -> Moment:
    return Moment(NOW.wall + (seconds if wall is None else wall), NOW.boot + seconds, boot_id)


def at(moment: Moment, made: Allowances) -> list[str]:
    return [one.name for one in made.in_force(moment)]


@pytest.fixture
def made(tmp_path: Path) -> Allowances:
    return Allowances(tmp_path / "allowances.json")


def test_it_is_on_the_disk_before_it_counts(made: Allowances, tmp_path: Path) -> None:
    one, _ = made.add(WISH, NOW)
    again = Allowances(tmp_path / "allowances.json")
    assert again.in_force(NOW) == (one,)
    assert one.as_dict() == {
        "id": 1, "name": "bad.example", "device": "reception-1", "reason": "needed today", "actor": "alice",
        "from": NOW.wall, "until": NOW.wall + 3600,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        (later(3599), True),
        (later(3600), False),
        (later(3600, wall=-86400), False),  # somebody set the wall clock back
        (later(60, wall=3601), False),  # or forward
        (later(60, boot_id="boot-2"), True),
        (later(0, wall=3600, boot_id="boot-2"), False),
        (later(0, wall=-1, boot_id="boot-2"), False),  # a box without a battery: nobody knows how long it was off
    ],
)
def test_either_clock_ends_it(made: Allowances, moment: Moment, holds: bool) -> None:
    made.add(WISH, NOW)
    assert bool(made.in_force(moment)) is holds
    assert bool(made.drop_ended(moment)) is not holds
    assert bool(made.in_force(NOW)) is holds


def test_the_same_again_stands_in_for_the_one_before(made: Allowances) -> None:
    first, _ = made.add(WISH, NOW)
    other, replaced = made.add(replace(WISH, device="", zone="pc"), NOW)
    assert replaced == ()
    second, replaced = made.add(WISH, later(60))
    assert replaced == (first,)
    assert made.in_force(later(60)) == (other, second)
    assert second.id == 3


def test_one_is_taken_back_by_its_number_which_is_never_used_again(made: Allowances, tmp_path: Path) -> None:
    one, _ = made.add(WISH, NOW)
    assert made.remove(one.id) == one
    assert made.remove(one.id) is None
    assert Allowances(tmp_path / "allowances.json").add(WISH, NOW)[0].id == 2


def test_there_is_a_bound(made: Allowances) -> None:
    for number in range(MAX_ALLOWANCES):
        made.add(replace(WISH, name=f"n{number}.example"), NOW)
    with pytest.raises(FullError):
        made.add(WISH, NOW)
    assert made.add(replace(WISH, name="n5.example"), NOW)[1], "the same again is no new one"


def test_a_disk_that_refuses_changes_nothing(made: Allowances, tmp_path: Path) -> None:
    one, _ = made.add(WISH, NOW)
    (tmp_path / "allowances.json.new").mkdir()
    for change in (lambda: made.add(replace(WISH, name="x.example"), NOW), lambda: made.remove(one.id)):
        with pytest.raises(OSError, match="directory"):
            change()
    assert made.in_force(NOW) == (one,)


def stored(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    file = tmp_path / "allowances.json"
    Allowances(file).add(WISH, NOW)
    return file, json.loads(file.read_text())


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "bad example"}, {"name": "x" * 300 + ".example"}, {"until": NOW.wall + 90_000},
        {"until": NOW.wall - 1}, {"until": "soon"}, {"id": True}, {"id": 0}, {"boot": None}, {"actor": 5}, {"extra": 1},
    ],
)  # fmt: skip
def test_a_record_that_is_wrong_does_not_count_and_takes_no_other_along(tmp_path: Path, bad: dict[str, Any]) -> None:
    file, values = stored(tmp_path)
    good = values["allowances"][0]
    file.write_text(json.dumps({"next": 2, "allowances": [{**good, **bad}, good]}))
    assert [one.name for one in allowances.read(file)[0]] == ["bad.example"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"allowances": 5}', '{"allowances": [5, null], "next": true}'])
def test_a_file_that_is_wrong_allows_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "allowances.json").write_text(text)
    assert allowances.read(tmp_path / "allowances.json") == ((), 1)


@pytest.mark.parametrize("text", ["bad.example", "a_b.x-1.example", "xn--wgv71a.jp", "1.example"])
def test_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text",
    ["", "example", "Bad.example", "bad.example.", ".example", "a..b", "10.0.0.1", "1.2", "*.example", "a b.example",
     "a\n.example", "é.example", "x" * 64 + ".example", "a." * 127 + "example"],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)
