"""The names policy: whatever becomes different in it has a sentence and a risk."""

from dataclasses import replace

import pytest

from ruleset.model_dns import Dns, DnsList, DnsLog, DnsOverlay, DnsZone
from ruleset.plan import plan
from ruleset.plan_dns import dns_changes
from tests.ruleset.small_clinic import NOW, clinic, site

LISTS = {"malware": {"path": "a.hosts", "category": "bad"}, "ads": {"path": "b.hosts", "category": "ads"}}
HOURS = {"work": {"days": ("mon",), "from": "08:00", "to": "18:00"}}
OLD = clinic()
TIMES = {"days": ("tue",), "from": "20:00", "to": "06:00"}
POLICY = {
    "lists": ("ads",), "categories": ("ads",), "block": "null", "allow": ("a.example",), "deny": ("b.example",),
    "only": ("c.example",), "safe_search": True,
}  # fmt: skip
ENTRY = {
    "path": "c.hosts", "url": "https://lists.example/c", "label": "C", "category": "other", "licence": "CC0",
    "hours": 48, "minisign": "A" * 56, "sha256": "https://lists.example/c.sha",
}  # fmt: skip
WHOLE = {
    "upstreams": ("198.51.100.53",),
    "forward": {"closed": {"names": ("oqs-pdl.org",), "servers": ("198.51.100.9",)}},
    "lists": {**LISTS, "late": {"path": "late.hosts"}},
    "zones": {"pc": {"lists": ("malware",)}},
    "devices": {"room-1": {"deny": ("d.example",)}},
    "schedules": {"work": TIMES},
    "remove_ech": False,
    "log": {"detail": "off"},
}


def dns(**values):
    return replace(OLD, site=site(dns={"lists": LISTS, "schedules": HOURS, **values}))


def changes(old, new):
    return [(c.code, c.risk, c.text()) for c in dns_changes(old, new)]


def test_the_same_policy_changes_nothing():
    assert changes(dns(**{**WHOLE, "log": {}}), dns(**{**WHOLE, "log": {}})) == []


@pytest.mark.parametrize("field", WHOLE)
def test_no_change_of_the_part_is_silent(field):
    before, after = dns(), dns(**{field: WHOLE[field]})
    assert changes(before, after)
    assert changes(after, before)
    assert "Nothing changes" not in plan(before, after, NOW).text()


@pytest.mark.parametrize("field", POLICY)
@pytest.mark.parametrize(
    "within",
    [
        lambda policy: {"zones": {"pc": policy}},
        lambda policy: {"zones": {"pc": {"during": {"work": policy}}}},
        lambda policy: {"devices": {"room-1": policy}},
    ],
    ids=["zone", "hours", "device"],
)
def test_no_change_of_a_policy_is_silent(field, within):
    before, after = dns(**within({})), dns(**within({field: POLICY[field]}))
    (there,) = changes(before, after)
    (back,) = changes(after, before)
    assert there[0] != "dns-rewritten"
    assert there[2] != back[2]


@pytest.mark.parametrize("field", ENTRY)
def test_no_change_of_a_list_is_silent(field):
    (change,) = changes(dns(), dns(lists={**LISTS, "ads": {**LISTS["ads"], field: ENTRY[field]}}))
    assert change[0] == "dns-list-changed"
    assert f"{field} {ENTRY[field]} instead of" in change[2]


def test_the_tables_above_know_every_field():
    """Whoever adds a field to the model must say here how a plan tells it."""
    assert set(Dns.model_fields) == {*WHOLE, "protected"}
    assert set(DnsZone.model_fields) == {*POLICY, "during"}
    assert set(DnsOverlay.model_fields) == set(POLICY)
    assert set(DnsList.model_fields) == set(ENTRY)
    assert set(DnsLog.model_fields) == {"detail", "days"}


def test_lists_and_answers():
    plain = dns(zones={"pc": {"lists": ("malware",)}})
    assert changes(plain, dns(zones={"pc": {"lists": ("ads",)}})) == [
        ("dns-lists-added", "low", "zone pc is now filtered by ads, each once its file is there"),
        ("dns-lists-removed", "medium", "zone pc is no longer filtered by malware"),
    ]
    assert changes(plain, dns(zones={"pc": {"lists": ("malware",), "block": "null"}}))[0][0] == "dns-answer"
    assert "of none" in changes(dns(), dns(upstreams=("198.51.100.53",)))[0][2]


def test_only_a_few_names():
    few, more = ({"zones": {"cam": {"only": names}}} for names in (("a.example",), ("a.example", "b.example")))
    assert changes(dns(), dns(**few)) == [("dns-only", "low", "zone cam may now ask for nothing but a.example")]
    assert changes(dns(**few), dns(**more)) == [("dns-only-wider", "medium", "zone cam may now also ask for b.example")]
    assert changes(dns(**more), dns(**few))[0][:2] == ("dns-only-narrower", "low")
    assert changes(dns(**few), dns())[0][:2] == ("dns-only-ended", "medium")


def test_what_the_log_erases_is_a_warning():
    device, zone = dns(log={"detail": "device", "days": 30}), dns(log={"detail": "zone", "days": 7})
    coarser, days = dns_changes(device, zone)
    assert coarser.text().startswith("WARNING") and "erased at once" in coarser.text()
    assert {coarser.why, days.why} == {"erased-for-good"}
    assert {c.why for c in dns_changes(zone, device)} == {"personal-data"}


def test_a_devices_policy_is_judged_by_what_it_amounts_to():
    """Taking a device's own policy away gives it the zone's: here, more lists than it had."""
    loose = dns(zones={"pc": {"lists": ("malware",)}}, devices={"room-1": {"lists": ()}})
    strict = dns(zones={"pc": {"lists": ("malware",)}})
    assert changes(loose, strict)[0][:2] == ("dns-lists-added", "low")
    assert changes(strict, loose)[0] == (
        "dns-lists-removed",
        "medium",
        "device room-1 is no longer filtered by malware",
    )
    same = dns(zones={"pc": {"lists": ("malware",)}}, devices={"room-1": {"lists": ("malware",)}})
    assert [c[0] for c in changes(strict, same)] == ["dns-rewritten"]
