"""The desk: which zone a client belongs to, and what the fast path's answers are counted as."""

from collections import Counter
from ipaddress import ip_address, ip_network

import dns.flags
import pytest

from filters.dns_answer import Answer, Subject
from filters.dns_exchange import ClientDatagram, Event, Timing
from filters.dns_local import LocalNames
from filters.dns_message import Rcode
from filters.dns_session import Session
from filters.verdict import Action, Reason, Verdict
from gateway.resolver.config import DeviceConfig, ResolverConfig, ZoneConfig
from gateway.resolver.desk import MAX_CLIENTS, Desk
from gateway.resolver.policy import session_config
from ruleset.model_dns import DnsOverlay
from tests.filters.dns_tools import read, wire

CLIENT, OTHER = "10.20.20.11", "10.20.20.12"
ZONES = [
    (ip_network("10.20.0.0/16"), "wide"),
    (ip_network("10.20.20.0/24"), "pc"),
    (ip_network("2001:db8:20:20::/64"), "pc"),
]


def peer_of(text: str) -> bytes:
    """A peer as udp.py hands it over: family and port, then the address."""
    return bytes(4) + ip_address(text).packed


class Told:
    """A desk whose neighbours write down what they hear, and one line to it."""

    def __init__(self, timing: Timing | None = None) -> None:
        self.events: list[Event] = []
        self.counted: list[tuple[str, Answer, int]] = []
        zones = tuple(ZoneConfig(name, (network,), ()) for network, name in ZONES[:2])
        self.session = Session(session_config(ResolverConfig("home.arpa", zones, ()), {}, b"k"), lambda: 1)
        self.desk = Desk(self.session, self.events.append, self._count, timing)
        self.desk.adopt(ZONES)
        self.line = self.desk.open("pc", slice(4, None), lambda peer: str(ip_address(peer[4:])))

    def ask(self, name: str, now: float = 5.0, source: str = CLIENT) -> bytes | None:
        """The fast answer to one datagram, empty for none, None for "to the session"."""
        ready, rest = self.desk.answer([(wire(name), peer_of(source))], self.line, now)
        assert all(peer == peer_of(source) for _, peer in ready)
        return None if rest else b"".join(data for data, _ in ready)

    def _count(self, client: str, answer: Answer, times: int) -> None:
        self.counted.append((client, answer, times))


@pytest.mark.parametrize(
    ("source", "zone"),
    [
        ("10.20.20.11", "pc"),
        ("10.20.80.11", "wide"),
        ("2001:db8:20:20::5", "pc"),
        ("192.0.2.1", ""),
        ("fe80::1", "guest"),
        ("fe80::1%eth1.20", "guest"),
    ],
)
def test_the_zone_is_told_by_the_client_and_for_link_local_by_the_socket(source: str, zone: str) -> None:
    assert Told().desk.client(source, "guest").zone == zone


def test_a_client_is_looked_up_once_until_the_zones_change() -> None:
    told = Told()
    first = told.desk.client("10.20.20.11", "pc")
    assert told.desk.client("10.20.20.11", "pc") is first
    told.desk.adopt([(ip_network("10.20.20.0/24"), "moved")])
    assert told.desk.client("10.20.20.11", "pc").zone == "moved"


def test_remembered_clients_are_bounded() -> None:
    told = Told()
    for number in range(MAX_CLIENTS + 10):
        told.desk.client(f"10.20.{number >> 8}.{number & 255}", "pc")
    assert len(told.desk._clients) <= MAX_CLIENTS


def test_a_blocked_fast_answer_is_told_and_another_is_not() -> None:
    told = Told()
    client = told.desk.client("10.20.20.11", "pc")
    plain, blocked = Answer(Rcode.NOERROR, (0, 0), b""), Answer(Rcode.NXDOMAIN, (0, 0), b"")
    blocked.told = True
    blocked.subject = Subject("bad.example", "A", Verdict(Action.NXDOMAIN, Reason.LISTED))
    client.table.keep(wire("www.example")[12:], plain, dnssec=False)
    client.table.keep(wire("bad.example")[12:], blocked, dnssec=False)
    assert told.ask("www.example")
    assert told.ask("bad.example")
    assert told.ask("new.example") is None
    assert told.counted == [], "it counts first and tells later"
    told.desk.tell()
    told.desk.tell()
    assert told.counted == [(CLIENT, blocked, 1)]
    assert told.desk.fast == 2


