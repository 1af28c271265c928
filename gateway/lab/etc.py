"""The files in /etc that differ from host to host in the lab: resolv.conf and hosts.

May live here: their text, writing them into the lab's folder. May not: showing them to a program (enter.py).
"""

from gateway.lab.folder import Folder
from gateway.lab.names import NET4
from gateway.lab.topology import LabHost, Topology
from ruleset.resolved import ResolvedSite

PUBLIC_RESOLVER = f"{NET4}.53"
LOCALHOST = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"
FILES = ("resolv.conf", "hosts")


def resolv_conf(host: LabHost, resolved: ResolvedSite) -> str:
    """A device asks its zone's gateway, as DHCP would tell it; the rest asks the lab's internet."""
    segment = resolved.segment(host.zone)
    if segment is None:
        return f"nameserver {PUBLIC_RESOLVER}\n"
    servers = "".join(f"nameserver {address}\n" for address in segment.gateways)
    return f"search {resolved.site.clinic.domain}\n{servers}"


def write_etc(folder: Folder, topology: Topology, resolved: ResolvedSite) -> None:
    """Writes the files of every host."""
    for host in topology.hosts:
        place = folder.etc(host.name, FILES[0])
        place.parent.mkdir(parents=True, mode=0o755)
        place.write_text(resolv_conf(host, resolved), encoding="ascii")
        folder.etc(host.name, "hosts").write_text(f"{LOCALHOST}127.0.1.1\t{host.name}\n", encoding="ascii")
