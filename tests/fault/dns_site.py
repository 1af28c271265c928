"""A clinic whose two zones have block lists of their own, for the tests of the resolver under stress.

May live here: its site, the command line on its gateway, and what a device is told. May not: what is tested.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.query

from filters.names import from_text
from gateway.lab import netns
from gateway.lab.kernel import load_ruleset
from tests.fault.clinic import Clinic, running

ROOT = Path(__file__).parents[2]
UPSTREAMS = ("198.51.100.53", "198.51.100.54")
GATEWAYS = {"pc": "10.30.20.1", "guest": "10.30.80.1"}
TABLE = "table inet storm {\n\tchain in {\n\t\ttype filter hook prerouting priority -300\n\t}\n}\n"
DEVICES = {"pc": "reception-1", "guest": "phone"}
SITE = """
version: 1
clinic:
  label: "Clinic in a storm"
  region: jp
  languages: [en]
  timezone: Asia/Tokyo
  domain: clinic.home.arpa
  contacts: {{owner: {{label: "Practice owner", phone: "+81 3 0000 0000"}}}}
uplinks:
  fibre: {{port: eth0, ipv4: dhcp, ipv6: ra}}
trunk: {{port: eth1}}
zones:
  mgmt: {{role: mgmt, vlan: 10, ipv4: 10.30.10.1/24}}
  pc: {{role: pc, vlan: 20, ipv4: 10.30.20.1/24}}
  guest: {{role: guest, vlan: 80, ipv4: 10.30.80.1/24}}
devices:
  admin: {{zone: mgmt, mac: "02:00:00:10:00:05", ipv4: 10.30.10.5, kind: admin-pc}}
  reception-1: {{zone: pc, mac: "02:00:00:20:00:11", ipv4: 10.30.20.11, kind: pc}}
  phone: {{zone: guest, mac: "02:00:00:80:00:11", ipv4: 10.30.80.11, kind: tablet}}
dns:
  upstreams: [{upstreams}]
  lists: {{{lists}}}
  zones:
    pc: {{lists: [{pc}], block: nxdomain}}
    guest: {{lists: [{guest}], block: "null"}}
"""


def site(lists: Mapping[str, str], pc: Iterable[str], guest: Iterable[str]) -> str:
    """The text: `lists` id -> file, and which of them each zone has."""
    told = ", ".join(f"{name}: {{path: {path}}}" for name, path in lists.items())
    return SITE.format(lists=told, pc=", ".join(pc), guest=", ".join(guest), upstreams=", ".join(UPSTREAMS))


class DnsClinic(Clinic):
    """The lab that is up."""

    def clinicgate(self, *words: str) -> str:
        """What the product's command says on the gateway. Fails with its words when it fails."""
        paths = self.folder.gateway
        done = subprocess.run(
            [sys.executable, "-m", "gateway.cli", *words],
            env={**os.environ, "CLINICGATE_STATE": str(paths.state), "CLINICGATE_RUN": str(paths.run)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout[-800:]} {done.stderr[-800:]}"
        return done.stdout

    def lists(self) -> dict[str, dict[str, Any]]:
        """What the resolver says about each of its lists; empty while it says nothing."""
        try:
            told = json.loads(self.folder.gateway.resolver_status.read_text())["lists"]
        except (OSError, ValueError):
            return {}
        return {one["id"]: one for one in told}

    def ask(self, zone: str, name: str, seconds: float = 5.0) -> tuple[str, list[str], str]:
        """(rcode, addresses, Extended DNS Error) that a device of the zone is told. Raises dns.exception.Timeout."""
        question = dns.message.make_query(name, "A", use_edns=0)
        with netns.inside(self.namespace(DEVICES[zone])):
            reply = dns.query.udp(question, GATEWAYS[zone], seconds)
        errors = [option.text for option in reply.options if isinstance(option, dns.edns.EDEOption)]
        addresses = [str(record) for rrset in reply.answer for record in rrset]
        return dns.rcode.to_text(reply.rcode()), addresses, errors[0] or "" if errors else ""

    @contextmanager
    def dead(self, upstreams: Iterable[str]) -> Iterator[None]:
        """Those upstreams answer nothing meanwhile."""
        internet = self.namespace("internet")
        load_ruleset(internet, f"{TABLE}add rule inet storm in ip daddr {{ {', '.join(upstreams)} }} drop\n")
        try:
            yield
        finally:
            load_ruleset(internet, "delete table inet storm\n")

    def remembers(self, names: Iterable[str]) -> bool:
        """Whether a successor of the resolver would know the addresses of all these names."""
        file = self.folder.gateway.resolver_cache
        left = file.read_bytes() if file.exists() else b""
        return all(from_text(name) in left for name in names)


@contextmanager
def stormy(lab: str, text: str) -> Iterator[DnsClinic]:
    """That clinic with its site confirmed; nothing of it is left afterwards, whatever happens."""
    with running(lab, text) as clinic:
        made = DnsClinic(lab, clinic.site)
        try:
            yield made
        finally:
            made.close()
