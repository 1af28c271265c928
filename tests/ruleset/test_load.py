"""Loading a site: one door, and no input whatever makes it raise."""

from datetime import date, timedelta

import yaml
from hypothesis import given
from hypothesis import strategies as st

from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE
from ruleset.load import load_site
from ruleset.render import render
from tests import generate
from tests.ruleset.test_injection import INJECTIONS

NOW = generate.NOW
SITE = generate.site_text(12)


def test_a_valid_site_is_resolved_without_problems():
    loaded = load_site(SITE.encode(), "site.yaml", NOW)
    assert loaded.resolved is not None and loaded.problems == []
    assert loaded.resolved.site.zones.keys() == yaml.safe_load(SITE)["zones"].keys()


def test_one_error_is_enough_to_refuse_the_whole_file():
    loaded = load_site(SITE.encode() + b"colour: red\n", "site.yaml", NOW)
    assert loaded.resolved is None
    assert [p.code for p in loaded.problems] == ["unknown-key"]
    assert loaded.problems[0].mark.line == SITE.count("\n") + 1
    assert loaded.problems[0].file == "site.yaml"


def test_what_has_expired_refuses_a_new_file_and_is_only_warned_of_in_an_applied_one():
    much_later = NOW + timedelta(days=4000)
    new = load_site(SITE.encode(), "site.yaml", much_later)
    applied = load_site(SITE.encode(), "site.yaml", much_later, applied_before=True)
    assert new.resolved is None and {p.severity for p in new.problems if p.code == "expired"} == {"error"}
    expired = [p for p in applied.problems if p.code == "expired"]
    assert expired and {p.severity for p in expired} == {"warning"}


def test_problems_come_in_the_order_of_the_file_and_each_once():
    text = SITE.replace("region: ", "region: x").replace("role: mgmt", "role: boss") + "zzz: 1\n"
    problems = load_site(text.encode(), "site.yaml", NOW).problems
    places = [(p.mark.line, p.mark.column) for p in problems]
    assert len(places) >= 3 and places == sorted(places)
    assert len(set(problems)) == len(problems)


# ---- no input raises ----------------------------------------------------------------------------------------------


def must_answer(data):
    """A result or problems, each with a place and one line."""
    loaded = load_site(data, "site.yaml", NOW)
    assert (loaded.resolved is None) == any(p.severity == "error" for p in loaded.problems)
    for problem in loaded.problems:
        assert problem.mark.line >= 1 and problem.mark.column >= 1
        assert "\n" not in problem.line() and problem.line().isprintable()
    return loaded


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise(data):
    assert must_answer(data).resolved is None


@given(st.text("abz019:-?{}[],&*!|>'\"%@`#~ \n\t\\.=<é\u2028\ufeff", max_size=120))
def test_no_text_of_yaml_signs_makes_the_reader_raise(text):
    assert must_answer(text.encode()).resolved is None


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(INJECTIONS), st.dates(date(1, 1, 1), date.max)
)
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(
    ["role", "ipv4", "zone", "from", "to", "services", "pc", "tcp", "x"]), v, max_size=3), max_leaves=6)  # fmt: skip


def places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(below, (*path, key))


PLACES = list(places(yaml.safe_load(SITE)))


@given(st.lists(st.tuples(st.sampled_from(PLACES[1:]), values), min_size=1, max_size=3), st.booleans())
def test_a_valid_site_with_anything_anywhere_never_makes_the_reader_raise(changes, remove):
    data = yaml.safe_load(SITE)
    for path, value in changes:
        place = data
        for key in path[:-1]:
            place = place[key] if isinstance(place, dict) and key in place else {}
        if isinstance(place, dict):
            place[path[-1]] = value
            if remove:
                del place[path[-1]]
    loaded = must_answer(yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode())
    if loaded.resolved is not None:
        assert render(compile_ruleset(loaded.resolved, NOTHING_LIVE, NOW))


@given(st.integers(0, len(SITE)), st.integers(0, 12), st.text(max_size=6))
def test_a_valid_site_with_a_piece_cut_out_never_makes_the_reader_raise(start, length, instead):
    text = SITE[:start] + instead + SITE[start + length :]
    loaded = must_answer(text.encode(errors="surrogatepass"))
    if loaded.resolved is not None:
        assert render(compile_ruleset(loaded.resolved, NOTHING_LIVE, NOW))
