"""A file whose shape is wrong somewhere is checked in all its other parts."""

from ruleset.load import load_site
from ruleset.parse import parse_site
from ruleset.salvage import about_what_is_left, salvage
from tests.ruleset.written import NOW, SIGNED, device, permit, problems, written


def saved(**sections):
    return salvage(parse_site(written(**sections), "s").document)


def test_a_broken_entry_is_left_out_and_named():
    site, left_out = saved(devices={"bad": device("pc", 1, kind="toaster"), "good": device("pc", 2)})
    assert "good" in site.devices and "bad" not in site.devices
    assert left_out == {"bad"}


def test_an_unknown_section_goes_alone():
    site, left_out = saved(colour={"a": 1})
    assert set(site.zones) >= {"pc", "srv"} and left_out == frozenset()


def test_a_broken_clinic_is_stood_in_for():
    site, _ = saved(clinic={"region": "mars", "label": 7})
    assert site.clinic.region == "other" and "pc" in site.zones


def test_shape_and_meaning_are_named_in_one_run():
    found = problems(
        clinic={"region": "mars"},
        devices={"bad": device("pc", 1, kind="toaster"), "lost": device("cellar", 2)},
        permits={"old": permit("pc", "emr", "rdp", expires="2026-05-31")},
        colour="red",
    )
    assert sorted(code for code, _ in found) == ["choice", "choice", "dangling", "expired", "unknown-key"]


def test_what_was_left_out_is_not_called_dangling():
    found = problems(
        zones={"bad": {"role": "dentist", "vlan": 33, "ipv4": "10.20.33.1/24"}},
        devices={"in-bad": device("bad", 1)},
        permits={"to-bad": permit("pc", "bad", "https"), "wrong": permit("pc", "nobody", "https")},
    )
    assert sorted(code for code, _ in found) == ["choice", "dangling"]
    assert [what for code, what in found if code == "dangling"] == [
        "wrong: 'nobody' is no zone, no device and no address"
    ]


def test_a_management_zone_with_a_mistake_is_not_missing():
    found = problems(
        zones={"mgmt": {"role": "mgmt", "vlan": "ten", "ipv4": "10.20.10.1/24"}}, devices={"admin-pc": None}
    )
    assert [code for code, _ in found] == ["type"]


def test_two_mistakes_in_one_list_do_not_take_the_other_lists_with_them():
    lists = {
        "malware": {"path": "malware.hosts"},
        "ads": {"path": "/etc/ads", "url": "http://ads.example/", "category": "advertising"},
    }
    zones = {"pc": {"lists": ["malware", "ads", "malwere"], "categories": ["advertising", "advertizing"]}}
    found = problems(dns={"lists": lists, "zones": zones})
    assert sorted(what for code, what in found if code == "dangling") == [
        "there is no category 'advertizing'",
        "there is no list 'malwere'",
    ]
    assert len(found) == 4


def test_other_complaints_are_kept():
    kept = load_site(written(waivers={"w": {"covers": "x"} | SIGNED}), "s", NOW).problems
    assert len(kept) == 1 and about_what_is_left(kept, frozenset()) == kept


def test_a_file_with_nothing_right_in_it_still_answers():
    assert {c for c, _ in problems(zones="x", uplinks=[], devices=7, clinic=None, permits={"p": 1})} >= {
        "type",
        "missing",
    }


def test_a_site_that_was_mended_for_checking_is_never_applied():
    assert load_site(written(clinic={"region": "mars"}), "s", NOW).resolved is None
