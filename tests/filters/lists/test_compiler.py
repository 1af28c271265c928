"""Compiling: rejects of every kind, bounds, refused lists that leave nothing behind, and memory."""

import tracemalloc
from collections.abc import Iterator

import pytest

from filters.lists import ListCompiler, ListFile, ListRefusedError, Reject, compiler
from filters.lists.grams import MAX_USES
from tests.filters.lists.reading_tools import KEY, ask, blocked, file_of


def lines_of(text: str) -> list[bytes]:
    return text.encode().splitlines()


def test_every_line_is_a_rule_a_comment_or_a_counted_and_sampled_reject() -> None:
    text = (
        "! title\n||bad.example^\n||com^\nbad.example##.x\n||bad.example^\n|bad.example^\n||b.example/x\n" + "??\n" * 9
    )
    file = file_of(text)
    report = file.reports[0]
    assert (report.lines, report.rules, len(file)) == (16, 1, 1)
    assert report.rejects == {
        Reject.TOO_WIDE: 1, Reject.COSMETIC: 1, Reject.DUPLICATE: 2, Reject.URL: 10,
    }  # fmt: skip
    assert [sample.line for sample in report.samples] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert {sample.text for sample in report.samples if sample.line in (3, 4)} == {"||com^", "bad.example##.x"}


def test_lists_keep_their_lines_and_names_apart() -> None:
    file = file_of("bad.example\n", "# title\n\n0.0.0.0 bad.example\n", "address=/bad.example/#\n")
    found = [ask(file, "bad.example", mask=file.select([f"list{number}"])).match for number in range(3)]
    assert [(match.list, match.line) for match in found] == [("list0", 1), ("list1", 3), ("list2", 1)]
    assert len(file.matches(b"\x03bad\x07example\0")) == 3


@pytest.mark.parametrize("text", ["", "<html>\n", "# only\n", "0.0.0.0 localhost\n", "||com^\n"])
def test_a_refused_list_leaves_nothing_behind(text: str) -> None:
    one = ListCompiler(KEY)
    one.add("good", lines_of("||good.example^\n||ads*.example^\n"))
    with pytest.raises(ListRefusedError):
        one.add("bad", lines_of(text))
    one.add("last", lines_of("||last.example^\n"))
    again = file_of("||good.example^\n||ads*.example^\n", "||last.example^\n")
    file = ListFile(memoryview(b"".join(one.finish().pieces)), KEY)
    assert [report.name for report in file.reports] == ["good", "last"]
    assert ask(file, "last.example").match.line == ask(again, "last.example").match.line == 1


def test_a_list_beyond_the_bound_is_refused_with_what_it_had_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "MAX_RULES", 3)
    one = ListCompiler(KEY)
    one.add("good", lines_of("good.example\n"))
    with pytest.raises(ListRefusedError, match="more than 3 rules"):
        one.add("bad", lines_of("||a.example^\n||ads*.example^\n||c.example^$dnstype=A\n||d.example^\n"))
    one.add("last", lines_of("last.example\n"))
    file = ListFile(memoryview(b"".join(one.finish().pieces)), KEY)
    assert not blocked(file, "a.example")
    assert not file.side.have_patterns
    assert blocked(file, "last.example")


def test_a_name_may_stand_for_one_list_only() -> None:
    one = ListCompiler(KEY)
    one.add("ads", lines_of("a.example\n"))
    with pytest.raises(ListRefusedError, match="different names"):
        one.add("ads", lines_of("b.example\n"))


def test_rules_that_cost_time_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "MAX_PATTERNS", 6)
    monkeypatch.setattr(compiler, "MAX_UNINDEXED", 2)
    patterns = [f"/^q[{number}]/" for number in range(4)] + [f"||ads{number}*.example^" for number in range(8)]
    same = [f"||x.example^$client=client{number}" for number in range(compiler.MAX_SAME + 5)]
    file = file_of("\n".join([*patterns, *same, same[0]]))
    assert file.reports[0].rejects == {Reject.TOO_MANY: 2 + 4 + 5, Reject.DUPLICATE: 1}
    assert blocked(file, "q1.example")
    assert not blocked(file, "q2.example")
    assert blocked(file, "ads3x.example")
    assert not blocked(file, "ads4x.example")


def test_patterns_that_one_name_would_have_to_try_together_are_bounded_and_told() -> None:
    lines = [f"/{number % 10}[a-m]{number // 10}[a-m]goo/" for number in range(MAX_USES + 6)]
    report = file_of("\n".join([*lines, "||a.example^"])).reports[0]
    assert report.rules == MAX_USES + 1
    assert report.rejects == {Reject.TOO_MANY: 6}
    assert [(one.line, one.text) for one in report.samples] == [
        (MAX_USES + 1 + at, lines[MAX_USES + at]) for at in range(5)
    ]


@pytest.mark.parametrize(("bound", "value"), [("MAX_SIDE", 2), ("MAX_SIDE_TEXT", 130)])
def test_rules_that_cost_room_are_bounded(monkeypatch: pytest.MonkeyPatch, bound: str, value: int) -> None:
    monkeypatch.setattr(compiler, bound, value)
    file = file_of("\n".join(f"||x{number}.example^$dnstype=A" for number in range(10)))
    assert file.reports[0].rules == 2
    assert file.reports[0].rejects == {Reject.TOO_MANY: 8}


def test_names_by_the_hundred_thousand_take_room_for_their_hashes_only() -> None:
    def lines() -> Iterator[bytes]:
        yield from (b"||ads%d.shop%d.example^\n" % (number, number % 97) for number in range(100_000))

    one = ListCompiler(KEY)
    tracemalloc.start()
    try:
        one.add("ads", lines())
        compiled = one.finish()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert compiled.reports[0].rules == 100_000
    assert 12 * 100_000 < compiled.size < 14 * 100_000
    assert peak < 24 * 100_000, "the source itself is 2.7 MB and a list of its names some 10"
