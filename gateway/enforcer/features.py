"""What this kernel has, asked by trying: accelerators and link kinds the policy can use but never needs.

Rulesets are tried as dry runs, link kinds in a network namespace that ends with the thread that made it.

May live here: the questions. May not: exceptions (a question that fails is a no), or deciding by the answer.
"""

import ctypes
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

from gateway.enforcer.kernel_nft import Nft, NftError
from gateway.enforcer.netlink import F_CREATE, F_EXCL, NETLINK_ROUTE, Netlink, attribute, nested
from ruleset.live import Features

CLONE_NEWNET = 0x40000000
NEW_LINK = 16
IFLA_NAME, IFLA_LINK, IFLA_LINKINFO, INFO_KIND, INFO_DATA, VLAN_ID, VETH_PEER = 3, 5, 18, 1, 2, 1, 1
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
    found["vlan"] = _quietly(lambda: _in_new_namespace(_make_vlan))
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


def _quietly(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:
        return False


def _in_new_namespace(question: Callable[[], bool]) -> bool:
    """Ask from a thread that left for a namespace of its own; both end together."""
    answers: list[bool] = []

    def work() -> None:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) == 0:
            answers.append(_quietly(question))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return answers == [True]


def _make_vlan() -> bool:
    with Netlink(NETLINK_ROUTE) as netlink:
        peer = nested(VETH_PEER, _LINK_HEADER + attribute(IFLA_NAME, b"p1\0"))
        _add_link(netlink, "veth", attribute(IFLA_NAME, b"p0\0"), peer)
        parent = struct.pack("=I", socket.if_nametoindex("p0"))
        _add_link(netlink, "vlan", attribute(IFLA_LINK, parent), attribute(VLAN_ID, struct.pack("=H", 20)))
    return True


def _add_link(netlink: Netlink, kind: str, settings: bytes, data: bytes) -> None:
    info = nested(IFLA_LINKINFO, attribute(INFO_KIND, kind.encode()), nested(INFO_DATA, data))
    netlink.request(NEW_LINK, F_CREATE | F_EXCL, _LINK_HEADER + settings + info, f"adding a {kind} link")
