"""Reports: counting and sampling of rejects, harmless texts, and the way through JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.lists.report import SAMPLES_A_REJECT, ListReport, Rejects, from_json, shown, to_json
from filters.lists.rules import Format, Reject


def test_every_reject_counts_and_the_first_few_are_shown_in_order_of_lines() -> None:
    rejects = Rejects()
    for number in range(20, 30):
        rejects.add(number, Reject.URL, f"/path/{number}".encode())
    rejects.add(3, Reject.DUPLICATE)
    assert rejects.counts == {Reject.URL: 10, Reject.DUPLICATE: 1}
    assert [sample.line for sample in rejects.samples()] == [3, *range(20, 20 + SAMPLES_A_REJECT)]
    assert rejects.samples()[1].text == "/path/20"


@given(st.binary(max_size=600))
def test_samples_are_harmless_text(line: bytes) -> None:
    text = shown(line)
    assert text.isascii()
    assert not text or text.isprintable()
    assert len(text) <= 80


def test_a_report_survives_json() -> None:
    rejects = Rejects()
    rejects.add(7, Reject.NOT_TEXT, 'x"\x1b[31m<b>日本'.encode() + b"\xff")
    report = ListReport("malware", Format.RPZ, 10, 5, dict(rejects.counts), rejects.samples())
    assert from_json(json.loads(json.dumps(to_json(report)))) == report


VALID = to_json(ListReport("malware", Format.RPZ, 10, 5, {Reject.URL: 1}, ()))
ANY: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4
)


@given(st.dictionaries(st.sampled_from([*VALID]), ANY | st.dictionaries(st.text(max_size=3), ANY)))
def test_anything_else_is_a_report_or_a_value_error(changed: dict[str, object]) -> None:
    try:
        report = from_json({**VALID, **changed})
    except ValueError:
        return
    assert min(report.lines, report.rules, *report.rejects.values()) >= 0


@pytest.mark.parametrize("value", [None, [], "x", {}, 7])
def test_what_is_no_report(value: object) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        from_json(value)
