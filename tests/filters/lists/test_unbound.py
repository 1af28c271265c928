"""Unbound lines: what unbound.conf(5) says of local-zone and local-data, as rules."""

import pytest

from filters.lists.rules import Reject
from filters.lists.unbound import UnboundParser
from tests.filters.lists.reading_tools import blocked, file_of, meaning


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('local-zone: "bad.example." always_null', ["subtree bad.example"]),
        ("local-zone: 'bad.example' always_nxdomain", ["subtree bad.example"]),
        ("  local-zone: BAD.example refuse # why", ["subtree bad.example"]),
        ('local-zone: "bad.example" static', ["subtree bad.example"]),
        ('local-zone: "good.example" always_transparent', ["allow subtree good.example"]),
        ('local-zone: "bad.example" redirect', []),
        ('local-data: "bad.example A 0.0.0.0"', ["exact bad.example"]),
        ('local-data: "bad.example. 60 IN AAAA ::"', ["exact bad.example"]),
        ("local-data: 'bad.example A 127.0.0.1'", ["exact bad.example"]),
        ("server:", []),
        ("# note", []),
        ('local-data: "bank.example A 192.0.2.7"', Reject.REDIRECT),
        ('local-data: "bank.example CNAME other.example."', Reject.REDIRECT),
        ('local-zone: "com." always_null', Reject.TOO_WIDE),
        ('local-zone: "a b" always_null', Reject.NOT_THIS_FORMAT),
        ('local-zone: "bad.example" nodefault', Reject.SETTING),
        ('local-zone: "192.0.2.1" always_null', Reject.NOT_A_NAME),
        ("verbosity: 1", Reject.SETTING),
        ('include: "/etc/passwd"', Reject.SETTING),
        ("bad.example", Reject.NOT_THIS_FORMAT),
    ],
)
def test_what_a_line_says(line: str, said: list[str] | Reject) -> None:
    assert meaning(UnboundParser().parse_line, line) == said


def test_a_redirect_zone_blocks_what_its_data_leads_nowhere() -> None:
    parser = UnboundParser().parse_line
    assert meaning(parser, 'local-zone: "bad.example" redirect') == []
    assert meaning(parser, 'local-data: "BAD.example. A 127.0.0.1"') == ["subtree bad.example"]
    assert meaning(parser, 'local-data: "other.example A 127.0.0.1"') == ["exact other.example"]


def test_the_zone_of_the_longer_name_counts() -> None:
    file = file_of('local-zone: "example.test" refuse\nlocal-zone: "good.example.test" transparent\n')
    assert blocked(file, "www.example.test")
    assert not blocked(file, "www.good.example.test")
