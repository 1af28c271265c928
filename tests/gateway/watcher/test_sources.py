"""Who and where: the interface decides the zone, the hardware address the device; guests are never told apart."""

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.applied import AppliedSite
from gateway.events import Source
from gateway.watcher.sources import Directory
from ruleset.load import load_site

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SITE = Path(__file__).parents[3] / "ruleset" / "examples" / "naika-clinic.yaml"
NAMES = {1: "eth0", 2: "eth1.60", 3: "eth1.20", 4: "eth1.80", 5: "eth9", 6: "eth1.30"}
CAMERA_MAC, OTHER_MAC = "02:00:0a:0a:3c:0b", "02:ff:ff:ff:ff:ff"


@pytest.fixture(scope="module")
def directory() -> Directory:
    resolved = load_site(SITE.read_bytes(), SITE.name, NOW).resolved
    assert resolved is not None
    return Directory(AppliedSite(1, resolved), lambda index: NAMES.get(index, ""))


@pytest.mark.parametrize(
    ("indev", "mac", "address", "source"),
    [
        (2, CAMERA_MAC, "10.10.60.11", Source("cam", "camera-1")),
        (2, CAMERA_MAC, "10.10.60.99", Source("cam", "camera-1")),  # it changed its address
        (3, CAMERA_MAC, "10.10.20.11", Source("pc", "camera-1")),  # it was plugged in elsewhere
        (3, OTHER_MAC, "10.10.20.11", Source("pc", "10.10.20.11")),  # somebody pretends to be reception-1
        (3, "", "10.10.20.11", Source("pc", "reception-1")),
        (4, "02:00:0a:0a:50:0b", "10.10.80.11", Source("guest", "")),  # guests are not told apart, declared or not
        (1, OTHER_MAC, "192.0.2.7", Source("internet", "192.0.2.7")),
        (0, "", "10.10.60.1", Source("gateway", "")),
        (5, CAMERA_MAC, "10.10.60.11", Source("", "")),  # no place we know: it might be a guest's
        (99, CAMERA_MAC, "10.10.60.11", Source("", "")),
    ],
)
def test_the_sender(directory: Directory, indev: int, mac: str, address: str, source: Source):
    assert directory.sender(indev, mac, ip_address(address)) == source


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("10.10.20.11", Source("pc", "reception-1")),
        ("2001:db8:10:20::11", Source("pc", "reception-1")),
        ("10.10.20.150", Source("pc", "10.10.20.150")),
        ("10.10.80.150", Source("guest", "")),
        ("192.0.2.1", Source("", "")),
    ],
)
def test_the_client_of_the_resolver(directory: Directory, address: str, source: Source):
    assert directory.client(ip_address(address)) == source


@pytest.mark.parametrize(
    ("outdev", "address", "target"),
    [
        (1, "198.51.100.7", ("internet", "198.51.100.7")),
        (0, "198.51.100.7", ("internet", "198.51.100.7")),
        (6, "10.10.30.11", ("srv", "emr")),
        (0, "10.10.30.11", ("srv", "emr")),
        (0, "10.10.60.1", ("gateway", "10.10.60.1")),
        (0, "203.0.113.2", ("gateway", "203.0.113.2")),
        (0, "ff02::1", ("gateway", "ff02::1")),
    ],
)
def test_the_target(directory: Directory, outdev: int, address: str, target: tuple[str, str]):
    assert directory.target(outdev, ip_address(address)) == target


def test_without_a_site_nobody_is_named():
    empty = Directory(None, lambda _: "eth0")
    assert empty.sender(3, CAMERA_MAC, ip_address("10.10.60.11")) == Source("", "")
    assert empty.target(0, ip_address("10.10.60.1")) == ("", "10.10.60.1")
