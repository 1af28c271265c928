"""Regular expressions about names: which are read, which are refused; against Python's own on short names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.lists import regex
from filters.lists.automaton import Automaton, Budget
from filters.lists.pattern import END, MAX_POSITIONS, START, positions
from filters.lists.rules import Reject


def found(expression: str, name: str) -> bool:
    return Automaton(regex.read(expression)).search(f"{START}{name}{END}", Budget(1 << 20))


@pytest.mark.parametrize(
    ("expression", "names", "others"),
    [
        ("abc", "abc xabcx", "ab bc"),
        ("^abc", "abc abcd", "xabc"),
        ("abc$", "abc xabc", "abcx"),
        ("^(abc|de)$", "abc de", "abcde d"),
        ("a.c", "abc a.c", "ac"),
        (r"a\.c", "a.c", "abc"),
        ("^a[0-9]{2,3}$", "a12 a123", "a1 a1234"),
        ("^a{2}$", "aa", "a aaa"),
        ("^a{2,}$", "aa aaaa", "a"),
        ("^a{0}b$", "b", "ab"),
        ("^(ab)+c?$", "ab ababc", "c abc.c"),
        ("^a*?b+?$", "b aab", "a"),
        ("^(a?){2,3}$", "a aaa", "aaaa b"),
        ("^(a|b?c?){3}d$", "d abcd bcad aaad", "aaaaad"),
        ("^(a{2,3}){2}$", "aaaa aaaaaa", "aaa aaaaaaa"),
        ("^(a?b){2,}$", "bb abbab", "b aa"),
        (r"^\d\w\D$", "1ab 1_.", "a1b 111"),
        (r"^[[:alpha:]][^[:alpha:].]$", "a1 a-", "aa a."),
        ("^[]a-]+$", "a- -", "b"),
        ("^[a-]$", "a -", "b"),
        ("^[-a]$", "a -", "b"),
        ("(?i)^AB[C-D]$", "abc abd", "abe"),
        ("^(?:a|)(b)$", "b ab", "a"),
        (r"(^|\.)ad[.-]", "ad.x x.ad-y", "xad.y"),
        (r"^[^.\s]+\.x$", "a.x", "a.b.x"),
        (r"\x2d".replace("x2d", "-"), "a-b", "ab"),
        ("a|^$", "a xa", "b"),
    ],
)
def test_what_is_read(expression: str, names: str, others: str) -> None:
    assert [name for name in names.split() if not found(expression, name)] == []
    assert [name for name in others.split() if found(expression, name)] == []


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(a", Reject.REGEX),
        ("a)", Reject.REGEX),
        ("[a", Reject.REGEX),
        ("[", Reject.REGEX),
        ("[^", Reject.REGEX),
        ("[[:nothing:]]", Reject.REGEX),
        ("[z-a]", Reject.REGEX),
        ("a\\", Reject.REGEX),
        ("*a", Reject.REGEX),
        ("a**", Reject.REGEX),
        ("a++", Reject.REGEX),
        ("^*", Reject.REGEX),
        ("a{2", Reject.REGEX),
        ("a{3,2}", Reject.REGEX),
        ("a{,3}", Reject.REGEX),
        ("a{1000}", Reject.REGEX),
        (r"(a)\1", Reject.REGEX),
        (r"\bads", Reject.REGEX),
        ("a(?=b)", Reject.REGEX),
        ("a(?!b)", Reject.REGEX),
        ("(?<!a)b", Reject.REGEX),
        ("(?P<x>a)", Reject.REGEX),
        ("(?s)a", Reject.REGEX),
        ("a/b", Reject.URL),
        ("https?:", Reject.URL),
        ("[/:]", Reject.URL),
        ("日本", Reject.NOT_A_NAME),
        ("a b", Reject.NOT_A_NAME),
        (r"\s", Reject.NOT_A_NAME),
        ("x" * 600, Reject.REGEX_SIZE),
        ("(" * 40 + "a" + ")" * 40, Reject.REGEX_SIZE),
        ("a{100}" * 3, Reject.REGEX_SIZE),
        ("((a{50}){50}){50}", Reject.REGEX_SIZE),
        ("exam(((){999}){99}){60}ple7", Reject.REGEX_SIZE),
        ("q((a?){0}){999}", Reject.REGEX_SIZE),
    ],
)
def test_what_is_refused_and_why(expression: str, reason: Reject) -> None:
    with pytest.raises(regex.RegexError) as error:
        regex.read(expression)
    assert error.value.reason is reason


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\.", "[a-b.]", r"\w"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("({0[0]}|{0[1]})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,}", "*?"])).map("({0[0]}){0[1]}".format),
    ),
    max_leaves=6,
)


@given(st.sampled_from(["", "^"]), EXPRESSIONS, st.sampled_from(["", "$"]), st.text("ab.-", max_size=8))
def test_finds_what_the_standard_library_finds(start: str, body: str, end: str, name: str) -> None:
    expression = f"{start}({body}){end}"
    assert found(expression, name) == bool(re.search(expression, name))


@given(st.text(st.sampled_from("ab.*+?(){}[]^$|\\-,:012wds/ é"), max_size=60) | st.text(max_size=30))
def test_anything_is_read_within_bounds_or_refused(expression: str) -> None:
    try:
        size = positions(regex.read(expression))
    except regex.RegexError:
        size = 0
    assert size <= MAX_POSITIONS
