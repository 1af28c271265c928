"""Reading YAML: values with their places, the words of YAML 1.2, and bounds against hostile files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruleset.document import MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_PROBLEMS, read_document
from ruleset.problems import START, Mark


def read(text):
    return read_document(text.encode() if isinstance(text, str) else text, "f.yaml")


def refused(text, code):
    document = read(text)
    assert [p.code for p in document.problems] == [code]
    return document.problems[0]


def test_values_and_keys_have_places_counted_from_one():
    document = read("a: 1\nb:\n  c: [x, y]\n")
    assert document.data == {"a": 1, "b": {"c": ["x", "y"]}}
    assert document.keys["b", "c"] == Mark(3, 3)
    assert document.values["b", "c", 1] == Mark(3, 10)
    assert document.value_place(("a",)) == Mark(1, 4)


def test_the_place_of_what_is_not_there_is_its_closest_ancestor():
    document = read("a:\n  b: {c: 1}\n")
    assert document.place(("a", "b", "missing", 3)) == Mark(2, 3)
    assert document.value_place(("a", "b", "missing")) == Mark(2, 3)
    assert document.place(("nowhere",)) == START


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("Yes", "Yes"), ("on", "on"), ("true", True), ("FALSE", False), ("tRue", "tRue"),
        ("null", None), ("~", None), ("''", ""), ("12", 12), ("-3", -3), ("0x10", "0x10"), ("012", 12),
        ("1.5", 1.5), ("1e3", 1000.0), (".inf", ".inf"), ("2027-03-31", "2027-03-31"), ("'12'", "12"),
        ("02:00:00:00:20:11", "02:00:00:00:20:11"), ("20:30:40", "20:30:40"), ("1_000", "1_000"),
        ("9999999999999999999999", 9999999999999999999999.0), ("!!str 12", "12"),
    ],
)  # fmt: skip
def test_plain_words_follow_yaml_1_2(text, value):
    document = read(f"a: {text}\n")
    assert document.problems == []
    assert document.data == {"a": value} and type(document.data["a"]) is type(value)


def test_a_duplicate_key_names_both_places_and_keeps_the_first():
    document = read("a: 1\nb: 2\na: {c: 3}\n")
    assert document.problems[0].line() == (
        "f.yaml:3:1: error: 'a' is already given at line 1 (delete one of the two, or rename it)"
    )
    assert document.data == {"a": 1, "b": 2}


def test_a_file_that_is_too_big_is_not_even_decoded():
    assert refused(b"\xff" * (MAX_BYTES + 1), "too-big").mark == START
    assert read(b"# " + b"x" * (MAX_BYTES - 2)).problems == []


def test_a_byte_that_is_not_utf8_is_named_with_its_place():
    problem = refused(b"a: 1\nb: caf\xe9\n", "not-utf8")
    assert problem.mark == Mark(2, 7) and "0xe9" in problem.what


def test_a_byte_order_mark_is_allowed():
    assert read(b"\xef\xbb\xbfa: 1\n").data == {"a": 1}


def test_control_characters_are_named():
    problem = refused("a: 1\nb: x\x07y\n", "control-character")
    assert problem.mark == Mark(2, 5) and "U+0007" in problem.what


def test_nesting_has_a_limit():
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH).problems == []
    assert refused("[" * 10_000, "too-deep").mark == Mark(1, MAX_DEPTH + 1)


def test_aliases_count_as_what_they_stand_for():
    lines = ["a0: &a0 [" + "x, " * 9 + "x]"]
    lines += [f"a{n}: &a{n} [" + f"*a{n - 1}, " * 9 + f"*a{n - 1}]" for n in range(1, 9)]
    assert "100000" in refused("\n".join(lines), "too-many-values").what


def test_many_values_without_aliases_are_refused_too():
    assert refused("[" + "1," * (MAX_NODES + 1) + "]", "too-many-values").mark.line == 1


def test_an_alias_gives_the_same_value():
    assert read("a: &x {k: [1]}\nb: *x\n").data == {"a": {"k": [1]}, "b": {"k": [1]}}


@pytest.mark.parametrize("text", ["a: *x", "a: &x [*x]", "a: &x {b: *x}", "*x : 1"])
def test_an_alias_of_nothing_complete_is_refused(text):
    assert "stands for nothing" in refused(text, "alias").what


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: !!python/object:os.system x", "tag"), ("a: !include /etc/passwd", "tag"),
        ("--- 1\n--- 2\n", "many-documents"),
        ("? [a]\n: 1", "key-type"), ("? {a: 1}\n: 1", "key-type"), ("a: [", "yaml"),
        ("a: 1\n b: 2", "yaml"), ("\ta: 1", "yaml"), ("a: \ufffe", "yaml"), ("%YAML 3.0\n--- 1", "yaml"),
    ],
)  # fmt: skip
def test_what_no_site_file_needs_is_refused(text, code):
    assert read(text).data is None
    assert refused(text, code).file == "f.yaml"


def test_an_empty_file_has_no_value_and_no_problem():
    assert read("").data is None and read("# only a comment\n").problems == []


def test_the_list_of_problems_is_bounded():
    document = read("\n".join("a: 1" for _ in range(5 * MAX_PROBLEMS)))
    assert len(document.problems) == MAX_PROBLEMS


@given(st.binary(max_size=200))
def test_any_bytes_give_a_document(data):
    document = read(data)
    assert document.file == "f.yaml" and all(p.mark.line >= 1 and p.mark.column >= 1 for p in document.problems)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abc é日", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcd", min_size=1), inner, max_size=3),
    max_leaves=12,
)


@given(plain)
def test_values_come_back_as_another_writer_wrote_them(value):
    document = read(json.dumps({"v": value}))
    assert document.problems == [] and document.data == {"v": value}