def test_each_client_is_told_of_with_its_own_count() -> None:
    told = Told()
    first, second = Answer(Rcode.NXDOMAIN, (0, 0), b""), Answer(Rcode.NXDOMAIN, (0, 0), b"")
    for name, answer in (("bad.example", first), ("worse.example", second)):
        answer.told = True
        told.desk.client(CLIENT, "pc").table.keep(wire(name)[12:], answer, dnssec=False)
    for source, names in ((CLIENT, "bad bad worse bad"), (OTHER, "bad"), (CLIENT, "bad bad"), (OTHER, "worse")):
        for name in names.split():
            told.ask(f"{name}.example", source=source)
    told.desk.tell()
    heard: Counter[tuple[str, Answer]] = Counter()
    for client, answer, times in told.counted:
        heard[client, answer] += times
    assert heard == {(CLIENT, first): 5, (OTHER, first): 1, (CLIENT, second): 1, (OTHER, second): 1}
    told.counted.clear()
    told.ask("bad.example", source=CLIENT)
    told.desk.tell()
    assert told.counted == [(CLIENT, first, 1)]


def test_a_burst_is_answered_in_order_and_the_rest_is_handed_back_with_its_client() -> None:
    told = Told()
    answer = Answer(Rcode.NOERROR, (0, 0), b"")
    told.desk.client(OTHER, "pc").table.keep(wire("www.example")[12:], answer, dnssec=False)
    asked = [("www.example", CLIENT), ("new.example", OTHER), ("www.example", OTHER)]
    arrived = [(wire(name, number=at), peer_of(source)) for at, (name, source) in enumerate(asked)]
    ready, rest = told.desk.answer(arrived, told.line, 5.0)
    assert [(read(data).id, peer) for data, peer in ready] == [(0, peer_of(CLIENT)), (2, peer_of(OTHER))]
    assert [(data, client.text, peer) for data, client, peer in rest] == [(arrived[1][0], OTHER, arrived[1][1])]


def test_a_line_forgets_clients_with_the_desk_and_not_after_its_end() -> None:
    told = Told()
    told.ask("www.example")
    first = told.line[ip_address(CLIENT).packed]
    told.desk.adopt([(ip_network("10.20.20.0/24"), "moved")])
    told.ask("www.example")
    second = told.line[ip_address(CLIENT).packed]
    assert (first.zone, second.zone) == ("pc", "moved")
    assert told.desk.client(CLIENT, "pc") is second, "both ways lead to one client"
    for number in range(MAX_CLIENTS):
        told.desk.client(f"10.20.{number >> 8}.{number & 255}", "pc")
    assert not told.line, "whoever is not counted any more is met anew"
    told.desk.shut(told.line)
    assert told.desk._lines == []


def test_a_client_beyond_its_rate_is_told_to_use_tcp_or_hears_nothing() -> None:
    told = Told(Timing(client_rate=1.0, client_burst=3))
    assert [told.ask("www.example") for _ in range(3)] == [None] * 3
    beyond = [told.ask("www.example") for _ in range(4)]
    assert beyond.count(b"") == 2
    assert all(read(reply).flags & dns.flags.TC for reply in beyond if reply)
    assert told.session.counters.overload == 4, "whether it was told or not"
    assert told.ask("www.example", source=OTHER) is None, "the others notice nothing"
    assert told.ask("www.example", 6.0) is None


def test_other_rules_give_other_tables_and_keep_what_a_client_has_left() -> None:
    told = Told(Timing(client_rate=1.0, client_burst=3))
    client = told.desk.client("10.20.20.11", "pc")
    told.ask("www.example")
    before = client.table
    told.session.learn(LocalNames("home.arpa", [], []), {})
    told.desk.renew()
    assert client.table is not before
    assert client.table is told.session.fast_path("pc", client.address)
    assert client.left == 2


def test_a_device_with_rules_of_its_own_has_a_table_of_its_own() -> None:
    told = Told()
    camera = ip_address("10.20.20.11")
    own_rules = DeviceConfig("camera", "pc", (camera,), DnsOverlay.model_validate({}))
    zone = ZoneConfig("pc", (ip_network("10.20.20.0/24"),), ())
    told.session.replace(session_config(ResolverConfig("home.arpa", (zone,), (), devices=(own_rules,)), {}, b"k"))
    own, others = told.desk.client("10.20.20.11", "pc"), told.desk.client("10.20.20.12", "pc")
    assert own.table is told.session.fast_path("pc", camera)
    assert own.table is not others.table
    assert others.table is told.session.fast_path("pc")


def test_questions_are_tallied_once_by_client() -> None:
    told = Told()
    for text, count in ((CLIENT, 3), (OTHER, 1)):
        for _ in range(count):
            told.ask("www.example", source=text)
    told.desk.tally()
    told.desk.tally()
    assert told.session.accounts.snapshot().clients == {"10.20.20.11": 3, "10.20.20.12": 1}


def test_a_question_goes_to_the_session_with_its_zone() -> None:
    told = Told()
    client = told.desk.client("10.20.20.11", "guest")
    told.desk.question(b"data", client, "channel", stream=True)
    assert told.events == [ClientDatagram(b"data", client.address, "pc", "channel", True)]
