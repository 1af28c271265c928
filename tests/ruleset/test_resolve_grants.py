"""Everything that may be done, as one list of grants."""

from datetime import UTC, datetime
from ipaddress import ip_network

from ruleset.packs import BASE, LoadedPack, Pack, load_pack
from ruleset.resolve_grants import GUEST_RATE, matrix_grants, service_traffic
from ruleset.services import traffic
from tests.ruleset.written import SIGNED, context, device, load, permit


def grants(ident, **sections):
    return [g for g in load(**sections).grants if g.id == ident]


def ends(found):
    return {(g.source.label, g.target.label) for g in found}


def test_ports_of_several_services_are_one_traffic_for_each_protocol():
    looked = context(services={"x": {"tcp": [81, "443-445"], "udp": [9]}})
    assert service_traffic(looked, ("http", "https", "x", "echo")) == traffic(["80-81", "443-445"], [9], True)


def test_a_role_pair_is_every_pair_of_its_zones():
    zones = {
        "pc2": {"role": "pc", "vlan": 21, "ipv4": "10.20.21.1/24"},
        "srv2": {"role": "srv", "vlan": 31, "ipv4": "10.20.31.1/24"},
    }
    assert ends(grants("pack:base:pc-srv-web", zones=zones)) == {
        ("pc", "srv"), ("pc", "srv2"), ("pc2", "srv"), ("pc2", "srv2"),
    }  # fmt: skip


def test_a_grant_for_kinds_goes_to_devices_of_these_kinds_that_have_an_address():
    devices = {
        "files2": device("srv", 1, kind="file-server", ipv4="10.20.30.50"),
        "files3": device("srv", 2, kind="file-server"),
    }
    assert ends(grants("pack:base:pc-srv-files", devices=devices)) == {("pc", "files"), ("pc", "files2")}
    (back,) = grants("pack:base:srv-med-back")
    assert (back.source.label, back.target.label) == ("pacs", "xray")


def test_no_grant_stays_inside_one_zone():
    sections = {"permits": {"p": permit(["pc", "admin-pc"], ["emr", "mfp"], "ssh")}, "packs": ["jp", "imaging", "fr"]}
    assert not [g for g in load(**sections).grants if g.source.zone == g.target.zone]


def test_a_grant_inside_one_role_is_for_pairs_of_different_zones():
    pack = Pack.model_validate(
        {"pack": "x", "label": "x", "grants": {"g": {"from": "pc", "to": "pc", "services": ["ssh"], "why": "w"}}}
    )
    looked = context(zones={"pc2": {"role": "pc", "vlan": 21, "ipv4": "10.20.21.1/24"}})
    vars(looked)["packs"] = (load_pack(BASE), LoadedPack(pack=pack, file="x", lines={}))
    assert ends(g for g in matrix_grants(looked) if g.id == "pack:x:g") == {("pc", "pc2"), ("pc2", "pc")}


def test_every_grant_says_where_it_comes_from():
    for grant in load(packs=["jp"], permits={"p": permit("pc", "emr", "ssh")}).grants:
        assert grant.origin.why
        assert grant.origin.source == "core" or grant.origin.line > 1


def test_guests_have_a_rate_towards_the_internet_and_others_none():
    assert {g.rate for g in grants("pack:base:guest-internet-web")} == {GUEST_RATE}
    assert {g.rate for g in load().grants if g.source.zone != "guest"} == {None}


def test_a_zone_with_a_dynamic_range_reaches_the_dhcp_server():
    assert ends(grants("core:input:dhcp")) == {("guest", "gateway")}


def test_a_permit_is_every_pair_of_its_ends_until_it_ends():
    found = grants("permit:p", permits={"p": permit(["pc", "admin-pc"], ["emr", "198.51.100.0/28"], "ssh", "imaps")})
    assert ends(found) == {
        ("pc", "emr"), ("pc", "198.51.100.0/28"), ("admin-pc", "emr"), ("admin-pc", "198.51.100.0/28"),
    }  # fmt: skip
    assert {g.kind for g in found} == {"permit"} and not any(g.waived for g in found)
    assert {g.expires for g in found} == {datetime(2028, 3, 31, 15, 0, tzinfo=UTC)}
    assert {g.traffic for g in found} == {traffic([22, 993], [])}


def test_a_waived_permit_knows_it():
    waivers = {"w": {"covers": "p"} | SIGNED}
    (grant,) = grants("permit:p", permits={"p": permit("camera-1", "internet", "https")}, waivers=waivers)
    assert grant.waived and grant.source.networks == (ip_network("10.20.60.11"), ip_network("2001:db8:20:60::11"))


def test_a_platform_is_its_ranges_and_what_was_learned_for_its_names():
    video = {"v": {"zones": ["pc"], "devices": ["emr"], "platforms": ["zoom", "google-meet"]} | SIGNED}
    found = [g for g in load(video=video).grants if g.kind == "video"]
    assert {g.id for g in found} == {"video:v:zoom", "video:v:google-meet"}
    assert {g.source.label for g in found} == {"pc", "emr"}
    assert {(g.target.learned, bool(g.target.networks)) for g in found} == {(True, False), (False, True)}


def test_a_pack_grant_with_names_is_for_learned_addresses_alone():
    (grant,) = grants("pack:base:srv-internet-updates")
    assert grant.target.learned and grant.target.zone == "internet"


def test_the_matrix_needs_no_permits():
    looked = context(permits={"p": permit("pc", "emr", "ssh")})
    assert {g.kind for g in matrix_grants(looked)} == {"matrix"}
