"""The collector of the checks: places, severities, ends."""

from datetime import date

from ruleset.check import Checks, check_site
from ruleset.context import Context
from ruleset.parse import parse_site
from tests.ruleset.written import NOW, SIGNED, permit, written


def checks(severity="error", **sections):
    parsed = parse_site(written(**sections), "site.yaml")
    return Checks(Context(parsed.site, NOW), parsed.document, severity), parsed


def test_an_error_stands_at_the_value():
    found, parsed = checks()
    found.error(("zones", "pc", "vlan"), "code", "what", "hint")
    (problem,) = found.problems
    assert problem.mark == parsed.document.values["zones", "pc", "vlan"]
    assert (problem.severity, problem.code, problem.what, problem.hint) == ("error", "code", "what", "hint")


def test_a_warning_is_one():
    found, _ = checks()
    found.warn(("zones",), "code", "what")
    assert found.problems[0].severity == "warning"


def test_an_end_that_has_passed_is_as_bad_as_the_reader_says():
    for severity in ("error", "warning"):
        found, parsed = checks(severity, permits={"visit": permit("pc", "emr", "rdp", expires="2026-05-31")})
        found.expiry(("permits", "visit"), date(2026, 5, 31))
        found.expiry(("permits", "visit"), date(2028, 3, 31))
        (problem,) = found.problems
        assert problem.severity == severity and "2026-05-31" in problem.what
        assert problem.mark == parsed.document.values["permits", "visit", "expires"]


def test_a_site_is_checked_for_its_network_and_its_policy():
    sections = {"zones": {"x": {"role": "pc", "vlan": 20, "ipv4": "10.9.9.1/24"}}, "packs": ["atlantis"]}
    found, parsed = checks(**sections)
    codes = {p.code for p in check_site(found.context, parsed.document, "error")}
    assert codes == {"interface-twice", "dangling"}


def test_everything_that_ends_is_looked_at():
    old = {"expires": "2026-05-31"}
    found, parsed = checks(
        permits={"a": permit("pc", "emr", "rdp", **old)},
        forwards={"b": {"uplink": "fibre", "protocol": "udp", "port": 5, "to": "emr"} | SIGNED | old},
        video={"c": {"zones": ["pc"], "platforms": ["zoom"]} | SIGNED | old},
        waivers={"d": {"covers": "a"} | SIGNED | old},
    )
    problems = check_site(found.context, parsed.document, "warning")
    assert [p.what.split(":")[0] for p in problems if p.code == "expired"] == ["a", "b", "c", "d"]
    assert {p.severity for p in problems} == {"warning"}
