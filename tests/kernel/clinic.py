"""The virtual French practice on a real 802.1Q trunk: gateway, devices, provider, and a tap on the trunk's wire.

The gateway's `eth1` is one cable; its zones are VLAN sub-interfaces `eth1.20` and so on, as on the appliance. At the
far end of the cable each device is a VLAN sub-interface as well, moved into a namespace of its own: so every packet
between two zones crosses the cable twice with a tag.

May live here: building it in this process by netlink (starting `ip` is what is slow in the lab kernel), and its plain
facts. May not: rulesets of ours being judged, traffic.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pyroute2 import IPRoute

from gateway.lab import netns
from gateway.lab.commands import BRIDGED, COMMON, FORWARDING
from ruleset.compile import compile_ruleset
from ruleset.live import Features, LiveState
from ruleset.load import load_site
from ruleset.resolved import ResolvedSite
from ruleset.tree import Ruleset

SITE = Path(__file__).parents[2] / "ruleset" / "examples" / "cabinet-fr.yaml"
DEVICES = ("accueil", "dossiers", "camera-entree", "tablette", "telephone-patient")
PROVIDER4, PROVIDER6 = "203.0.113.1/24", "2001:db8:ffff::1/64"
MAIN_TABLE = 254
NOW = datetime(2027, 1, 15, 9, 0, tzinfo=UTC)


@dataclass
class Clinic:
    """Namespaces as descriptors: `gateway`, `wire` (the trunk's far end `t0`), `internet`, and one for each device."""

    resolved: ResolvedSite
    site: bytes
    gateway: int = field(default_factory=netns.make)
    wire: int = field(default_factory=netns.make)
    internet: int = field(default_factory=netns.make)
    devices: dict[str, int] = field(default_factory=dict)

    def address(self, name: str, version: int) -> str:
        """The declared address of a device."""
        host = next(h for h in self.resolved.hosts if h.name == name)
        return str(next(a for a in host.addresses if a.version == version))

    def mac(self, name: str) -> str:
        return next(h.mac for h in self.resolved.hosts if h.name == name)

    def vlan(self, zone: str) -> int:
        """The VLAN id of a zone."""
        return int(next(s.ifname for s in self.resolved.segments if s.name == zone).partition(".")[2])

    def compiled(self, live: LiveState | None = None) -> Ruleset:
        """The production ruleset for this gateway, with the fast path."""
        return compile_ruleset(self.resolved, live or LiveState((), self.features()), NOW)

    def features(self) -> Features:
        """As the gateway would find them, without asking."""
        names = [s.ifname for s in self.resolved.segments] + [o.ifname for o in self.resolved.outsides]
        return Features(flow_offload=True, interfaces=tuple(names))

    def close(self) -> None:
        for descriptor in (self.gateway, self.wire, self.internet, *self.devices.values()):
            os.close(descriptor)


@contextmanager
def built() -> Iterator[Clinic]:
    """The practice without a policy; it forwards. Its namespaces end with the block."""
    site = SITE.read_bytes()
    resolved = load_site(site, str(SITE), NOW).resolved
    assert resolved is not None, "the French example does not load"
    clinic = Clinic(resolved, site)
    try:
        _build(clinic)
        yield clinic
    finally:
        clinic.close()


def _build(clinic: Clinic) -> None:
    for namespace, parameters in (
        (clinic.gateway, COMMON | FORWARDING),
        (clinic.wire, COMMON | BRIDGED),
        (clinic.internet, COMMON | FORWARDING | {"net/ipv6/ip_nonlocal_bind": "1"}),
    ):
        with netns.inside(namespace):
            netns.write_sysctls(parameters)
    with netns.inside(clinic.gateway), IPRoute() as links:
        _cable(links, "eth0", "up0", clinic.internet)
        trunk = _cable(links, "eth1", "t0", clinic.wire)
        for segment in clinic.resolved.segments:
            vlan = int(segment.ifname.partition(".")[2])
            links.link("add", ifname=segment.ifname, kind="vlan", link=trunk, vlan_id=vlan)
            _address(links, segment.ifname, [_with_prefix(a, segment.subnets) for a in segment.gateways])
        for outside in clinic.resolved.outsides:
            _address(links, outside.ifname, [_with_prefix(a, outside.subnets) for a in outside.addresses])
        for provider in (PROVIDER4, PROVIDER6):
            links.route("add", dst="default", gateway=provider.partition("/")[0], family=_family(provider))
    for name in DEVICES:
        _device(clinic, name)
    _internet(clinic)


def _cable(links: IPRoute, near: str, far: str, namespace: int) -> int:
    """A veth pair, `far` in that namespace; answer: the index of `near`, which is up."""
    links.link("add", ifname=near, kind="veth", peer={"ifname": far, "net_ns_fd": namespace})
    index = links.link_lookup(ifname=near)[0]
    links.link("set", index=index, state="up")
    with netns.inside(namespace), IPRoute() as there:
        there.link("set", index=there.link_lookup(ifname=far)[0], state="up")
    return int(index)


def _device(clinic: Clinic, name: str) -> None:
    """`eth0` of a device: a VLAN of the trunk's far end, moved into a namespace of its own."""
    host = next(h for h in clinic.resolved.hosts if h.name == name)
    segment = next(s for s in clinic.resolved.segments if s.name == host.zone)
    vlan = clinic.vlan(host.zone)
    namespace = clinic.devices[name] = netns.make()
    with netns.inside(namespace):
        netns.write_sysctls(COMMON)
    with netns.inside(clinic.wire), IPRoute() as links:
        trunk = links.link_lookup(ifname="t0")[0]
        links.link("add", ifname=f"v{vlan}", kind="vlan", link=trunk, vlan_id=vlan, address=host.mac)
        index = links.link_lookup(ifname=f"v{vlan}")[0]
        links.link("set", index=index, ifname="eth0", net_ns_fd=namespace)
    with netns.inside(namespace), IPRoute() as links:
        links.link("set", index=links.link_lookup(ifname="lo")[0], state="up")
        _address(links, "eth0", [_with_prefix(a, segment.subnets) for a in host.addresses])
        for gateway in segment.gateways:
            links.route("add", dst="default", gateway=str(gateway), family=_family(str(gateway)))


def _internet(clinic: Clinic) -> None:
    """The provider's router, and every address of the world behind it on its loopback."""
    with netns.inside(clinic.internet), IPRoute() as links:
        loopback = links.link_lookup(ifname="lo")[0]
        links.link("set", index=loopback, state="up")
        _address(links, "up0", [PROVIDER4, PROVIDER6])
        for everything in ("0.0.0.0/0", "::/0"):
            settings = {"type": "local", "scope": "host", "table": MAIN_TABLE, "family": _family(everything)}
            links.route("add", dst=everything, oif=loopback, **settings)
        own = next(str(a) for o in clinic.resolved.outsides for a in o.addresses if a.version == 6)
        for segment in clinic.resolved.segments:
            for subnet in segment.subnets:
                if subnet.version == 6:
                    links.route("add", dst=str(subnet), gateway=own, family=_family(own))


def _address(links: IPRoute, ifname: str, addresses: list[str]) -> None:
    index = links.link_lookup(ifname=ifname)[0]
    links.link("set", index=index, state="up")
    for text in addresses:
        address, _, prefix = text.partition("/")
        links.addr("add", index=index, address=address, prefixlen=int(prefix))


def _with_prefix(address: object, subnets: tuple[object, ...]) -> str:
    return next(f"{address}/{n.prefixlen}" for n in subnets if address in n)


def _family(text: str) -> int:
    return socket.AF_INET6 if ":" in text else socket.AF_INET
