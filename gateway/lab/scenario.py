"""What happens in a demo: who tries what, and whether the site wants it to pass.

May live here: choosing acts for a site, pure. May not: doing them (traffic.py).

What should become of an act is read from the site by the proof's `wanted`, so a demo of any site knows by itself when
something else happens than should.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Literal

from gateway.lab.names import LISTED, PUBLIC_DNS, LabNames, stand_ins
from gateway.lab.topology import ATTACKER, LabHost, Topology
from ruleset.explain_ends import below
from ruleset.model_dns import DnsOverlay, DnsZone
from ruleset.packet import Packet
from ruleset.platforms import load_platform
from ruleset.prove_wanted import wanted
from ruleset.resolved import INTERNET, Address, Grant, ResolvedSite

Wire = tuple[Literal["tcp", "udp"], int]
Kind = Literal["browse", "service", "call", "name", "knock"]
STRANGER = ip_address("198.51.100.200")
SCANNED = (22, 23, 445, 3389, 8080)
MAX_SERVICES = 6
QUIET_KINDS = ("camera", "nvr", "printer", "mfp", "label-printer", "modality", "pacs", "backup")
WEB: Wire = ("tcp", 443)
TELNET: Wire = ("tcp", 23)
SMB: Wire = ("tcp", 445)
DNS_OVER_TLS: Wire = ("tcp", 853)
CALL_PAUSE, SLOW, USUAL = 1.0, 3.0, 2.0


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens again and again, every `pause` seconds. `name` is looked up first when there is one.

    `passes`: what should become of it."""

    id: str
    kind: Kind
    host: str
    words: str
    passes: bool
    protocol: Literal["tcp", "udp"] = "tcp"
    port: int = 443
    address: Address = STRANGER
    name: str = ""
    servers: tuple[Address, ...] = ()
    pause: float = USUAL


def acts(topology: Topology, resolved: ResolvedSite, names: LabNames, now: datetime) -> list[Act]:
    """Everything that happens in the demo of that site, in the order in which it is shown."""
    stage = _Stage(topology, resolved, names, now)
    found = [*stage.browsing(), *stage.calls(), *stage.services(), *stage.updates()]
    found += [*stage.listed_names(), *stage.knocking(), *stage.bypassing(), *stage.trespassing(), *stage.scanning()]
    unique = {act.words: act for act in found}
    return [replace(act, id=str(number)) for number, act in enumerate(unique.values())]


