"""A clinic of three zones, made by hand: what the tests of the answers (evaluate, explain, prove, plan) stand on."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_interface, ip_network
from typing import get_args

from ruleset.model import Site
from ruleset.resolved import (
    Grant,
    Host,
    Outside,
    PortForward,
    Refusal,
    ResolvedSite,
    Segment,
    Side,
    Traffic,
    host_network,
)
from ruleset.tree import Chain, Hook, Match, Origin, PortRange, Rule, Ruleset

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = datetime(2027, 3, 31, tzinfo=UTC)
ZONES = {
    "mgmt": ("mgmt", 10, "10.20.10.1/24", "2001:db8:20:10::1/64"),
    "pc": ("pc", 20, "10.20.20.1/24", "2001:db8:20:20::1/64"),
    "srv": ("srv", 30, "10.20.30.1/24", "2001:db8:20:30::1/64"),
    "cam": ("cam", 60, "10.20.60.1/24", None),
}
DEVICES = {
    "admin": ("mgmt", "admin-pc", "10.20.10.11", "2001:db8:20:10::11", 3),
    "reception-1": ("pc", "pc", "10.20.20.11", "2001:db8:20:20::11", 2),
    "room-1": ("pc", "pc", "10.20.20.12", "2001:db8:20:20::12", 1),
    "emr": ("srv", "emr", "10.20.30.10", "2001:db8:20:30::10", 1),
    "files": ("srv", "file-server", "10.20.30.20", None, 2),
    "camera-1": ("cam", "camera", "10.20.60.11", None, 4),
}
UPLINK4, UPLINK6 = "203.0.113.2/24", "2001:db8:ffff::2/64"


def ip(text):
    return ip_address(text)


def origin(line, why="because", source="site", file="site.yaml"):
    return Origin(source, file, line, why)


def site(**changes):
    """The Site behind the clinic: labels, roles, uplinks."""
    data = {
        "version": 1,
        "clinic": {
            "label": "Small clinic",
            "region": "other",
            "languages": ("en",),
            "timezone": "UTC",
            "contacts": {"owner": {"label": "Practice owner"}},
        },
        "uplinks": {
            "fibre": {
                "port": "eth0",
                "ipv4": {"address": UPLINK4, "gateway": "203.0.113.1"},
                "ipv6": {"address": UPLINK6, "gateway": "2001:db8:ffff::1"},
            }
        },
        "trunk": {"port": "eth1"},
        "zones": {
            name: {"role": role, "vlan": vlan, "ipv4": v4} | ({"ipv6": v6} if v6 else {})
            for name, (role, vlan, v4, v6) in ZONES.items()
        },
        "devices": {
            name: {"zone": zone, "kind": kind, "mac": mac(name), "ipv4": v4, "criticality": criticality}
            | ({"ipv6": v6} if v6 else {})
            for name, (zone, kind, v4, v6, criticality) in DEVICES.items()
        },
    }
    return Site.model_validate(data | changes)


def mac(name):
    return f"02:00:00:00:00:{list(DEVICES).index(name) + 1:02x}"


def addresses(*texts):
    return tuple(ip_address(t) for t in texts if t)


def segments():
    return tuple(
        Segment(
            name,
            role,
            f"eth1.{vlan}",
            tuple(ip_interface(i).network for i in (v4, v6) if i),
            tuple(ip_interface(i).ip for i in (v4, v6) if i),
        )
        for name, (role, vlan, v4, v6) in ZONES.items()
    )


def hosts():
    return tuple(
        Host(name, zone, mac(name), kind, addresses(v4, v6), criticality, name)
        for name, (zone, kind, v4, v6, criticality) in DEVICES.items()
    )


def device(name):
    """One device as a side of a grant."""
    zone, _, v4, v6, _ = DEVICES[name]
    return Side(zone, name, tuple(host_network(a) for a in addresses(v4, v6)))


def zone(name):
    return Side(name, name)


def tcp(*ports):
    return Traffic("tcp", tuple(PortRange(p, p) if isinstance(p, int) else PortRange(*p) for p in ports))


def udp(*ports):
    return Traffic("udp", tuple(PortRange(p, p) if isinstance(p, int) else PortRange(*p) for p in ports))


def grant(ident, source, target, *traffic, line=1, services=(), **rest):
    return Grant(ident, source, target, traffic, services, origin(line), **rest)


GRANTS = (
    grant("pack:base:mgmt-gateway-admin", zone("mgmt"), zone("gateway"), tcp(22, 8080), services=("ssh", "ui")),
    grant("pack:base:mgmt-gateway-infra", zone("mgmt"), zone("gateway"), tcp(53), udp(53, 123)),
    grant("pack:base:pc-gateway-infra", zone("pc"), zone("gateway"), tcp(53), udp(53, 123), services=("dns", "ntp")),
    grant("pack:base:pc-internet-web", zone("pc"), zone("internet"), tcp(80, 443), services=("http", "https")),
    grant("pack:base:pc-srv-files", zone("pc"), device("files"), tcp(445), services=("smb",)),
    grant("pack:base:srv-gateway-infra", zone("srv"), zone("gateway"), tcp(53), udp(53, 123)),
    grant("pack:base:cam-gateway-ntp", zone("cam"), zone("gateway"), udp(123), services=("ntp",)),
    grant(
        "permit:reception-emr",
        device("reception-1"),
        device("emr"),
        tcp(8443),
        line=40,
        services=("emr-app",),
        expires=LATER,
        kind="permit",
    ),
)
REFUSALS = (
    Refusal("refuse:base:smb", (tcp(445), udp(445)), origin(90, "File sharing belongs inside", "pack", "base")),
)


def clinic(grants=GRANTS, refusals=REFUSALS, forwards=(), **rest):
    """The whole clinic, resolved by hand."""
    outside = Outside(
        "fibre",
        "eth0",
        (ip_interface(UPLINK4).ip, ip_interface(UPLINK6).ip),
        (ip_interface(UPLINK4).network, ip_interface(UPLINK6).network),
    )
    values = {
        "site": site(),
        "segments": segments(),
        "outsides": (outside,),
        "hosts": hosts(),
        "grants": grants,
        "refusals": refusals,
        "forwards": forwards,
        "video_names": (),
        "protected_names": (),
        "closed_names": (),
        "waived_invariants": frozenset(),
    }
    return ResolvedSite(**(values | rest))


def forward(ident="forward:vpn", protocol="udp", port=51820, host="emr", to_port=51820, line=60):
    return PortForward(
        ident, "fibre", protocol, port, host, addresses(*DEVICES[host][2:4]), to_port, origin(line), LATER
    )


def ruleset(*chains, sets=()):
    """A table of these chains; every rule gets an origin."""
    origins = {rule.id: origin(1) for chain in chains for rule in chain.rules}
    return Ruleset("clinicgate", tuple(sets), (), (), tuple(chains), origins)


def base(hook, *rules, name=None, type="filter", priority=0, policy="drop", devices=()):
    return Chain(name or hook, tuple(rules), Hook(type, hook, priority, policy, devices))


def chain(name, *rules):
    return Chain(name, tuple(rules))


def rule(ident, *parts):
    """A rule of matches and statements in one list, told apart by their module's unions."""
    matches = tuple(p for p in parts if isinstance(p, get_args(Match)))
    return Rule(ident, matches, tuple(p for p in parts if p not in matches))


def net(*texts):
    return tuple(ip_network(t) for t in texts)
