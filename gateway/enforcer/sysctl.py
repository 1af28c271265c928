"""The kernel switches a router needs, set only after a policy is loaded: before that the box forwards nothing.

Sources: kernel documents networking/ip-sysctl and networking/nf_conntrack-sysctl.

May live here: the list of switches, reading and writing them. May not: anything that belongs into the ruleset.
"""

from pathlib import Path

from ruleset.resolved import ResolvedSite

ROOT = Path("/proc/sys/net")

ROUTER: tuple[tuple[str, str, str], ...] = (
    ("ipv4/conf/all/arp_ignore", "1", "an interface answers for its own addresses only"),
    ("ipv4/conf/all/rp_filter", "0", "the policy checks sources when a connection begins; this costs 3 % a packet"),
    ("ipv4/conf/default/rp_filter", "0", "as above, for interfaces that come later"),
    ("ipv4/conf/all/accept_redirects", "0", "nobody on the wire changes our routes"),
    ("ipv4/conf/default/accept_redirects", "0", "as above"),
    ("ipv6/conf/all/accept_redirects", "0", "as above"),
    ("ipv6/conf/default/accept_redirects", "0", "as above"),
    ("ipv4/conf/all/send_redirects", "0", "no client learns a way around the gateway"),
    ("ipv4/conf/default/send_redirects", "0", "as above"),
    ("ipv4/conf/all/accept_source_route", "0", "the sender does not choose the way"),
    ("ipv6/conf/all/accept_source_route", "0", "as above"),
    ("ipv4/icmp_echo_ignore_broadcasts", "1", "no amplifier"),
    ("ipv4/tcp_syncookies", "1", "a flood of openings does not stop the page"),
    ("netfilter/nf_conntrack_acct", "1", "bytes of a flow are counted (the handshake budget)"),
    ("ipv6/conf/all/forwarding", "1", "route IPv6"),
    ("ipv4/ip_forward", "1", "route IPv4"),
)
Switches = tuple[tuple[str, str, str], ...]


def uplinks(site: ResolvedSite | None) -> Switches:
    """An uplink that learns its IPv6 address from its router must go on listening to it while we forward (2, not 1)."""
    names = [o.ifname for o in site.outsides if not any(a.version == 6 for a in o.addresses)] if site else []
    return tuple((f"ipv6/conf/{name}/accept_ra", "2", "the provider's router gives the address") for name in names)


CLOSED: tuple[tuple[str, str, str], ...] = (
    ("ipv4/ip_forward", "0", "nothing passes before a policy is loaded"),
    ("ipv6/conf/all/forwarding", "0", "as above"),
)


def write(switches: tuple[tuple[str, str, str], ...], root: Path = ROOT) -> list[str]:
    """Set each switch that is not so already; answer: sentences for those that could not be set."""
    troubles = []
    for name, value, why in switches:
        path = root / name
        try:
            if path.read_text().strip() != value:
                path.write_text(value)
        except OSError as error:
            troubles.append(f"cannot set {path} to {value} ({why}): {error.strerror or error}")
    return troubles
