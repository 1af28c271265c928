"""The applied site as the enforcer hands it out: names, addresses, and no traceback for a broken answer."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.applied import AppliedSite, SiteUnreadableError, applied_site, from_answer
from gateway.client import EnforcerClient, EnforcerUnavailable
from ruleset.compile_page import PAGE_PORT
from tests.webui.seed import enforcer

TEXT = (Path(__file__).parents[2] / "ruleset" / "examples" / "naika-clinic.yaml").read_text()
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def site(text: str = TEXT, now: datetime = NOW) -> AppliedSite:
    applied = from_answer({"generation": 4, "site_text": text}, now)
    assert applied is not None
    return applied


def test_what_pages_need_of_it():
    applied = site()
    assert applied.generation == 4
    assert applied.timezone.key == "Asia/Tokyo"
    assert applied.management_addresses() == ["10.10.10.1", "2001:db8:10:10::1"]
    labels = {(label.type, label.id): label for label in applied.labels()}
    assert (labels["device", "camera-1"].label, labels["device", "camera-1"].role) == ("待合室カメラ", "camera")
    assert (labels["zone", "cam"].label, labels["zone", "cam"].role) == ("カメラ", "cam")
    assert labels["list", "malware"].label == "マルウェア配布サイト"
    facts = applied.facts()
    assert (facts["languages"], facts["technician_phone"]) == ("ja,en", "+81 3 0000 0002")


def test_the_block_page_is_where_names_are_answered_with_it():
    assert site().page_addresses() == {}
    paged = site(TEXT.replace("    pc: {lists: [malware]}", "    pc: {lists: [malware], block: page}"))
    assert paged.page_addresses() == {"10.10.20.1": "pc", "2001:db8:10:20::1": "pc"}
    assert paged.page_port == PAGE_PORT


def test_a_permit_that_expired_since_is_no_reason_to_fail():
    assert site(now=datetime(2031, 1, 1, tzinfo=UTC)).generation == 4


@pytest.mark.parametrize("answer", [{}, {"generation": None, "site_text": None}, {"generation": 0, "site_text": ""}])
def test_before_the_first_policy_there_is_none(answer: dict):
    assert from_answer(answer, NOW) is None


@pytest.mark.parametrize("answer", [{"generation": "4", "site_text": TEXT}, {"generation": 4, "site_text": ["x"]}])
def test_an_answer_of_another_shape_is_named(answer: dict):
    with pytest.raises(SiteUnreadableError, match="no text and number"):
        from_answer(answer, NOW)


def test_a_text_that_does_not_load_is_named_with_its_place():
    with pytest.raises(SiteUnreadableError, match=r"generation 4 does not load: applied/site\.yaml:1:1: error"):
        site("zones: 7")


def test_it_comes_over_the_socket(tmp_path: Path):
    path = tmp_path / "enforcer.sock"
    with pytest.raises(EnforcerUnavailable):
        applied_site(EnforcerClient(path), NOW)
    with enforcer(path, site={"generation": 9, "site_text": TEXT}), EnforcerClient(path) as client:
        applied = applied_site(client, NOW)
    assert applied is not None
    assert applied.generation == 9