@dataclass(frozen=True, slots=True)
class _Stage:
    topology: Topology
    resolved: ResolvedSite
    names: LabNames
    now: datetime

    def browsing(self) -> Iterator[Act]:
        for role in ("pc", "mgmt", "staffwifi", "guest", "voip", "elig"):
            for host in self._of_role(role)[:2]:
                if not self._kept_from(host, "www.example.com"):
                    yield from self._browse(host, "www.example.com")

    def updates(self) -> Iterator[Act]:
        """Names that a pack allows to some zones, and only to addresses learned from our resolver."""
        for entry in self.resolved.video_names:
            if entry.grant.startswith("pack:") and entry.domains:
                for host in self.topology.members(entry.zone)[:1]:
                    yield from self._browse(host, entry.domains[0], learned=True)

    def calls(self) -> Iterator[Act]:
        for name, grant in self.resolved.site.video.items():
            zones = [host for zone in grant.zones for host in self.topology.members(zone)[:1]]
            devices = [host for device in grant.devices if (host := self.topology.host(device))]
            for host in (*zones, *devices):
                for platform in (load_platform(p) for p in grant.platforms):
                    flow = next((f for f in platform.flows if f.protocol == "udp"), None)
                    there = stand_ins(platform)
                    if flow is not None and there:
                        port = int(str(flow.ports[0]).split("-")[0])
                        words = f"{host.name} is in a {platform.label} call"
                        act = self._act("call", host, words, there[0], ("udp", port), platform.domains[0], learned=True)
                        yield replace(act, pause=CALL_PAUSE, id=name)

    def services(self) -> Iterator[Act]:
        """What zones do with each other all day, one act for each target, permits before the default matrix."""
        shown: set[tuple[str, str]] = set()
        for grant in sorted(self.resolved.grants, key=lambda grant: grant.kind != "permit"):
            ends = self._ends(grant)
            port = next((t.ports[0].first for t in grant.traffic if t.protocol == "tcp" and t.ports), None)
            if ends is None or port is None or len(shown) >= MAX_SERVICES:
                continue
            source, target = ends
            if (source.zone, target.name) not in shown:
                shown.add((source.zone, target.name))
                words = f"{source.name} uses {target.name}, port {port}"
                yield self._act("service", source, words, target.addresses[0], ("tcp", port))

    def listed_names(self) -> Iterator[Act]:
        for zone, policy in self.resolved.site.dns.zones.items():
            for host in self.topology.members(zone)[:1] if policy.lists else ():
                name = f"www.{LISTED[0]}"
                if self._let_through(host, name):
                    continue
                words = f"{host.name} asks for {name}, which is on a list"
                yield replace(self._browse_act(host, name, words), kind="name", passes=False)

    def bypassing(self) -> Iterator[Act]:
        """Ways around the gateway's answers: another resolver, in clear (it is the gateway who answers) and hidden."""
        other = ip_address(PUBLIC_DNS["dns.google"][0])
        for zone, policy in self.resolved.site.dns.zones.items():
            for host in self.topology.members(zone)[:1] if policy.lists else ():
                name = f"www.{LISTED[0]}"
                if self._let_through(host, name):
                    continue
                words = f"{host.name} asks {other} for {name}, and the gateway answers"
                yield replace(self._browse_act(host, name, words), kind="name", passes=False, servers=(other,))
        for host in self._of_role("pc")[:1]:
            yield self._act("knock", host, f"{host.name} tries {other}'s DNS over TLS", other, DNS_OVER_TLS)
            yield self._act("knock", host, f"{host.name} tries {other}'s DNS over HTTPS", other, WEB)

    def knocking(self) -> Iterator[Act]:
        for host in self.topology.hosts:
            if host.device_kind in QUIET_KINDS:
                words = f"{host.name} knocks at the internet"
                yield self._act("knock", host, words, STRANGER, WEB)

    def trespassing(self) -> Iterator[Act]:
        servers = self._of_role("srv")
        for role in ("guest", "cam", "prn"):
            for host in self._of_role(role)[:1]:
                for server in servers[:1]:
                    words = f"{host.name} tries the files of {server.name}"
                    act = self._act("knock", host, words, server.addresses[0], SMB)
                    if not act.passes:  # a printer may store its scans
                        yield act
        for host in self._of_role("pc")[:1]:
            yield self._act("knock", host, f"{host.name} tries telnet to the internet", STRANGER, TELNET)

    def scanning(self) -> Iterator[Act]:
        attacker = self.topology.host(ATTACKER)
        own = [a for outside in self.resolved.outsides for a in outside.addresses if a.version == 4]
        if attacker is not None and own:
            for port in SCANNED:
                passes = any(f.protocol == "tcp" and f.port == port for f in self.resolved.forwards)
                words = f"an attacker scans the gateway, port {port}"
                yield Act("", "knock", ATTACKER, words, passes, "tcp", port, own[0], pause=SLOW)

    def _policies(self, host: LabHost) -> list[DnsZone | DnsOverlay]:
        """Of the host's zone, of all its hours, whatever the time is, and of the device itself."""
        dns = self.resolved.site.dns
        own = [dns.devices[host.name]] if host.name in dns.devices else []
        zone = dns.zones.get(host.zone)
        return [zone, *zone.during.values(), *own] if zone else [*own]

    def _let_through(self, host: LabHost, name: str) -> bool:
        """Whether the site itself may let that listed name through for that host."""
        policies = self._policies(host)
        allowed = [*self.resolved.protected_names, *(n for policy in policies for n in policy.allow)]
        return any(below(name, n) for n in allowed) or any(p.lists == () and not p.categories for p in policies)

    def _kept_from(self, host: LabHost, name: str) -> bool:
        """Whether the site itself may block that name for that host."""
        for policy in self._policies(host):
            only = policy.only is None or any(below(name, n) for n in policy.only)
            if not only or any(below(name, n) for n in policy.deny):
                return True
        return False

    def _of_role(self, role: str) -> list[LabHost]:
        zones = {segment.name for segment in self.resolved.segments if segment.role == role}
        return [host for host in self.topology.hosts if host.zone in zones]

    def _browse(self, host: LabHost, name: str, learned: bool = False) -> Iterator[Act]:
        act = self._browse_act(host, name, f"{host.name} opens https://{name}/", learned)
        if act.passes:
            yield act

    def _browse_act(self, host: LabHost, name: str, words: str, learned: bool = False) -> Act:
        address = next(a for a in self.names.find(name) or (STRANGER,) if a.version == 4)
        return self._act("browse", host, words, address, WEB, name, learned)

    def _act(
        self, kind: Kind, host: LabHost, words: str, address: Address, wire: Wire, name: str = "", learned: bool = False
    ) -> Act:
        segment = self.resolved.segment(host.zone)
        assert segment is not None, "only hosts of zones act here"
        source = next((a for a in host.addresses if a.version == address.version), host.addresses[0])
        packet = Packet(segment.ifname, source, address, *wire, mac=host.mac)
        passes = wanted(self.resolved, packet, self.now, learned=learned) != "refuse"
        servers = tuple(segment.gateways) if name else ()
        return Act("", kind, host.name, words, passes, *wire, address, name, servers)

    def _ends(self, grant: Grant) -> tuple[LabHost, LabHost] | None:
        if INTERNET in (grant.target.zone, grant.source.zone) or grant.target.zone == "gateway":
            return None
        source = self._meant(grant.source.zone, grant.source.networks)
        target = self._meant(grant.target.zone, grant.target.networks)
        return None if source is None or target is None else (source, target)

    def _meant(self, zone: str, networks: Iterable[object]) -> LabHost | None:
        meant = [str(network) for network in networks]
        for host in self.topology.members(zone):
            if host.kind == "device" and (not meant or any(f"{a}/{a.max_prefixlen}" in meant for a in host.addresses)):
                return host
        return None
