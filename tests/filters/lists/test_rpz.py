"""Response policy zones: what draft-vixie-dnsop-dns-rpz says of triggers and actions, as rules."""

import pytest

from filters.lists.rpz import MAX_SPAN, RpzParser
from filters.lists.rules import Reject
from tests.filters.lists.reading_tools import ask, blocked, file_of, meaning


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bad.example CNAME .", ["exact bad.example"]),
        ("*.bad.example 300 IN CNAME .", ["below bad.example"]),
        ("BAD.example cname *.", ["exact bad.example"]),
        ("bad.example IN 1h30m CNAME rpz-drop. ; why", ["exact bad.example"]),
        ("bad.example A 0.0.0.0", ["exact bad.example"]),
        ("bad.example AAAA ::1", ["exact bad.example"]),
        ("good.example CNAME rpz-passthru.", ["allow exact good.example"]),
        ("*.good.example CNAME rpz-passthru.", ["allow below good.example"]),
        ("good.example CNAME good.example.", ["allow exact good.example"]),
        ("$TTL 300", []),
        ("@ SOA localhost. root.localhost. 1 2 3 4 5", []),
        ("  NS localhost.", []),
        ("; note", []),
        ("", []),
        ("32.1.2.0.192.rpz-ip CNAME .", Reject.NOT_BY_NAME),
        ("24.0.2.0.192.rpz-client-ip CNAME .", Reject.NOT_BY_NAME),
        ("ns.bad.example.rpz-nsdname CNAME .", Reject.NOT_BY_NAME),
        ("32.1.2.0.192.rpz-nsip CNAME .", Reject.NOT_BY_NAME),
        ("bad.example CNAME garden.example.", Reject.REDIRECT),
        ("bad.example CNAME rpz-tcp-only.", Reject.REDIRECT),
        ("bad.example A 192.0.2.7", Reject.REDIRECT),
        ('bad.example TXT "blocked"', Reject.REDIRECT),
        ("* CNAME .", Reject.NOT_A_NAME),
        ("*.com CNAME .", Reject.TOO_WIDE),
        ("$INCLUDE /etc/passwd", Reject.SETTING),
        ("@ CNAME .", Reject.SETTING),
        ("bad.example", Reject.NOT_THIS_FORMAT),
        ("a..b CNAME .", Reject.NOT_A_NAME),
    ],
)
def test_what_a_line_says(line: str, said: list[str] | Reject) -> None:
    assert meaning(RpzParser().parse_line, line) == said


def test_owners_are_relative_to_the_zone() -> None:
    parser = RpzParser().parse_line
    assert meaning(parser, "rpz.clinic.example. 60 IN SOA ns. mail. ( 1") == []
    assert meaning(parser, "  2 3 4 5 )") == []
    assert meaning(parser, "bad.example.rpz.clinic.example. CNAME .") == ["exact bad.example"]
    assert meaning(parser, "   CNAME .") == ["exact bad.example"], "no owner: the last one again"
    assert meaning(parser, "$ORIGIN other.rpz.") == []
    assert meaning(parser, "bad.example.other.rpz. CNAME .") == ["exact bad.example"]
    assert meaning(parser, "other.rpz. CNAME .") is Reject.SETTING


def test_a_parenthesis_nobody_closes_costs_some_lines_not_all() -> None:
    parser = RpzParser().parse_line
    said = [meaning(parser, line) for line in ["@ SOA a. b. ( 1 2 3", *["bad.example CNAME ."] * (MAX_SPAN + 5)]]
    assert said[0] == said[MAX_SPAN] == []
    assert said[-1] == ["exact bad.example"]


def test_the_closer_trigger_counts_and_each_line_is_told() -> None:
    file = file_of("$TTL 60\nbad.example CNAME .\n*.bad.example CNAME .\nok.bad.example CNAME rpz-passthru.\n")
    assert ask(file, "bad.example").match.line == 2
    assert ask(file, "www.bad.example").match.line == 3
    assert not blocked(file, "ok.bad.example")
    assert blocked(file, "www.ok.bad.example")
    assert file.reports[0].rules == 3
