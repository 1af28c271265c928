"""Which rule decides: every line of the order, by rules as they stand in lists."""

import pytest

from filters.lists.judge import Match, decide
from filters.lists.rules import Extent
from tests.filters.lists.reading_tools import ask, file_of


@pytest.mark.parametrize(
    ("rules", "decisive"),
    [
        ("||x.example^", "||x.example^"),
        ("||example.test^", None),
        ("||x.example^ @@||x.example^", "@@||x.example^"),
        ("@@||a.x.example^ ||x.example^", "@@||a.x.example^"),
        ("||a.x.example^ @@||x.example^", "@@||x.example^"),
        ("||x.example^$important @@||x.example^", "||x.example^$important"),
        ("||x.example^$important @@||x.example^$important", "@@||x.example^$important"),
        ("||x.example^ ||a.x.example^", "||a.x.example^"),
        ("||x.example^ ||a.x.example^$important", "||a.x.example^$important"),
        ("||a.x*.example^ ||x.example^", "||x.example^"),
        ("||x.example^ ||x.example^$badfilter", None),
        ("||x.example^$badfilter ||x.example^ ||a.x.example^", "||a.x.example^"),
        ("@@||x.example^ @@||x.example^$badfilter ||x.example^", "||x.example^"),
        ("||x.example^$important ||x.example^$badfilter", "||x.example^$important"),
        ("||x.example^$important ||x.example^$badfilter,important", None),
        ("||x.example^$dnstype=A|~MX ||x.example^$badfilter,dnstype=A|~MX", None),
        ("||a.x*.example^ ||a.x*.example^$badfilter", None),
        ("/^a[.]x/ @@/a[.]x[.]/", "@@/a[.]x[.]/"),
        ("||x.example^$dnsrewrite=NXDOMAIN @@||x.example^", "||x.example^$dnsrewrite=NXDOMAIN"),
        ("||x.example^$dnsrewrite=NXDOMAIN @@||x.example^$dnsrewrite", None),
        ("||x.example^$dnsrewrite=NXDOMAIN @@||x.example^$dnsrewrite=NXDOMAIN", None),
        ("||x.example^$dnsrewrite=NXDOMAIN @@||x.example^$dnsrewrite=REFUSED", "||x.example^$dnsrewrite=NXDOMAIN"),
        ("||x.example^ @@||x.example^$dnsrewrite", "||x.example^"),
    ],
)
def test_the_order_of_adblock_rules(rules: str, decisive: str | None) -> None:
    file = file_of("||unrelated.example^\n" + rules.replace(" ", "\n"))
    match = ask(file, "a.x.example").match
    assert (match.text if match else None) == decisive
    if match:
        assert rules.split()[match.line - 2] == decisive


def test_the_closest_name_counts_within_its_own_list_only() -> None:
    dnsmasq, adblock = "server=/x.example/\nserver=/a.x.example/#\n", "||x.example^\n"
    assert ask(file_of(dnsmasq), "a.x.example").match.allow
    both = file_of(adblock, dnsmasq)
    assert ask(both, "a.x.example").match.allow
    assert not ask(both, "a.x.example", mask=both.select(["list0"])).match.allow
    assert ask(both, "b.x.example").match.list == "list0"


def test_a_pattern_gives_way_to_a_name_where_the_closest_counts() -> None:
    file = file_of("address=/*x.example/#\nserver=/x.example/#\n")
    assert ask(file, "a.x.example").match.allow
    assert not ask(file, "ax.example").match.allow


def test_nothing_decides_about_nothing() -> None:
    match = Match("list", 1, b"\x01x\0", 0, Extent.EXACT, allow=False, important=False, closest_counts=False)
    assert decide([]) is None
    assert decide([match]) is match
