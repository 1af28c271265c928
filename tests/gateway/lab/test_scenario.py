"""What a demo does, and what should come of it, chosen from the site."""

import pytest

from gateway.lab.names import lab_names
from gateway.lab.scenario import acts
from gateway.lab.topology import plan
from tests.gateway.lab.conftest import EXAMPLES, NOW, SMALL, resolve


def chosen(resolved):
    return acts(plan("t1", resolved), resolved, lab_names(resolved), NOW)


def by_words(resolved):
    return {act.words: act for act in chosen(resolved)}


@pytest.mark.parametrize("name", ["naika-clinic", "cabinet-fr", "dental-imaging"])
def test_every_example_shows_all_kinds(name):
    resolved = resolve((EXAMPLES / f"{name}.yaml").read_text())
    found = chosen(resolved)
    assert {act.kind for act in found} == {"browse", "service", "call", "name", "knock"}
    assert {act.passes for act in found if act.kind == "knock"} <= {False}
    assert all(act.passes for act in found if act.kind in ("browse", "service", "call"))
    assert len({act.id for act in found}) == len(found)


def test_a_permit_is_shown_as_a_service(small):
    act = by_words(small)["reception-1 uses emr, port 8443"]
    assert (act.passes, str(act.address), act.port) == (True, "10.20.30.11", 8443)


def test_a_call_goes_to_the_platforms_own_range(small):
    act = by_words(small)["reception-1 is in a Zoom call"]
    assert (act.protocol, str(act.address), act.port, act.passes) == ("udp", "3.7.35.10", 8801, True)


def test_a_camera_that_may_is_expected_to_get_through():
    """What should happen follows the site, not the kind of device."""
    waived = SMALL + (
        'waivers: {cam-cloud: {covers: cam-out, reason: "Cloud", owner: "Practice owner", expires: 2036-03-31},\n'
        '  quiet: {covers: cam-no-internet, reason: "Cloud", owner: "Practice owner", expires: 2036-03-31}}\n'
    )
    permit = "  cam-out: {from: camera-1, to: internet, services: [https], reason: r, owner: o, expires: 2036-03-31}\n"
    allowed = resolve(waived.replace("permits:\n", "permits:\n" + permit))
    assert by_words(allowed)["camera-1 knocks at the internet"].passes
    assert not by_words(resolve(SMALL))["camera-1 knocks at the internet"].passes


def test_names_on_a_list_are_asked_by_a_zone_that_has_lists(small):
    asked = [act for act in chosen(small) if act.kind == "name"]
    assert [act.host for act in asked] == ["reception-1"] * 2
    assert not any(act.passes for act in asked)


def test_ways_around_the_gateways_answers_are_tried(small):
    around = {words: act for words, act in by_words(small).items() if "8.8.8.8" in words}
    assert {(act.kind, act.port, act.passes) for act in around.values()} == {
        ("name", 443, False), ("knock", 853, False), ("knock", 443, False),
    }  # fmt: skip
    redirected = next(act for act in around.values() if act.kind == "name")
    assert [str(server) for server in redirected.servers] == ["8.8.8.8"]


@pytest.mark.parametrize(
    "dns",
    [
        "zones: {pc: {lists: [malware], allow: [malware.test]}}",
        "zones: {pc: {lists: [malware]}}\n  devices: {reception-1: {lists: []}}",
        "zones: {pc: {lists: [malware]}}\n  protected: [malware.test]",
    ],
)
def test_a_listed_name_that_the_site_allows_is_not_expected_to_be_blocked(dns):
    allowed = resolve(SMALL.replace("zones: {pc: {lists: [malware]}}", dns))
    assert [act for act in chosen(allowed) if act.kind == "name"] == []


@pytest.mark.parametrize("policy", ["only: [time.example.com]", "deny: [example.com]"])
def test_a_page_that_the_site_blocks_is_not_expected_to_open(policy):
    blocked = resolve(SMALL.replace("{lists: [malware]}}", "{lists: [malware], " + policy + "}}"))
    words = "reception-1 opens https://www.example.com/"
    assert words in by_words(resolve(SMALL))
    assert words not in by_words(blocked)
