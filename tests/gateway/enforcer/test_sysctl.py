"""The kernel's switches, set in the namespace the thread is in."""

from pathlib import Path

import pytest

from gateway.enforcer import sysctl
from ruleset.load import load_site
from tests.gateway.enforcer.nets import site


def read(name: str) -> str:
    return (Path("/proc/sys/net") / name).read_text().strip()


@pytest.mark.netns
def test_a_router_routes_and_a_closed_box_does_not(net) -> None:
    assert sysctl.write(sysctl.ROUTER) == []
    assert {name: read(name) for name, _, _ in sysctl.ROUTER} == {name: value for name, value, _ in sysctl.ROUTER}
    sysctl.write(sysctl.CLOSED)
    assert (read("ipv4/ip_forward"), read("ipv6/conf/all/forwarding")) == ("0", "0")


def test_a_switch_that_is_not_there_is_said_and_the_others_are_set(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("0")
    (trouble,) = sysctl.write((("a/absent", "1", "why not"), ("b", "1", "")), tmp_path)
    assert "absent to 1 (why not)" in trouble
    assert (tmp_path / "b").read_text() == "1"


def test_a_switch_that_is_right_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1\n")
    (tmp_path / "a").chmod(0o400)
    assert sysctl.write((("a", "1", ""),), tmp_path) == []
    assert (tmp_path / "a").read_text() == "1\n"


def test_an_uplink_that_learns_its_address_goes_on_listening_to_its_router() -> None:
    from datetime import UTC, datetime

    learned = site().replace('ipv6: {address: "2001:db8:ffff::2/64", gateway: "2001:db8:ffff::1"}', "ipv6: ra")
    resolved = load_site(learned.encode(), "s", datetime.now(UTC)).resolved
    assert [(name, value) for name, value, _ in sysctl.uplinks(resolved)] == [("ipv6/conf/eth0/accept_ra", "2")]
    assert sysctl.uplinks(None) == ()
