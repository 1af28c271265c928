"""Look-ups in a compiled file: lists by mask, conditions, patterns, exceptions; against a plain reference."""

import gc
import mmap
from dataclasses import dataclass
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import names
from filters.lists import Asker, ListCompiler, ListFile, ListRefusedError
from filters.lists.listfile import NOTHING
from tests.filters.lists.reading_tools import KEY, ask, blocked, file_of


def test_what_is_not_listed_costs_no_object() -> None:
    file = file_of("||bad.example^\n")
    assert ask(file, "good.example") is NOTHING
    assert file.find(names.ROOT) is NOTHING
    assert file.find(names.from_text("example")) is NOTHING


def test_a_match_tells_list_line_name_and_rule() -> None:
    file = file_of("good.example\n", "! title\n||bad.example^$important\n")
    match = ask(file, "a.b.bad.example").match
    assert (match.list, match.line, match.depth) == ("list1", 2, 2)
    assert (names.to_text(match.name), match.text) == ("bad.example", "||bad.example^$important")
    assert (match.allow, match.important) == (False, True)


def test_only_the_selected_lists_are_asked() -> None:
    file = file_of("||bad.example^\n||ads*.example^\n", "@@||bad.example^\n@@||ads*.example^\n", "x.example\n")
    masks = {wanted: file.select(wanted.split()) for wanted in ("list0", "list0 list1", "list2", "other")}
    for host in ("bad.example", "ads1.example"):
        assert [blocked(file, host, mask=mask) for mask in masks.values()] == [True, False, False, False]
    assert file.select(["list0", "list2"]) == 0b101


@pytest.mark.parametrize(
    ("asker", "hit"),
    [
        (Asker(28, ip_address("10.0.0.7")), True),
        (Asker(1, ip_address("10.0.0.7")), False),
        (Asker(28, ip_address("10.9.0.7")), False),
        (Asker(28), False),
    ],
)
def test_conditions_decide_and_are_told(asker: Asker, *, hit: bool) -> None:
    file = file_of("||bad.example^$dnstype=AAAA,client=10.0.0.0/16\n||worse*.example^$client=10.0.0.0/16\n")
    assert blocked(file, "www.bad.example", asker) is hit
    assert ask(file, "www.bad.example", asker).personal, "another client may get another answer"
    assert ask(file, "worse.example", asker).personal
    assert not ask(file, "bad.example.test", asker).personal


def test_extents_of_rules_with_conditions_hold_too() -> None:
    file = file_of("|a.example^$dnstype=A\n*.b.example$dnstype=A\n||c.example^$dnstype=A\n")
    hosts = ("a.example", "x.a.example", "b.example", "x.b.example", "c.example", "x.c.example")
    assert [blocked(file, host) for host in hosts] == [True, False, False, True, True, True]


def test_patterns_that_take_too_long_are_cut_and_told() -> None:
    expressions = "\n".join(f"/^([a-z]*[0-9]*)*[.]q{number}$/" for number in range(60))
    file = file_of(expressions + "\n||bad.example^\n")
    long = ".".join(["a1b2c3d4" * 7] * 4)
    found = ask(file, f"{long}.bad.example")
    assert found.match is not None, "what is found by its hash is found all the same"
    for _ in range(3):
        assert not ask(file, "short.example").cut


def test_a_look_up_builds_within_its_budget_and_the_next_gets_further() -> None:
    patterns = [f"/q[{low}-z]([a-z]?){{200}}goo/" for low in "abcdefghijklmno"]
    file = file_of("\n".join([*patterns, "/www[.]g[n-p]ogle/"]))
    found = [ask(file, "www.google.example") for _ in range(30)]
    assert found[0].cut, "building counts"
    assert found[0].personal, "so that nobody keeps it"
    assert found[0].match is None
    assert found[-1].match is not None
    assert not found[-1].cut
    assert file.cuts == sum(one.cut for one in found) < 20


def test_conditions_are_charged_too() -> None:
    clients = "|".join(f"10.0.0.{number}" for number in range(100))
    deep = ".".join(["x"] * 40 + ["example"])
    rules = [f"||{'.'.join(['x'] * depth)}.example^$client={clients}" for depth in range(1, 41)]
    file = file_of("\n".join(rules))
    assert ask(file, deep).cut
    assert not ask(file, "x.x.example").cut


def test_names_with_any_octets_are_looked_up() -> None:
    file = file_of("||bad.example^\n/bad[.]/\n")
    assert file.find(b"\x03\xff\0\x01\x03bad\x07example\0").match is not None
    assert file.find(b"\x04bad.\x07example\0").match is None, "a dot inside a label is no dot between labels"


