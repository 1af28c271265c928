"""Network namespaces without names: each lives as long as its descriptor, so nothing is left after any kind of end.

Also the small clinic the enforcer's tests apply, as the text of a site file.
"""

import contextlib
import ctypes
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

CLONE_NEWNET = 0x40000000
ROOT = Path(__file__).parents[3]
_LIBC = ctypes.CDLL(None, use_errno=True)


class Net:
    """One network namespace, its loopback up."""

    def __init__(self) -> None:
        found: list[int] = []

        def leave() -> None:
            if _LIBC.unshare(CLONE_NEWNET) == 0:
                found.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))

        thread = threading.Thread(target=leave)
        thread.start()
        thread.join()
        assert found, os.strerror(ctypes.get_errno())
        self.descriptor = found[0]
        self.run("ip", "link", "set", "lo", "up")

    @contextlib.contextmanager
    def enter(self) -> Iterator[None]:
        """This thread, and threads it starts, are inside; afterwards it is back outside."""
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            assert _LIBC.setns(self.descriptor, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            yield
        finally:
            _LIBC.setns(outside, CLONE_NEWNET)
            os.close(outside)

    def command(self, *words: str) -> list[str]:
        return ["nsenter", f"--net=/proc/self/fd/{self.descriptor}", "--", *words]

    def run(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            self.command(*words), pass_fds=[self.descriptor], capture_output=True, text=True, check=False, timeout=30
        )
        assert not check or done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def popen(self, *words: str, **options: object) -> "subprocess.Popen[str]":
        return subprocess.Popen(self.command(*words), pass_fds=[self.descriptor], text=True, **options)

    def close(self) -> None:
        os.close(self.descriptor)


def wire(one: Net, name: str, other: Net, other_name: str) -> None:
    """A veth pair between two namespaces, both ends up."""
    subprocess.run(
        [
            *one.command("ip", "link", "add", name, "type", "veth", "peer", "name", other_name),
            *("netns", f"/proc/self/fd/{other.descriptor}"),
        ],
        pass_fds=[one.descriptor, other.descriptor],
        check=True,
        timeout=30,
    )
    one.run("ip", "link", "set", name, "up")
    other.run("ip", "link", "set", other_name, "up")


def address(net: Net, name: str, *addresses: str) -> None:
    for text in addresses:
        net.run("ip", "addr", "add", text, "dev", name, *(["nodad"] if ":" in text else []))


ZONES = {"mgmt": 10, "pc": 20, "cam": 60}


def site(permits: str = "", label: str = "Small clinic") -> str:
    """A clinic of three zones with two families and one device each, and an uplink."""
    return f"""version: 1
clinic:
  label: "{label}"
  region: other
  languages: [en]
  timezone: UTC
  contacts: {{owner: {{label: "Practice owner"}}}}
uplinks:
  fibre:
    port: eth0
    ipv4: {{address: 203.0.113.2/24, gateway: 203.0.113.1}}
    ipv6: {{address: "2001:db8:ffff::2/64", gateway: "2001:db8:ffff::1"}}
trunk: {{port: eth1}}
zones:
  mgmt: {{role: mgmt, vlan: 10, ipv4: 10.20.10.1/24, ipv6: "2001:db8:20:10::1/64"}}
  pc: {{role: pc, vlan: 20, ipv4: 10.20.20.1/24, ipv6: "2001:db8:20:20::1/64"}}
  cam: {{role: cam, vlan: 60, ipv4: 10.20.60.1/24, ipv6: "2001:db8:20:60::1/64"}}
devices:
  admin: {{zone: mgmt, kind: admin-pc, mac: "02:00:00:20:10:11", ipv4: 10.20.10.11, ipv6: "2001:db8:20:10::11"}}
  reception-1: {{zone: pc, kind: pc, mac: "02:00:00:20:20:11", ipv4: 10.20.20.11, ipv6: "2001:db8:20:20::11"}}
  camera-1: {{zone: cam, kind: camera, mac: "02:00:00:20:60:11", ipv4: 10.20.60.11, ipv6: "2001:db8:20:60::11"}}
permits:
  view:
    from: reception-1
    to: camera-1
    services: [rtsp]
    reason: "Reception sees the door"
    owner: "Practice owner"
    expires: 2099-01-01
{permits}"""


SECOND_PERMIT = """  view-all:
    from: pc
    to: camera-1
    services: [rtsp]
    reason: "Every PC sees the door"
    owner: "Practice owner"
    expires: 2099-01-01
"""


def gateway_links(net: Net) -> None:
    """The interfaces the small clinic speaks of, as ends of veth pairs within one namespace."""
    for name in ("eth0", *(f"eth1.{vlan}" for vlan in ZONES.values())):
        net.run("ip", "link", "add", name, "type", "veth", "peer", "name", f"far-{name[-4:]}")
        net.run("ip", "link", "set", name, "up")
        net.run("ip", "link", "set", f"far-{name[-4:]}", "up")
