"""What the lab's internet and devices answer, as a value that `up` writes and the world process reads.

May live here: choosing the ports, JSON in both directions. May not: sockets.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from gateway.lab.folder import write_json
from gateway.lab.names import LabNames, lab_names
from gateway.lab.topology import ATTACKER, INTERNET, LabHost, Topology
from ruleset.resolved import Address, Grant, ResolvedSite
from ruleset.tree import PortRange

ECHO_PORT = 7
MAX_PORTS = 24  # of one protocol on one device; ranges are cut
# On the lab's internet every port of every address answers: what is not DNS or web is led to the echo service.
ANY_PORT = f"""table inet world {{
	chain lead {{
		type nat hook prerouting priority -100; policy accept;
		iifname "up*" ip daddr ATTACKER4 return
		iifname "up*" ip6 daddr ATTACKER6 return
		iifname "up*" tcp dport != {{ 53, 80, 443 }} redirect to :{ECHO_PORT}
		iifname "up*" udp dport != 53 redirect to :{ECHO_PORT}
	}}
}}
"""


@dataclass(frozen=True, slots=True)
class DeviceServices:
    """Ports that a device answers on."""

    namespace: str
    tcp: tuple[int, ...]
    udp: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WorldPlan:
    """`internet` is the name of that namespace."""

    internet: str
    names: LabNames
    devices: tuple[DeviceServices, ...]


def world_plan(topology: Topology, resolved: ResolvedSite) -> WorldPlan:
    """Every device answers on the ports that a grant or a forward leads to."""
    devices = [
        DeviceServices(topology.namespace(host.name), *_ports(host, resolved))
        for host in topology.hosts
        if host.kind == "device"
    ]
    return WorldPlan(
        topology.namespace(INTERNET), lab_names(resolved), tuple(d for d in devices if d.tcp or d.udp)
    )  # fmt: skip


def any_port(topology: Topology) -> str:
    """The rules (nft text) that let every port of the internet answer; what goes to the attacker passes through."""
    attacker = topology.host(ATTACKER)
    assert attacker is not None, "every lab has one"
    four, six = sorted(attacker.addresses, key=lambda address: address.version)
    return ANY_PORT.replace("ATTACKER4", str(four)).replace("ATTACKER6", str(six))


def _ports(host: LabHost, resolved: ResolvedSite) -> tuple[tuple[int, ...], tuple[int, ...]]:
    found: dict[str, set[int]] = {"tcp": set(), "udp": set()}
    for grant in resolved.grants:
        if _leads_to(grant, host):
            for traffic in grant.traffic:
                found.setdefault(traffic.protocol, set()).update(_some(traffic.ports))
    for forward in resolved.forwards:
        if forward.host == host.name:
            found[forward.protocol].add(forward.to_port)
    return tuple(sorted(found["tcp"])[:MAX_PORTS]), tuple(sorted(found["udp"])[:MAX_PORTS])


def _leads_to(grant: Grant, host: LabHost) -> bool:
    target = grant.target
    if target.zone != host.zone:
        return False
    return not target.networks or any(address in n for n in target.networks for address in host.addresses)


def _some(ports: Iterable[PortRange]) -> Iterable[int]:
    for wanted in ports:
        yield from range(wanted.first, min(wanted.last, wanted.first + 3) + 1)


def write_plan(path: Path, plan: WorldPlan) -> None:
    """Saves a plan."""
    write_json(
        path,
        {
            "internet": plan.internet,
            "names": _domains_text(plan.names.domains),
            "aliases": dict(plan.names.aliases),
            "https": dict(plan.names.https),
            "closed": {server: _domains_text(own) for server, own in plan.names.closed.items()},
            "devices": [{"namespace": d.namespace, "tcp": d.tcp, "udp": d.udp} for d in plan.devices],
        },
    )


def read_plan(path: Path) -> WorldPlan:
    """Reads what write_plan wrote."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    names = LabNames(
        _domains(raw["names"]),
        raw["aliases"],
        {name: tuple(found) for name, found in raw["https"].items()},
        {server: _domains(own) for server, own in raw["closed"].items()},
    )
    devices = tuple(DeviceServices(d["namespace"], tuple(d["tcp"]), tuple(d["udp"])) for d in raw["devices"])
    return WorldPlan(raw["internet"], names, devices)


def _domains_text(domains: Mapping[str, tuple[Address, ...]]) -> dict[str, list[str]]:
    return {domain: [str(address) for address in found] for domain, found in domains.items()}


def _domains(raw: Mapping[str, list[str]]) -> dict[str, tuple[Address, ...]]:
    return {domain: tuple(ip_address(address) for address in found) for domain, found in raw.items()}
