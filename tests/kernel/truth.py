"""What a kernel can do, found out by doing it: the yardstick for what the enforcer believes.

May live here: one deed a feature, in namespaces that end with it. May not: dry runs, what follows from an answer.
"""

import os
from collections.abc import Callable
from pathlib import Path

import nftables
from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from gateway.lab import netns

TABLE = "table inet deed {{\n{}\n}}\n"
RULESETS = {
    "flow_offload": 'flowtable f {\nhook ingress priority 0\ndevices = { "a", "b" }\n}\n'
    "chain c { type filter hook forward priority 0; policy accept;\nip protocol tcp flow add @f\n}",
    "nft_queue": "chain c { type filter hook input priority 0; policy accept;\nqueue num 0 bypass\n}",
    "nft_log": "chain c { type filter hook input priority 0; policy accept;\nlog group 5\n}",
    "nft_nat": "chain c { type nat hook postrouting priority 100; policy accept;\nmasquerade\n}",
}


def found_out() -> dict[str, bool]:
    """Feature -> whether it can be done here. Needs root."""
    deeds: dict[str, Callable[[], bool]] = {name: lambda text=text: _loads(text) for name, text in RULESETS.items()}
    deeds["vlan"] = _has_vlan
    deeds["ct_accounting"] = lambda: Path("/proc/sys/net/netfilter/nf_conntrack_acct").exists()
    return {name: _elsewhere(deed) for name, deed in deeds.items()}


def _elsewhere(deed: Callable[[], bool]) -> bool:
    namespace = netns.make()
    try:
        with netns.inside(namespace), IPRoute() as links:
            links.link("add", ifname="a", kind="veth", peer={"ifname": "b"})
            return deed()
    finally:
        os.close(namespace)


def _loads(text: str) -> bool:
    status, _, error = nftables.Nftables().cmd(TABLE.format(text))
    assert "syntax error" not in error, f"the yardstick is bent: {error}"
    return bool(status == 0)


def _has_vlan() -> bool:
    with IPRoute() as links:
        try:
            links.link("add", ifname="a.20", kind="vlan", link=links.link_lookup(ifname="a")[0], vlan_id=20)
        except NetlinkError:
            return False
        return bool(links.link_lookup(ifname="a.20"))
