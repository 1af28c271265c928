"""dnsmasq lines: what dnsmasq(8) says of --address, --server and --local, as rules."""

import pytest

from filters.lists import dnsmasq
from filters.lists.rules import Reject
from tests.filters.lists.reading_tools import blocked, file_of, meaning


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("address=/bad.example/#", ["subtree bad.example"]),
        ("address=/bad.example/", ["subtree bad.example"]),
        ("address=/bad.example/0.0.0.0", ["subtree bad.example"]),
        ("address=/bad.example/127.0.0.1", ["subtree bad.example"]),
        ("address=/bad.example/::", ["subtree bad.example"]),
        ("--address = /BAD.example./# # why", ["subtree bad.example"]),
        ("local=/bad.example/", ["subtree bad.example"]),
        ("server=/bad.example/", ["subtree bad.example"]),
        ("server=/a.example/b.example/", ["subtree a.example", "subtree b.example"]),
        ("server=/good.example/#", ["allow subtree good.example"]),
        ("address=/.bad.example/#", ["subtree bad.example"]),
        ("address=/*.bad.example/#", ["below bad.example"]),
        ("address=/*bad.example/#", ["bad.example^"]),
        ("address=/Bücher.example/", ["subtree xn--bcher-kva.example"]),
        ("# note", []),
        ("address=/bank.example/192.0.2.7", Reject.REDIRECT),
        ("server=/bank.example/192.0.2.53", Reject.REDIRECT),
        ("server=/bank.example/127.0.0.1", Reject.REDIRECT),
        ("address=/#/0.0.0.0", Reject.TOO_WIDE),
        ("server=//", Reject.TOO_WIDE),
        ("address=/com/#", Reject.TOO_WIDE),
        ("address=/*com/#", Reject.TOO_WIDE),
        ("address=/a b/#", Reject.NOT_A_NAME),
        ("ipset=/bad.example/blocked", Reject.SETTING),
        ("bogus-nxdomain=192.0.2.1", Reject.SETTING),
        ("no-resolv", Reject.SETTING),
        ("bad.example is bad", Reject.NOT_THIS_FORMAT),
        ("address=/" + "a.example/" * 65, Reject.TOO_LONG),
    ],
)
def test_what_a_line_says(line: str, said: list[str] | Reject) -> None:
    assert meaning(dnsmasq.parse_line, line) == said


def test_the_longer_name_counts_whichever_line_comes_first() -> None:
    file = file_of("address=/example.test/#\nserver=/good.example.test/#\naddress=/bad.good.example.test/#\n")
    assert blocked(file, "www.example.test")
    assert not blocked(file, "www.good.example.test")
    assert blocked(file, "www.bad.good.example.test")
