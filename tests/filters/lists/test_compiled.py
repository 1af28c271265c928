"""One list in memory: look-ups by hashes, line numbers, rejects, refusals; against a plain dictionary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import names
from filters.lists import CompiledList, Format, ListRefusedError, Reject, compile_list, suffix_keys

KEY = b"a key of the tests"


def find(compiled: CompiledList, text: str) -> tuple[int, int] | None:
    return compiled.find(suffix_keys(names.from_text(text), KEY))


def test_an_exact_rule_blocks_its_name_and_nothing_below() -> None:
    compiled = compile_list("malware", [b"# title\n", b"0.0.0.0 bad.example\n"], KEY)
    assert find(compiled, "bad.example") == (0, 2)
    assert find(compiled, "www.bad.example") is None
    assert find(compiled, "example") is None
    assert compiled.format is Format.HOSTS


def test_a_wildcard_blocks_everything_below_too() -> None:
    compiled = compile_list("malware", [b"good.example", b"*.bad.example"], KEY)
    assert find(compiled, "bad.example") == (0, 2)
    assert find(compiled, "a.b.bad.example") == (2, 2)
    assert find(compiled, "verybad.example") is None


def test_every_line_is_a_rule_or_a_counted_and_sampled_reject() -> None:
    lines = [b"bad.example", b"com", b"two words", b"bad.example", b"*.bad.example", *[b"no such format"] * 9]
    compiled = compile_list("malware", lines, KEY)
    assert len(compiled) == 1
    assert compiled.rejects == {Reject.TOO_WIDE: 1, Reject.NOT_THIS_FORMAT: 10, Reject.DUPLICATE: 2}
    assert [s.line for s in compiled.samples if s.reason is Reject.NOT_THIS_FORMAT] == [3, 6, 7, 8, 9]
    assert find(compiled, "sub.bad.example") == (1, 5), "of two rules for a name the wider one counts"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "known format"),
        ([b"# nothing"], "known format"),
        ([b"<html>", b"<p>"], "web page"),
        ([b"/^ads/"], "adblock"),
        ([b"0.0.0.0 localhost"], "not one of its lines"),
    ],
)
def test_a_list_without_rules_is_refused_whole(lines: list[bytes], why: str) -> None:
    with pytest.raises(ListRefusedError, match=why):
        compile_list("malware", lines, KEY)


HOSTS = st.lists(st.sampled_from(["a", "b", "c", "xn--x", "long-label"]), min_size=2, max_size=4).map(".".join)


@given(st.lists(st.tuples(HOSTS, st.booleans()), min_size=1, max_size=30), st.lists(HOSTS, max_size=20))
def test_look_ups_agree_with_a_dictionary(rules: list[tuple[str, bool]], asked: list[str]) -> None:
    lines = [("*." if subtree else "") + host for host, subtree in rules]
    compiled = compile_list("malware", [line.encode() for line in lines], KEY)
    for host in [*asked, *(host for host, _ in rules)]:
        parents = [host.split(".", depth)[-1] for depth in range(host.count(".") + 1)]
        wanted = next(
            (
                depth
                for depth, parent in enumerate(parents)
                if (parent, True) in rules or (depth == 0 and (parent, False) in rules)
            ),
            None,
        )
        found = find(compiled, host)
        assert (found[0] if found else None) == wanted
        if found:
            assert lines[found[1] - 1].removeprefix("*.") == parents[found[0]]


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_any_lines_are_read_or_refused(lines: list[bytes]) -> None:
    try:
        compiled = compile_list("garbage", lines, KEY)
    except ListRefusedError:
        return
    assert 0 < len(compiled) <= 64 * len(lines)


def test_exceptions_hold_within_the_list_and_what_needs_more_is_a_reject() -> None:
    lines = [b"||bad.example^", b"@@||good.bad.example^", b"||ads*.example^", b"||x.example^$dnstype=A"]
    compiled = compile_list("ads", lines, KEY)
    assert find(compiled, "www.bad.example") == (1, 1)
    assert find(compiled, "www.good.bad.example") is None
    assert compiled.rejects == {Reject.NOT_PLAIN: 2}
