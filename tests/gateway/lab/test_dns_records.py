"""Zones of the lab's internet: where each begins, what it has at a name."""

from ipaddress import ip_address

import dns.name
import pytest

from gateway.lab.dns_records import Records, text_of
from gateway.lab.names import LabNames

NAMES = LabNames(
    {"a.test": (ip_address("192.0.2.1"), ip_address("2001:db8::1")), "b.com": (ip_address("192.0.2.2"),)},
    {"www.b.com": "x.a.test"},
    {"shy.b.com": ("1 . alpn=h2",)},
)
RECORDS = Records(NAMES, {"": {"DNSKEY": "257 3 13 AAAA"}, "test": {"DNSKEY": "257 3 13 AAAA", "DS": "1 13 2 00"}})


def at(text):
    return dns.name.from_text(text)


@pytest.mark.parametrize(
    ("name", "kind", "zone"),
    [("x.a.test", "A", "test."), ("test", "SOA", "test."), ("test", "DS", "."), ("other", "A", "."), (".", "NS", "."),
     ("deep.er.com", "A", "com.")],
)  # fmt: skip
def test_the_zone_that_answers(name, kind, zone):
    assert RECORDS.zone(at(name), kind).to_text() == zone


def test_records_of_each_type():
    assert [item.to_text() for item in RECORDS.find(at("X.A.test"), "AAAA")] == ["2001:db8::1"]
    assert RECORDS.alias(at("www.b.com"))[0].to_text() == "x.a.test."
    assert RECORDS.find(at("www.b.com"), "A") is None
    assert RECORDS.find(at("shy.b.com"), "HTTPS")[0].priority == 1
    assert RECORDS.find(at("com"), "NS")[0].to_text() == "ns.lab.test."
    assert RECORDS.find(at("com"), "DS") is None


def test_all_types_of_a_name_for_those_who_say_what_is_not_there():
    root, test, com = at("."), at("test"), at("com")
    assert RECORDS.kinds(test, root) == ["NS", "DS"]
    assert RECORDS.kinds(com, root) == ["NS"]
    assert RECORDS.kinds(test, test) == ["NS", "SOA", "DNSKEY"]
    assert RECORDS.kinds(at("shy.b.com"), com) == ["A", "HTTPS"]
    assert RECORDS.kinds(at("www.b.com"), com) == ["CNAME"]
    assert RECORDS.kinds(at("long.a.test"), test) == ["A", "AAAA", "TXT"]


def test_names_between_exist_and_others_do_not():
    assert all(RECORDS.exists(at(name)) for name in (".", "com", "b.com", "y.b.com"))
    assert not any(RECORDS.exists(at(name)) for name in ("net", "c.com"))
    assert text_of(at(".")) == ""
