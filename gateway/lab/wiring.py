"""The bare rig: a gateway namespace and one more that holds the far ends of all its cables; no devices, no names.

May live here: building that pair for a ResolvedSite and loading a ruleset into it. May not: sending (probe.py).

Both namespaces have no name and end with this object, whatever happens to the process. The cables ask no neighbours
(IFF_NOARP), so that every address on a segment can be delivered to.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.lab import commands, netns
from gateway.lab.addresses import lab_mac
from gateway.lab.build import run_batch
from gateway.lab.kernel import load_ruleset
from gateway.lab.rig import Plug, Rig
from gateway.lab.topology import GATEWAY, INTERNET, Port, Topology, plan
from ruleset.resolved import ResolvedSite

WIRE_MAC = lab_mac("wire")


@contextmanager
def wired(resolved: ResolvedSite) -> Iterator[Rig]:
    """A rig for that site, without any ruleset. Raises LabError."""
    gateway, wire = netns.make(), netns.make()
    try:
        topology = plan("wire", resolved)
        ports = gateway_ports(topology, resolved)
        with netns.inside(gateway):
            netns.write_sysctls(commands.COMMON | commands.FORWARDING)
            run_batch(_gateway_lines(ports, f"/proc/{os.getpid()}/fd/{wire}", topology))
        with netns.inside(wire):
            netns.write_sysctls(commands.BRIDGED)
            run_batch(f"link set w{number} up" for number in range(len(ports)))
        plugs = {
            port.ifname: Plug(port.ifname, side, port.mac, wire, f"w{number}", WIRE_MAC)
            for number, (port, side) in enumerate(ports)
        }
        with Rig(gateway, plugs) as rig:
            yield rig
    finally:
        os.close(gateway)
        os.close(wire)


def gateway_ports(topology: Topology, resolved: ResolvedSite) -> list[tuple[Port, str]]:
    """The gateway's interfaces, each with the side it leads to."""
    zones = {segment.ifname: segment.name for segment in resolved.segments}
    return [(cable.near, zones.get(cable.near.ifname, INTERNET)) for cable in topology.gateway_cables()]


def load(rig: Rig, ruleset: str) -> None:
    """Loads nft text into the rig's gateway in one transaction. Raises LabError with the kernel's words."""
    load_ruleset(rig.gateway, ruleset)


def _gateway_lines(ports: list[tuple[Port, str]], wire: str, topology: Topology) -> Iterator[str]:
    yield "link set lo up"
    for number, (port, _) in enumerate(ports):
        peer = f"peer name w{number} address {WIRE_MAC} netns {wire}"
        yield f"link add name {port.ifname} address {port.mac} type veth {peer}"
    for port, _ in ports:
        yield f"link set {port.ifname} arp off up"
        for interface in port.addresses:
            yield f"address add {interface} dev {port.ifname}" + (" nodad" if interface.version == 6 else "")
    for route in topology.routes:
        if route.host == GATEWAY:
            yield f"route add {route.to} via {route.via} dev {route.device} metric {route.metric}"
