"""The clinic whose resolver is fuzzed: one of every kind of rule, and names that meet each of them.

May live here: its policy, names, messages as samples. May not: mutating, judging what comes out.
"""

from ipaddress import ip_address, ip_network

import dns.edns
import dns.message

from filters.dns_exchange import PinGrant, Upstream
from filters.dns_listed import Shelved
from filters.dns_local import LocalHost, LocalNames
from filters.dns_policy import DnsPolicy
from filters.dns_rules import DevicePolicy, Overlay, ZonePolicy
from filters.dns_session import SessionConfig
from filters.dns_shape import Shaping
from filters.lists import ListCompiler, ListFile
from filters.names import SuffixSet, from_text
from filters.verdict import Action

KEY = b"fuzz"
OWN = (ip_network("203.0.113.0/24"), ip_network("10.20.0.0/16"))
UPSTREAMS = (Upstream("198.51.100.53"), Upstream("198.51.100.54", 853, "tls", "dns.example"))
CLOSED = (Upstream("192.0.2.200"),)
STRANGER = Upstream("198.51.100.66")
LISTED = b"""||bad.example^
@@||good.bad.example^
||play.example^$client=10.20.20.12
||typed.example^$dnstype=AAAA
/^ad[0-9]+[.]example$/
||weird*.example^
"""
BLOCKED = "bad.example"
PINNED = "zoom.example"
CLIENTS = {  # by zone
    "pc": ("10.20.20.11", "10.20.20.12"),
    "page": ("10.20.60.11", "fd00:20:60::11"),
    "kids": ("10.20.30.11",),
    "cam": ("10.20.40.11",),
    "": ("192.0.2.77",),
}
NAMES = (
    "www.example.com", "wWw.ExAmPlE.cOm", "bad.example", "a.b.bad.example", "good.bad.example", "play.example",
    "typed.example", "ad12.example", "weirdo.example", "us04web.zoom.example", "nas.clinic.example", "nas", "localhost",
    "11.20.20.10.in-addr.arpa", "www.google.com", "www.youtube.com", "duckduckgo.com", "use-application-dns.net",
    "mask.icloud.com", "_dns.resolver.arpa", "auth.closed.example", "time.health.example", "xn--eckwd4c7c.example",
    "a." * 120 + "example", "x" * 63 + ".example.net", ".", "\\000.example.org", "a\\.b.example.org",
)  # fmt: skip
TYPES = ("A", "AAAA", "HTTPS", "CNAME", "MX", "TXT", "SOA", "SRV", "PTR", "ANY", "DNSKEY", "TYPE65280")
WORDS = (
    *(from_text(name) for name in ("bad.example", "zoom.example", "closed.example", "www.google.com", "local")),
    b"\xc0\x0c", b"\x00\x00\x29", b"\x00\x01\x00\x01", b"\x00\x0f\x00\x04", b"\x07RFC8482", b"\x04xn--",
    b"\x00\x41\x00\x01",
)  # fmt: skip


def policy() -> DnsPolicy:
    compiler = ListCompiler(KEY)
    compiler.add("malware", LISTED.splitlines())
    file = ListFile(memoryview(b"".join(compiler.finish().pieces)), KEY)
    malware = Shelved("malware", file)
    return DnsPolicy(
        zones={
            "pc": ZonePolicy((malware,), allow=_names("ok.example"), deny=_names("no.example")),
            "page": ZonePolicy((malware,), Action.PAGE, page=(ip_address("10.20.60.1"), ip_address("fd00:20:60::1"))),
            "kids": ZonePolicy((malware,), Action.NULL, safe_search=True),
            "cam": ZonePolicy((malware,), Action.NODATA, only=_names("vendor.example")),
        },
        local=LocalNames("clinic.example", [LocalHost("nas", (ip_address("10.20.30.5"),))], OWN),
        protected=_names("health.example"),
        key=KEY,
        closed=_names("closed.example"),
        devices={ip_address("10.20.20.12"): DevicePolicy("desk", "pc", Overlay(deny=_names("desk.example")))},
    )


def _names(name: str) -> SuffixSet:
    return SuffixSet([from_text(name)])


def config() -> SessionConfig:
    return SessionConfig(
        policy(),
        UPSTREAMS,
        routes={from_text("closed.example"): CLOSED},
        pins=(PinGrant("pc", frozenset((from_text(PINNED),))),),
        shaping=Shaping(own=OWN),
    )


def questions() -> tuple[bytes, ...]:
    """What sound clients send: every name with some types, with and without EDNS."""
    cookie = dns.edns.GenericOption(10, b"01234567")
    subnet = dns.edns.ECSOption("10.20.20.0", 24)
    found = []
    for number, name in enumerate(NAMES):
        for step in range(4):
            qtype = TYPES[(number + step) % len(TYPES)]
            found.append(dns.message.make_query(name, qtype, id=number * 257).to_wire())
        found.append(dns.message.make_query(name, "A", use_edns=0, payload=1232, want_dnssec=True).to_wire())
        found.append(dns.message.make_query(name, "A", use_edns=0, payload=512, options=[cookie]).to_wire())
        found.append(dns.message.make_query(name, "AAAA", use_edns=0, payload=4096, options=[subnet, cookie]).to_wire())
    return tuple(found)