@dataclass(frozen=True)
class Told:
    """A rule of the reference: what its text says, as values."""

    host: str
    extent: str
    allow: bool
    important: bool
    bad: bool
    qtype: int | None

    @property
    def text(self) -> str:
        pattern = {"exact": "|{}^", "subtree": "||{}^", "below": "*.{}^", "string": "{}^", "middle": "||x*.{}^"}
        words = ["important"] * self.important + ["badfilter"] * self.bad
        words += [f"dnstype=TYPE{self.qtype}"] if self.qtype else []
        body = pattern[self.extent].format(self.host)
        return f"{'@@' if self.allow else ''}{body}{'$' if words else ''}{','.join(words)}"

    def covers(self, host: str, qtype: int) -> bool:
        labels = host.split(".")
        parents = [".".join(labels[at:]) for at in range(len(labels))]
        starts = any(parent.startswith("x") and parent[1:].endswith(f".{self.host}") for parent in parents)
        named = {
            "exact": host == self.host,
            "subtree": self.host in parents,
            "below": self.host in parents[1:],
            "string": host.endswith(self.host),
            "middle": starts,
        }[self.extent]
        return named and self.qtype in (None, qtype)

    @property
    def effect(self) -> tuple[object, ...]:
        return self.host, self.extent, self.allow, self.important, self.qtype


def reference(rules: list[Told], host: str, qtype: int) -> str:
    """What the rules decide, by reading them one after the other."""
    met = [rule for rule in rules if rule.covers(host, qtype)]
    off = {rule.effect for rule in met if rule.bad}
    standing = [rule for rule in met if not rule.bad and rule.effect not in off]
    for important, allow in ((True, True), (True, False), (False, True), (False, False)):
        if any((rule.important, rule.allow) == (important, allow) for rule in standing):
            return "allow" if allow else "block"
    return "nothing"


LABELS = st.sampled_from(["a", "b", "x", "xa", "q7"])
RULE_HOSTS = st.lists(LABELS, min_size=1, max_size=2).map(lambda labels: ".".join([*labels, "quux"]))
ASKED = st.lists(LABELS, min_size=0, max_size=4).map(lambda labels: ".".join([*labels, "quux"]))
RULES = st.builds(
    Told, RULE_HOSTS, st.sampled_from(["exact", "subtree", "below", "string", "middle"]),
    st.booleans(), st.booleans(), st.sampled_from([False, False, False, True]), st.sampled_from([None, None, 1, 28]),
)  # fmt: skip


@given(st.lists(st.lists(RULES, min_size=1, max_size=8), min_size=1, max_size=3), st.lists(ASKED, max_size=12))
def test_every_answer_is_that_of_a_plain_reading(lists: list[list[Told]], asked: list[str]) -> None:
    file = file_of(*("\n".join(rule.text for rule in rules) for rules in lists))
    for host in [*asked, *(rule.host for rules in lists for rule in rules)]:
        for qtype in (1, 28, 16):
            for mask in range(1, 1 << len(lists)):
                chosen = [rule for at, rules in enumerate(lists) if mask >> at & 1 for rule in rules]
                match = ask(file, host, Asker(qtype), mask).match
                said = "nothing" if match is None else "allow" if match.allow else "block"
                assert said == reference(chosen, host, qtype)
                if match is not None:
                    told = lists[int(match.list.removeprefix("list"))][match.line - 1]
                    assert told.covers(host, qtype)
                    assert told.allow == match.allow


LINES = st.sampled_from([
    "0.0.0.0 bad.example", "*.bad.example", "||bad.example^", "@@||bad.example^$client='a b'", "/^ad[sx]+\\./",
    "address=/bad.example/#", 'local-zone: "bad.example" always_null', "bad.example 60 IN CNAME .", "# x",
])  # fmt: skip


@given(
    st.lists(st.tuples(LINES, st.integers(0, 60), st.binary(max_size=6), st.integers(0, 5)), min_size=1, max_size=30)
)
def test_mutated_lines_are_read_or_refused(mutations: list[tuple[str, int, bytes, int]]) -> None:
    lines = [line.encode()[:at] + new + line.encode()[at + cut :] for line, at, new, cut in mutations]
    compiler = ListCompiler(KEY)
    try:
        compiler.add("mutated", lines)
    except ListRefusedError:
        return
    file = ListFile(memoryview(b"".join(compiler.finish().pieces)), KEY)
    report = file.reports[0]
    assert report.lines == len(lines)
    assert report.rules > 0
    for host in ("bad.example", "www.bad.example", "adsx.example"):
        ask(file, host, Asker(1, ip_address("10.0.0.1")))


def test_the_mapping_goes_with_the_last_reference() -> None:
    compiler = ListCompiler(KEY)
    compiler.add("list", [b"||ads*.example^", b"||a.example^$dnstype=A"])
    octets = b"".join(compiler.finish().pieces)
    place = mmap.mmap(-1, len(octets))
    place.write(octets)
    gc.disable()
    try:
        file = ListFile(memoryview(place), KEY)
        assert file.find(names.from_text("ads1.example")).match is not None
        del file
        place.close()  # BufferError while anybody holds a part of it
    finally:
        gc.enable()
