"""What this kernel has, asked by trying: accelerators and link kinds the policy can use but never needs.

Rulesets are tried as dry runs, a link kind by a request that cannot be granted: nothing is made.

May live here: the questions. May not: exceptions (a question that fails is a no), or deciding by the answer.
"""

import errno
import socket
from pathlib import Path

from gateway.enforcer.kernel_nft import Nft, NftError
from gateway.netlink import F_CREATE, F_EXCL, NETLINK_ROUTE, Netlink, NetlinkError, attribute, nested
from ruleset.live import Features

NEW_LINK = 16
IFLA_LINKINFO, INFO_KIND = 18, 1
_LINK_HEADER = bytes(16)
ACCOUNTING = Path("/proc/sys/net/netfilter/nf_conntrack_acct")
MARKER = "clinicgate_probe"  # a table name of its own: a probe never meets a real table

_PROBES = {
    "flow_offload": "add flowtable inet {t} f {{ hook ingress priority 0; devices = {{ lo }}; }}\n"
    "add chain inet {t} c\nadd rule inet {t} c ip protocol tcp flow add @f\n",
    "nft_queue": "add chain inet {t} c\nadd rule inet {t} c queue num 0 bypass\n",
    "nft_log": "add chain inet {t} c\nadd rule inet {t} c log group 5\n",
    "nft_nat": "add chain inet {t} c {{ type nat hook postrouting priority 100; }}\nadd rule inet {t} c masquerade\n",
}


def ask(nft: Nft) -> dict[str, bool]:
    """Feature -> whether this kernel has it. Never raises."""
    found = {name: _accepts(nft, text) for name, text in _PROBES.items()}
    found["ct_accounting"] = ACCOUNTING.exists()
    found["vlan"] = _knows_vlan()
    return found


def for_compile(found: dict[str, bool]) -> Features:
    """The part a compile uses: flow offload, and the interfaces that exist (a flow table names only those)."""
    try:
        names = tuple(sorted(name for _, name in socket.if_nameindex() if name != "lo"))
    except OSError:
        names = ()
    return Features(flow_offload=found.get("flow_offload", False) and bool(names), interfaces=names)


def _accepts(nft: Nft, text: str) -> bool:
    try:
        nft.check(f"add table inet {MARKER}\n" + text.format(t=MARKER))
    except NftError:
        return False
    return True


def _knows_vlan() -> bool:
    """Ask for a VLAN of no interface: a kernel with 802.1Q objects to that, one without objects to the kind of link."""
    info = nested(IFLA_LINKINFO, attribute(INFO_KIND, b"vlan"))
    with Netlink(NETLINK_ROUTE) as netlink:
        try:
            netlink.request(NEW_LINK, F_CREATE | F_EXCL, _LINK_HEADER + info, "a VLAN of no interface")
        except NetlinkError as error:
            return error.errno == errno.EINVAL
    return False
