"""A site applied and confirmed as by a person at the page."""

import pytest

from gateway.client import EnforcerClient
from gateway.lab import person
from gateway.lab.errors import LabError

pytestmark = pytest.mark.netns


def test_the_site_is_applied_and_nothing_waits_for_a_confirm(clinic):
    with EnforcerClient(clinic.folder.gateway.enforcer_socket) as enforcer:
        before = enforcer.call("status")
        number = person.apply_and_confirm(clinic.site, clinic.lab)
        after = enforcer.call("status")
    assert number >= 1
    assert before != after or number == 1
    assert not after.get("pending")


def test_a_change_is_rehearsed_and_confirmed_by_the_same_person(clinic):
    applied = person.apply(clinic.site, 60, clinic.lab)
    with EnforcerClient(clinic.folder.gateway.enforcer_socket) as enforcer:
        assert enforcer.call("status")["pending"]["generation"] == applied["generation"]
        assert person.confirm(clinic.lab)["generation"] == applied["generation"]
        assert not enforcer.call("status")["pending"]


def test_a_policy_that_locks_the_administrator_out_cannot_be_confirmed(clinic, monkeypatch):
    monkeypatch.setattr(person, "PAGE_SECONDS", 0.5)
    monkeypatch.setattr(person, "CONNECT_SECONDS", 0.1)
    number = person.apply(clinic.site, 60, clinic.lab)["generation"]
    with EnforcerClient(clinic.folder.gateway.enforcer_socket) as enforcer:
        enforcer.call("quarantine_add", device="admin", reason="a rehearsal")
        try:
            with pytest.raises(LabError, match="does not answer admin"):
                person.confirm(clinic.lab)
            assert enforcer.call("status")["pending"]["generation"] == number
        finally:
            enforcer.call("quarantine_remove", device="admin")
            enforcer.call("rollback")


def test_the_administrators_pc_is_chosen_by_kind(clinic):
    assert person.admin_host(clinic.record, clinic.resolved).name == "admin"
    assert str(person.page_address(clinic.resolved)) == "10.20.10.1"


def test_who_cannot_reach_the_page_does_not_confirm(clinic, monkeypatch):
    monkeypatch.setattr(person, "PAGE_SECONDS", 0.2)
    monkeypatch.setattr(person, "CONNECT_SECONDS", 0.1)
    with pytest.raises(LabError, match="does not answer camera-1"):
        person.reach_page(clinic.record.host("camera-1"), person.page_address(clinic.resolved))


def test_a_broken_site_is_refused(clinic, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\n")
    with pytest.raises(LabError, match="clinicgate check"):
        person.apply_and_confirm(broken, clinic.lab)
