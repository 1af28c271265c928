"""Sites for the lab's tests: a shipped example, and a small one with every form of uplink and address.

May live here: these fixtures. May not: namespaces (the tests that need them make them).
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.lab.topology import plan
from ruleset.load import load_site
from ruleset.resolved import ResolvedSite

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[3] / "ruleset/examples"

SMALL = """
version: 1
clinic:
  label: "Small clinic"
  region: fr
  languages: [fr]
  timezone: Europe/Paris
  contacts: {owner: {label: "Practice owner"}}
uplinks:
  fibre: {port: eth0, ipv4: dhcp, ipv6: ra}
  mobile: {port: wwan0, ipv4: dhcp, ipv6: none}
trunk: {port: eth1}
zones:
  mgmt: {role: mgmt, vlan: 10, ipv4: 10.20.10.1/24, ipv6: "2001:db8:20:10::1/64"}
  pc: {role: pc, vlan: 20, ipv4: 10.20.20.1/24, ipv6: "2001:db8:20:20::1/64",
       dhcp: {first: 10.20.20.100, last: 10.20.20.101}}
  srv: {role: srv, vlan: 30, ipv4: 10.20.30.1/24, ipv6: "2001:db8:20:30::1/64"}
  cam: {role: cam, port: eth2, ipv4: 10.20.60.1/24}
  guest: {role: guest, vlan: 80, ipv4: 10.20.80.1/24, ipv6: "2001:db8:20:80::1/64",
          dhcp: {first: 10.20.80.100, last: 10.20.80.199}}
devices:
  admin: {zone: mgmt, mac: "02:00:00:10:00:05", ipv4: 10.20.10.5, ipv6: "2001:db8:20:10::5", kind: admin-pc}
  reception-1: {zone: pc, mac: "02:00:00:20:00:11", ipv4: 10.20.20.11, ipv6: "2001:db8:20:20::11", kind: pc}
  reception-2: {zone: pc, mac: "02:00:00:20:00:12", kind: pc}
  reception-3: {zone: pc, mac: "02:00:00:20:00:13", kind: pc}
  reception-4: {zone: pc, mac: "02:00:00:20:00:14", kind: pc}
  emr: {zone: srv, mac: "02:00:00:30:00:11", ipv4: 10.20.30.11, ipv6: "2001:db8:20:30::11", kind: emr}
  camera-1: {zone: cam, mac: "02:00:00:60:00:11", ipv4: 10.20.60.11, kind: camera}
services:
  emr-app: {tcp: [8443]}
permits:
  pc-emr: {from: pc, to: emr, services: [emr-app], reason: "Medical record", owner: "Practice owner",
           expires: 2036-03-31}
dns:
  upstreams: [198.51.100.53]
  lists: {malware: {path: malware.hosts}}
  zones: {pc: {lists: [malware]}}
video:
  calls: {zones: [pc], platforms: [zoom], reason: "Consultations", owner: "Practice owner", expires: 2036-03-31}
"""


def resolve(text: str, name: str = "site.yaml") -> ResolvedSite:
    result = load_site(text.encode(), name, NOW)
    assert result.resolved is not None, [problem.line() for problem in result.problems]
    return result.resolved


@pytest.fixture(scope="session")
def small():
    """A ResolvedSite without fixed uplinks, with devices that have no fixed address and a zone without devices."""
    return resolve(SMALL)


@pytest.fixture(scope="session")
def small_topology(small):
    return plan("t1", small)


@pytest.fixture(scope="session")
def japan():
    """The Japanese example."""
    path = EXAMPLES / "naika-clinic.yaml"
    return resolve(path.read_text(), str(path))


@pytest.fixture
def site_file(tmp_path):
    """The small site as a file."""
    path = tmp_path / "site.yaml"
    path.write_text(SMALL)
    return path
