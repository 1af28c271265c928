"""A small site around a `dns` part, for tests."""

from datetime import UTC, datetime

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEAD = """version: 1
clinic: {label: Clinic, region: other, languages: [en], timezone: UTC, contacts: {owner: {label: Owner}}}
uplinks: {net: {port: eth0, ipv4: {address: 203.0.113.2/24, gateway: 203.0.113.1}}}
trunk: {port: eth1}
zones:
  admin: {role: mgmt, vlan: 10, ipv4: 10.20.10.1/24}
  pc: {role: pc, vlan: 20, ipv4: 10.20.20.1/24}
devices:
  desk: {zone: pc, mac: "02:00:00:20:00:11", ipv4: 10.20.20.11, kind: pc}
  roaming: {zone: pc, mac: "02:00:00:20:00:12", kind: laptop}
dns:
"""


def site(dns: str) -> bytes:
    """The file; `dns` is indented by two, and may end with further sections."""
    return (HEAD + dns + "\n").encode()
