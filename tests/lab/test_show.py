"""What a demo shows on a terminal and on none."""

import asyncio
import sys

import pytest

from gateway.client import EnforcerClient
from gateway.lab import view
from gateway.lab.show import CLEAR, Show
from gateway.program import program

pytestmark = pytest.mark.netns


def test_without_a_terminal_each_act_is_one_line_and_the_figures_come_last(clinic, capsys):
    status = asyncio.run(Show(clinic.site, clinic.resolved, 6, clinic.lab).run(0))
    out = capsys.readouterr().out
    assert "Owner's page: http://127.0.0.1:" in out
    assert "camera-1 knocks at the internet: is stopped" in out
    assert "reception-1 uses emr, port 8443: passes" in out
    assert f"lab exec gateway -- {program()} quarantine add reception-3" in out
    assert f"prove {clinic.site.absolute()} --live" in out
    assert f"lab exec gateway -- {program()} dns explain www.malware.test --from reception-1" in out
    assert view.WRONG not in out
    assert CLEAR not in out
    assert status == 0


def test_isolating_the_proposed_device_is_no_failure_of_the_demo(clinic):
    show = Show(clinic.site, clinic.resolved, 6, clinic.lab)
    with EnforcerClient(clinic.folder.gateway.enforcer_socket) as enforcer:
        enforcer.call("quarantine_add", device="reception-3", reason="rehearsal")
        try:
            assert asyncio.run(show.run(0)) == 0
        finally:
            enforcer.call("quarantine_remove", device="reception-3")


def test_a_name_that_a_person_allows_is_no_failure_of_the_demo(clinic, capsys):
    with EnforcerClient(clinic.folder.gateway.enforcer_socket) as enforcer:
        made = enforcer.call("dns_allow", name="www.malware.test", device="reception-1", minutes=5, reason="rehearsal")
        try:
            status = asyncio.run(Show(clinic.site, clinic.resolved, 8, clinic.lab).run(0))
        finally:
            enforcer.call("dns_disallow", id=made["id"])
    out = capsys.readouterr().out
    assert view.WRONG not in out
    assert "because a person allowed www.malware.test (allowance" in out
    assert status == 0


def test_on_a_terminal_the_picture_is_redrawn(clinic, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    asyncio.run(Show(clinic.site, clinic.resolved, 3, clinic.lab).run(0))
    out = capsys.readouterr().out
    assert out.count(CLEAR) >= 2
    assert "This is stopped" in out
