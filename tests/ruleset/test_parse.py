"""From bytes to a Site, and the model's complaints in words that help."""

import pytest

from ruleset.document import read_document
from ruleset.model import Site
from ruleset.parse import model_problems, parse_site
from tests.ruleset.written import written


def complaints(**sections):
    return [p.line() for p in parse_site(written("minimal", **sections), "s").problems]


def one(**sections):
    found = complaints(**sections)
    assert len(found) == 1, found
    return found[0].split(": ", 2)[2]


def test_a_good_file_gives_a_site_and_its_places():
    parsed = parse_site(written("minimal"), "site.yaml")
    assert parsed.problems == []
    assert isinstance(parsed.site, Site) and parsed.site.zones["pc"].vlan == 20
    assert parsed.document.place(("zones", "pc")).line > 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"# nothing", "empty"),
        (b"- a", "type"),
        (b"7", "type"),
        (b"\xff", "not-utf8"),
        (b"a: [", "yaml"),
    ],
)
def test_what_is_no_site_file_at_all_gives_one_problem(data, code):
    parsed = parse_site(data, "s")
    assert parsed.site is None and [p.code for p in parsed.problems] == [code]


def test_an_unknown_key_gets_the_closest_known_one():
    assert one(zone={}) == "zone: unknown key 'zone' (did you mean 'zones'?)"


def test_an_unknown_key_that_resembles_nothing_gets_the_list():
    assert one(trunk={"port": "eth1", "xyzzy": 1}) == "trunk.xyzzy: unknown key 'xyzzy' (known here: port)"


def test_a_missing_key_comes_with_its_description():
    assert one(permits={"p": {"from": "pc", "to": "internet", "services": ["ssh"], "reason": "r", "owner": "o"}}) == (
        "permits.p: missing key 'expires' (Last day, for example 2027-03-31)"
    )


def test_a_wrong_choice_lists_the_choices():
    line = one(zones={"x": {"role": "dentist", "vlan": 9, "ipv4": "10.9.9.1/24"}})
    assert line.startswith("zones.x.role: 'dentist' is not one of the choices (choose 'mgmt', 'pc',")


def test_a_wrong_form_gets_the_description_of_the_field():
    line = one(devices={"x": {"zone": "pc", "mac": "nonsense", "kind": "pc"}})
    assert line == "devices.x.mac: 'nonsense' has the wrong form (Hardware address, for example 02:00:00:20:00:11)"


@pytest.mark.parametrize("name", ["Upper", "1st", "a b", "a" * 32, "", "a_b", "a.b", "é"])
def test_an_id_of_the_wrong_form_is_named(name):
    line = one(services={name: {"tcp": [1]}})
    assert line.endswith("cannot be an id (lower-case letters, digits and dashes, beginning with a letter, at most 31)")


@pytest.mark.parametrize("value", ["dhcpd", 7, ["dhcp"]])
def test_of_a_union_only_the_meant_branch_complains(value):
    assert "uplinks.x.ipv4" in one(uplinks={"x": {"port": "eth9", "ipv4": value}})


def test_a_mapping_where_a_word_could_stand_is_judged_as_a_mapping():
    line = one(uplinks={"x": {"port": "eth9", "ipv4": {"address": "192.0.2.2/24"}}})
    assert line.startswith("uplinks.x.ipv4: missing key 'gateway'")


def test_every_problem_is_named_in_one_run():
    found = complaints(
        trunk={"port": "much-too-long-a-name"},
        zones={"x": {"role": "dentist", "vlan": 0, "colour": "red"}},
        devices={"y": {"zone": "pc"}},
    )
    assert len(found) == 6
    assert len({line.split(": ")[2] for line in found}) >= 4


def test_long_and_nested_values_are_not_quoted_whole():
    line = one(clinic={"label": "x" * 5000})
    assert len(line) < 300
    assert "a mapping" in one(clinic={"label": {"a": 1}})


def test_complaints_point_at_the_value():
    text = b"version: 1\ntrunk: {port: 'not a port'}\n"
    problems = [p for p in parse_site(text, "s").problems if p.code == "format"]
    assert [(p.mark.line, p.mark.column) for p in problems] == [(2, 15)]


def test_complaints_of_a_model_are_given_once_for_each_place():
    from pydantic import ValidationError

    document = read_document(b"version: 2\n", "s")
    with pytest.raises(ValidationError) as caught:
        Site.model_validate(document.data)
    found = model_problems(caught.value, document)
    assert sorted(p.code for p in found) == ["choice", "missing", "missing", "missing"]
