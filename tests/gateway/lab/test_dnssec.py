"""Signatures of the lab's internet, judged by dnspython as a validating resolver would."""

import stat
from ipaddress import ip_address

import dns.dnssec
import dns.message
import dns.name
import dns.rdatatype
import pytest

from gateway.lab.dns_server import NameServer
from gateway.lab.dnssec import Signer
from gateway.lab.names import LabNames

NAMES = LabNames(
    {"a.example": (ip_address("192.0.2.1"), ip_address("2001:db8::1")), "b.com": (ip_address("192.0.2.2"),)}
)


@pytest.fixture
def signer(tmp_path):
    return Signer(tmp_path / "key")


@pytest.fixture
def ask(signer):
    server = NameServer(NAMES, signer)

    def one(name, kind="A", *, dnssec=True):
        query = dns.message.make_query(name, kind, want_dnssec=dnssec)
        return dns.message.from_wire(server.answer(query.to_wire()))

    return one


def validate(section, zone, ask):
    """Raises dns.dnssec.ValidationFailure; answer: the types that were signed."""
    keys = {dns.name.from_text(zone): ask(zone, "DNSKEY").answer[0]}
    plain = [rrset for rrset in section if rrset.rdtype != dns.rdatatype.RRSIG]
    for rrset in plain:
        signature = next(s for s in section if s.name == rrset.name and s.covers == rrset.rdtype)
        dns.dnssec.validate(rrset, signature, keys)
    return [dns.rdatatype.to_text(rrset.rdtype) for rrset in plain]


def test_an_answer_holds_from_the_anchor_down(ask, signer):
    assert signer.anchor().startswith(". 60 IN DS ")
    digest = dns.dnssec.make_ds(dns.name.root, ask(".", "DNSKEY").answer[0][0], "SHA256")
    assert digest.to_text() in signer.anchor()
    assert validate(ask(".", "DNSKEY").answer, ".", ask) == ["DNSKEY"]
    assert validate(ask("example", "DS").answer, ".", ask) == ["DS"]
    assert validate(ask("www.a.example", "AAAA").answer, "example", ask) == ["AAAA"]


def test_a_bogus_name_fails(ask):
    with pytest.raises(dns.dnssec.ValidationFailure):
        validate(ask("bogus.a.example").answer, "example", ask)


def test_an_unsigned_zone_is_proved_to_be_one(ask):
    assert [rrset.rdtype for rrset in ask("b.com").answer] == [dns.rdatatype.A]
    absent = ask("com", "DS")
    assert validate(absent.authority, ".", ask) == ["SOA", "NSEC"]
    assert absent.authority[1][0].to_text() == "\\000.com. NS RRSIG NSEC"


@pytest.mark.parametrize("name", ["no.example", "x.y.no.example", f"{'z' * 63}.example", "-.example"])
def test_absence_is_proved_for_the_name_and_for_a_wildcard(ask, name):
    authority = ask(name).authority
    assert validate(authority, "example", ask) == ["SOA", "NSEC", "NSEC"]
    closer = dns.name.Name(dns.name.from_text(name).labels[-3:])
    denied = [(rrset.name, rrset[0].next) for rrset in authority if rrset.rdtype == dns.rdatatype.NSEC]
    assert denied[0][0] < closer < denied[0][1]
    assert not denied[0][1].is_subdomain(closer)  # or it would exist as a name between
    assert denied[1][0] < dns.name.from_text("*.example") < denied[1][1]


def test_who_does_not_ask_for_signatures_gets_none(ask):
    assert [rrset.rdtype for rrset in ask("a.example", dnssec=False).answer] == [dns.rdatatype.A]


def test_the_key_is_roots_alone_and_stays_the_same(signer, tmp_path):
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert Signer(tmp_path / "key").anchor() == signer.anchor()
    assert Signer(tmp_path / "other").anchor() != signer.anchor()
