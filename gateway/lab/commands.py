"""A Topology as lines for `ip -batch` and as kernel parameters.

May live here: text and mappings made of values. May not: running anything (build.py does).
Source: ip-link(8), ip-address(8), ip-route(8); kernel document networking/ip-sysctl.
"""

from collections.abc import Callable, Iterator

from gateway.lab.topology import Cable, Port, Route, Topology

# What every namespace of the lab gets before its interfaces exist. Addresses must be usable at once (no duplicate
# address detection), nobody advertises routes, and ICMP errors are never held back: a probe waits for each of them.
COMMON = {
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/dad_transmits": "0",
    "net/ipv6/conf/default/accept_ra": "0",
    "net/ipv6/conf/all/accept_ra": "0",
    "net/ipv6/conf/default/autoconf": "0",
    "net/ipv6/conf/default/router_solicitations": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/all/accept_redirects": "0",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    "net/ipv4/icmp_ratelimit": "0",
    "net/ipv4/icmp_msgs_per_sec": "1000000",
    "net/ipv4/icmp_msgs_burst": "1000000",
    "net/ipv6/icmp/ratelimit": "0",
    "net/ipv4/ping_group_range": "0 2147483647",
}
FORWARDING = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/default/forwarding": "1",
    "net/ipv6/conf/all/forwarding": "1",
}
# Bridged frames must not pass the switch's own netfilter hooks: between PCs of one zone there is no firewall.
BRIDGED = {
    "net/ipv6/conf/default/disable_ipv6": "1",
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/bridge/bridge-nf-call-iptables": "0",
    "net/bridge/bridge-nf-call-ip6tables": "0",
    "net/bridge/bridge-nf-call-arptables": "0",
}


def parameters(kind: str) -> dict[str, str]:
    """Kernel parameters for a kind of host. The gateway forwards only once its first policy is loaded."""
    if kind == "switch":
        return COMMON | BRIDGED
    return COMMON | FORWARDING if kind == "internet" else COMMON


def cabling(topology: Topology, place: Callable[[str], str]) -> Iterator[str]:
    """Lines that make all veth pairs; `place(host)` names a namespace as ip-link(8) understands it."""
    for cable in topology.cables:
        near, far = cable.near, cable.far
        yield (
            f"link add name {near.ifname} address {near.mac} netns {place(near.host)} type veth"
            f" peer name {far.ifname} address {far.mac} netns {place(far.host)}"
        )


def configuration(topology: Topology, host: str) -> Iterator[str]:
    """Lines that set up one host, to be run inside its namespace after the cables are in."""
    yield "link set lo up"
    ports = [port for cable in topology.cables for port in _ends(cable) if port.host == host]
    if any(port.bridge for port in ports):
        yield from (f"link add {bridge} up type bridge stp_state 0 mcast_snooping 0" for bridge in topology.bridges)
    for port in ports:
        yield f"link set {port.ifname} {f'master {port.bridge} ' if port.bridge else ''}up"
        for interface in port.addresses:
            yield f"address add {interface} dev {port.ifname}" + (" nodad" if interface.version == 6 else "")
    yield from (_route(route) for route in topology.routes if route.host == host)


def _ends(cable: Cable) -> tuple[Port, Port]:
    return cable.near, cable.far


def _route(route: Route) -> str:
    if route.local:
        return f"route add local {route.to} dev {route.device} table main"
    metric = f" metric {route.metric}" if route.metric else ""
    return f"route add {route.to} via {route.via} dev {route.device}{metric}"
