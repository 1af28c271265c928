"""The `dns` part of a site file."""

import pytest
from pydantic import ValidationError

from ruleset.model_dns import Dns, DnsForward, DnsList, DnsLog, DnsUpstream, DnsZone, Schedule


def refused(kind, /, **data):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(data)
    return {e["loc"][0] for e in caught.value.errors()}


def test_without_a_word_nothing_is_blocked_and_the_zone_is_written_down():
    dns = Dns.model_validate({})
    assert (dns.upstreams, dns.zones, dns.lists, dns.remove_ech) == ((), {}, {}, True)
    assert dns.log == DnsLog(detail="zone", days=30)
    assert DnsZone().block == "nxdomain" and DnsZone().lists == ()


def test_an_upstream_is_an_address_or_one_with_a_transport():
    plain, quic = Dns.model_validate(
        {"upstreams": ["198.51.100.53", {"server": "2001:db8::53", "transport": "quic", "name": "dns.example"}]}
    ).upstreams
    assert str(plain) == "198.51.100.53" and isinstance(quic, DnsUpstream) and quic.port is None


@pytest.mark.parametrize(
    "upstream", ["dns.example", "", 7, {"server": "dns.example"}, {"server": "198.51.100.53", "transport": "carrier"},
                 {"server": "198.51.100.53", "port": 0}, {"server": "198.51.100.53", "path": "no-slash"},
                 {"server": "198.51.100.53", "path": "/a b"}, {}],
)  # fmt: skip
def test_other_upstreams_are_refused(upstream):
    assert refused(Dns, upstreams=[upstream]) == {"upstreams"}


@pytest.mark.parametrize("clock", ["24:00", "8:30", "08:60", "0830", "08:30:00", 830, "08:30\n"])
def test_a_schedule_has_hours_of_the_day(clock):
    assert refused(Schedule, **{"days": ["mon"], "from": clock, "to": "18:00"}) == {"from"}


def test_a_schedule_has_days():
    assert Schedule.model_validate({"days": ["mon", "sun"], "from": "22:00", "to": "06:00"}).from_ == "22:00"
    assert refused(Schedule, **{"days": [], "from": "08:00", "to": "18:00"}) == {"days"}
    assert refused(Schedule, **{"days": ["monday"], "from": "08:00", "to": "18:00"}) == {"days"}


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/x",
        "https://",
        "https://a.example",
        "ftp://a/x",
        "https://a.example/ x",
        "https://a.example/\n",
        "javascript:alert(1)",
        "https://user@a.example/x",
    ],
)
def test_lists_are_fetched_by_https_alone(url):
    assert refused(DnsList, path="a.hosts", url=url) == {"url"}
    assert DnsList(path="a.hosts", url="https://a.example:8443/x.txt").hours == 24


@pytest.mark.parametrize(("hours", "fine"), [(0, False), (1, True), (720, True), (721, False)])
def test_a_list_is_looked_at_between_once_an_hour_and_once_a_month(hours, fine):
    if fine:
        assert DnsList(path="a", hours=hours).hours == hours
    else:
        assert refused(DnsList, path="a", hours=hours) == {"hours"}


def test_a_forward_has_names_and_servers():
    assert refused(DnsForward, names=[], servers=[]) == {"names", "servers"}
    assert refused(DnsForward, names=["UPPER.example"], servers=["198.51.100.53"]) == {"names"}


@pytest.mark.parametrize("days", [0, 401, 1.0, "30"])
def test_logs_end(days):
    assert refused(DnsLog, days=days) == {"days"}
