"""A real wire between the gateway and one device, each in a namespace: the resolver serves it, dnsmasq gives addresses.

`Lan` is entered by the test's thread, so that a resolver started there lives in the gateway's namespace. The DHCP
client is the least that gets an address (RFC 2131): discover, request, and what the server acknowledged.
"""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from tests.gateway.enforcer.nets import Net, address, gateway_links, wire

PATIENCE = 20.0
GATEWAY, GATEWAY6 = "10.20.20.1", "2001:db8:20:20::1"
ROAMING, STRANGER = "02:00:00:20:00:12", "02:00:00:20:00:99"
SITE = f"""version: 1
clinic: {{label: Clinic, region: other, languages: [en], timezone: UTC, domain: clinic.example,
  contacts: {{owner: {{label: Owner}}}}}}
uplinks: {{net: {{port: eth0, ipv4: {{address: 203.0.113.2/24, gateway: 203.0.113.1}}}}}}
trunk: {{port: eth1}}
zones:
  admin: {{role: mgmt, vlan: 10, ipv4: 10.20.10.1/24}}
  pc: {{role: pc, vlan: 20, ipv4: {GATEWAY}/24, ipv6: "{GATEWAY6}/64",
    dhcp: {{first: 10.20.20.100, last: 10.20.20.199}}}}
devices:
  roaming: {{zone: pc, mac: "{ROAMING}", kind: laptop}}
dns:
  upstreams: [203.0.113.53]
  zones: {{pc: {{only: [nothing.example]}}}}
  devices: {{roaming: {{block: "null"}}}}
"""
_COOKIE = b"\x63\x82\x53\x63"
_FIXED = struct.Struct("!BBBBIHH4s4s4s4s16s192x4s")
_MESSAGE, _SERVER, _WANTED, _NAME = 53, 54, 50, 12


class Lan:
    """`gateway` has the zones' interfaces, `device` the far end of zone pc's."""

    def __init__(self) -> None:
        self.gateway, self.device = Net(), Net()
        with self.gateway.enter():
            gateway_links(self.gateway)
        self.gateway.run("ip", "link", "del", "eth1.20")
        wire(self.gateway, "eth1.20", self.device, "lan")
        address(self.gateway, "eth1.20", f"{GATEWAY}/24", f"{GATEWAY6}/64")

    def wear(self, mac: str) -> None:
        """The device has this MAC from now on; what it knew of its neighbours is gone."""
        for words in ("link set lan down", f"link set lan address {mac}", "link set lan up"):
            self.device.run("ip", *words.split())

    def ask(self, name: str, port: int, *words: str, at: str = GATEWAY) -> str:
        """What dig says to the device, in short; `status: NXDOMAIN` when there is no such name."""
        done = self.device.run("dig", "+nocookie", "+tries=3", "+time=5", f"@{at}", "-p", str(port), name, *words)
        if "status: NXDOMAIN" in done:
            return "status: NXDOMAIN"
        answers = done.partition("ANSWER SECTION:\n")[2].partition("\n\n")[0]
        return "\n".join(line.split()[-1] for line in answers.splitlines())

    def close(self) -> None:
        self.gateway.close()
        self.device.close()


@contextmanager
def dnsmasq(net: Net, folder: Path) -> Iterator[Path]:
    """A real DHCP server for zone pc; answer: its lease file."""
    folder.chmod(0o755)
    leases, log = folder / "leases", folder / "log"
    words = (
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--group=root",
        "--interface=eth1.20", "--bind-interfaces", "--dhcp-range=10.20.20.100,10.20.20.199,1h", "--no-ping",
        f"--dhcp-leasefile={leases}", f"--pid-file={folder / 'pid'}", "--dhcp-authoritative", "--log-dhcp",
    )  # fmt: skip
    with log.open("w") as said:
        process = net.popen(*words, stderr=said, stdout=said)
    try:
        yield leases
    finally:
        process.kill()
        process.wait(PATIENCE)


def dhcp(net: Net, mac: str, host_name: str) -> IPv4Address:
    """Get an address for `mac` under that name, and put it on the device's interface."""
    found: list[IPv4Address] = []

    def talk() -> None:
        with net.enter(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lan\0")
            client.bind(("0.0.0.0", 68))
            name = bytes((_NAME, len(host_name))) + host_name.encode()
            offer = _exchange(client, mac, bytes((_MESSAGE, 1, 1)) + name, 2)
            wanted = bytes((_WANTED, 4)) + offer[0] + bytes((_SERVER, 4)) + offer[1][_SERVER]
            found.append(IPv4Address(_exchange(client, mac, bytes((_MESSAGE, 1, 3)) + wanted + name, 5)[0]))

    thread = threading.Thread(target=talk)
    thread.start()
    thread.join(PATIENCE * 2)
    assert found, "no address by DHCP"
    net.run("ip", "addr", "add", f"{found[0]}/24", "dev", "lan")
    return found[0]


def _exchange(client: socket.socket, mac: str, options: bytes, kind: int) -> tuple[bytes, dict[int, bytes]]:
    """Send until an answer of that kind comes: the address it gives, its options."""
    hardware = bytes.fromhex(mac.replace(":", ""))
    head = _FIXED.pack(1, 1, 6, 0, 0x20202020, 0, 0x8000, b"", b"", b"", b"", hardware, _COOKIE)
    for _ in range(20):
        client.sendto(head + options + b"\xff", ("255.255.255.255", 67))
        if select.select([client], [], [], 1.0)[0]:
            data = client.recv(2048)
            told = dict(_options(data[_FIXED.size :]))
            if told.get(_MESSAGE) == bytes((kind,)):
                return data[16:20], told
    raise AssertionError(f"no DHCP message of type {kind}")


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 1 < len(data) and data[at] != 255:
        if data[at]:
            yield data[at], data[at + 2 : at + 2 + data[at + 1]]
            at += 1 + data[at + 1]
        at += 1
