"""A clinic whose names are answered by its own recursive resolver, for the tests of DNS in a lab.

Zone pc shows the block page and keeps encrypted DNS away; guest has safe search and NXDOMAIN; cameras know one name;
the eligibility terminal's names are known to a closed network's servers alone.

May live here: that site and the programs a device would run in it. May not: what is tested.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.lab import netns
from gateway.lab.enter import command, environment
from gateway.lab.folder import Folder, Record

ROOT = Path(__file__).parents[2]

PC, PC6, PC_GATEWAY, PC_GATEWAY6 = "10.20.20.11", "2001:db8:20:20::11", "10.20.20.1", "2001:db8:20:20::1"
GUEST_GATEWAY, GUEST_GATEWAY6 = "10.20.80.1", "2001:db8:20:80::1"
ELIG_GATEWAY, ELIG_GATEWAY6 = "10.20.25.1", "2001:db8:20:25::1"
CAM_GATEWAY = "10.20.60.1"
CLOSED, CLOSED6 = "198.51.100.130", "2001:db8:fffe:25::130"
STRANGERS = ("8.8.8.8", "2001:4860:4860::8888")  # a public resolver that everybody knows
LISTED = ("9.8.7.6", "2a00:5353::53")  # one that only lists know
SITE = f"""
version: 1
clinic:
  label: "Names clinic"
  region: jp
  languages: [en, ja]
  timezone: Asia/Tokyo
  domain: clinic.home.arpa
  contacts: {{owner: {{label: "Practice owner", phone: "+81 3 0000 0000"}}}}
uplinks:
  fibre: {{port: eth0, ipv4: dhcp, ipv6: ra}}
trunk: {{port: eth1}}
zones:
  mgmt: {{role: mgmt, vlan: 10, ipv4: 10.20.10.1/24, ipv6: "2001:db8:20:10::1/64"}}
  pc: {{role: pc, vlan: 20, ipv4: {PC_GATEWAY}/24, ipv6: "{PC_GATEWAY6}/64"}}
  elig: {{role: elig, vlan: 25, ipv4: {ELIG_GATEWAY}/24, ipv6: "{ELIG_GATEWAY6}/64"}}
  cam: {{role: cam, port: eth2, ipv4: {CAM_GATEWAY}/24}}
  guest: {{role: guest, vlan: 80, ipv4: {GUEST_GATEWAY}/24, ipv6: "{GUEST_GATEWAY6}/64"}}
devices:
  admin: {{zone: mgmt, mac: "02:00:00:10:00:05", ipv4: 10.20.10.5, ipv6: "2001:db8:20:10::5", kind: admin-pc}}
  reception-1: {{zone: pc, mac: "02:00:00:20:00:11", ipv4: {PC}, ipv6: "{PC6}", kind: pc}}
  terminal: {{zone: elig, mac: "02:00:00:25:00:11", ipv4: 10.20.25.11, ipv6: "2001:db8:20:25::11",
              kind: eligibility-terminal}}
  camera-1: {{zone: cam, mac: "02:00:00:60:00:11", ipv4: 10.20.60.11, kind: camera}}
  phone: {{zone: guest, mac: "02:00:00:80:00:11", ipv4: 10.20.80.11, ipv6: "2001:db8:20:80::11", kind: tablet}}
dns:
  forward:
    eligibility: {{names: [onshikaku.org, oqs-pdl.org], servers: [{CLOSED}, "{CLOSED6}"]}}
  lists:
    malware: {{path: malware.hosts, label: "Malware sites", category: malware}}
    bypass: {{path: doh.domains, label: "Other people's encrypted DNS", category: doh}}
    bypass-addresses: {{path: doh.addresses, category: doh-addresses}}
  zones:
    pc: {{lists: [malware, bypass], block: page, allow: [images.example.com]}}
    guest: {{lists: [malware, bypass], safe_search: true}}
packs: [jp]
"""


@dataclass(frozen=True)
class NamesClinic:
    """The lab that is up, and its programs."""

    lab: str
    folder: Folder
    record: Record

    def run(self, host: str, *words: str, check: bool = True, seconds: float = 60) -> str:
        """What a program prints that a person starts at that device. Fails with its words when it fails."""
        place = self.record.host(host)
        assert place is not None, host
        done = subprocess.run(
            command(self.folder, place, words), env=environment(self.folder, place, os.environ),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False, cwd=ROOT,
        )  # fmt: skip
        assert done.returncode == 0 or not check, f"{words}: {done.stdout[-500:]} {done.stderr[-500:]}"
        return done.stdout + done.stderr

    def dig(self, host: str, *words: str) -> "Told":
        """What dig says. Without `@server` it asks whom DHCP would have named."""
        return Told(self.run(host, "dig", "+tries=2", "+time=10", *words))

    def clinicgate(self, *words: str, check: bool = True) -> str:
        """What the product's own command says on the gateway."""
        return self.run("gateway", sys.executable, "-m", "gateway.cli", *words, check=check)

    def namespace(self, host: str) -> str:
        place = self.record.host(host)
        assert place is not None, host
        return place.namespace

    @contextmanager
    def inside(self, host: str) -> Iterator[None]:
        """This thread at that device: what it opens is opened there."""
        with netns.inside_named(self.namespace(host)):
            yield


@dataclass(frozen=True)
class Told:
    """What dig printed."""

    text: str

    @property
    def status(self) -> str:
        return self.text.partition("status: ")[2].partition(",")[0]

    @property
    def flags(self) -> list[str]:
        return self.text.partition(";; flags: ")[2].partition(";")[0].split()

    @property
    def answers(self) -> list[str]:
        """`type rdata` of each answer."""
        lines = self.text.partition("ANSWER SECTION:\n")[2].partition("\n\n")[0].splitlines()
        return [" ".join(line.split()[3:]) for line in lines]

    @property
    def error(self) -> str:
        """The Extended DNS Error."""
        return self.text.partition("; EDE: ")[2].partition("\n")[0]
