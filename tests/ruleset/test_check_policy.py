"""Complaints about permits, forwards, names, calls and waivers; tests/cases shows their places and words."""

import pytest

from tests.ruleset.written import SIGNED, device, permit, problems


def codes(**sections):
    return [code for code, _ in problems(**sections)]


def of_permit(source, target, *services, **rest):
    return codes(permits={"p": permit(source, target, *services)}, **rest)


def forward(**values):
    return {"uplink": "fibre", "protocol": "udp", "port": 51820, "to": "emr"} | SIGNED | values


WAIVED = {"w": {"covers": "p"} | SIGNED}


@pytest.mark.parametrize(
    ("source", "target", "services"),
    [
        ("pc", "emr", ["rdp", "postgresql"]),
        ("reception-1", "internet", ["ssh"]),
        ("reception-1", "camera-1", ["rtsp"]),
        ("emr", "xray", ["ssh"]),
        ("xray", "emr", ["https"]),
        ("mgmt", "med", ["ssh"]),
        ("pc", "gateway", ["ui"]),
        (["pc", "admin-pc"], ["emr", "files"], ["ssh"]),
        ("pc", "198.51.100.0/28", ["ipsec"]),
        ("mfp", "emr", ["https"]),
    ],
)
def test_what_the_roles_allow_needs_a_signature_alone(source, target, services):
    assert of_permit(source, target, *services) == []


@pytest.mark.parametrize(
    ("source", "target", "services"),
    [
        ("cam", "internet", ["https"]),
        ("xray", "internet", ["https"]),
        ("mfp", "198.51.100.7", ["submission"]),
        ("guest", "emr", ["https"]),
        ("emr", "reception-1", ["rdp"]),
        ("camera-1", "gateway", ["ui"]),
        ("pc", "camera-1", ["ssh"]),
        ("pc", "gateway", ["ssh"]),
        ("pc", "mgmt", ["https"]),
        ("pc", "emr", ["any"]),
        ("pc", "internet", ["smb"]),
        ("pc", "internet", ["smtp"]),
        ("emr", "internet", ["rdp"]),
        ("guest", "gateway", ["ui"]),
    ],
)
def test_what_they_do_not_needs_a_waiver_too(source, target, services):
    assert of_permit(source, target, *services) == ["needs-waiver"]
    assert of_permit(source, target, *services, waivers=WAIVED) == []


def test_each_pair_of_a_permit_is_judged():
    assert of_permit(["pc", "guest", "cam"], ["emr", "files"], "ssh") == ["needs-waiver"] * 2
    words = [what for _, what in problems(permits={"p": permit(["guest", "cam"], "emr", "ssh")})]
    assert words == ["p: cam to srv is closed by the default policy", "p: guest to srv is closed by the default policy"]


def test_a_waiver_that_has_ended_or_covers_another_does_not_help():
    ended = {"w": {"covers": "p"} | SIGNED | {"expires": "2026-05-31"}}
    assert sorted(of_permit("cam", "internet", "https", waivers=ended)) == ["expired", "needs-waiver"]
    other = {"w": {"covers": "q"} | SIGNED}
    assert sorted(of_permit("cam", "internet", "https", waivers=other)) == ["dangling", "needs-waiver"]


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("pc", "reception-1", "same-zone"),
        ("reception-1", "consult-1", "same-zone"),
        ("srv", "srv", "same-zone"),
        ("nobody", "emr", "dangling"),
        ("pc", "nobody", "dangling"),
        ("internet", "emr", "endpoint"),
        ("gateway", "emr", "endpoint"),
        ("198.51.100.7", "emr", "endpoint"),
        ("pc", "10.20.30.11", "endpoint"),
    ],
)
def test_ends_are_told_apart(source, target, code):
    assert of_permit(source, target, "https") == [code]


def test_ends_without_a_common_family_are_named():
    devices = {"four": device("pc", 1, ipv4="10.20.20.50"), "six": device("srv", 2, ipv6="2001:db8:20:30::50")}
    assert of_permit("four", "six", "https", devices=devices) == ["no-common-family"]
    assert of_permit("four", "2001:db8:fffe::1", "https", devices=devices) == ["no-common-family"]
    assert of_permit("four", "internet", "https", devices=devices) == []


@pytest.mark.parametrize(
    ("service", "codes_wanted"),
    [
        ({"label": "x"}, ["empty"]),
        ({"tcp": ["9-1"]}, ["port-range"]),
        ({"udp": ["1-70000", "0-2"]}, ["port-range"] * 2),
        ({"tcp": ["1-65535"]}, []),
        ({"tcp": [1], "udp": ["1-2"]}, []),
    ],
)
def test_a_service_has_ports(service, codes_wanted):
    assert codes(services={"x": service}) == codes_wanted


def test_a_service_takes_no_packs_name():
    assert codes(services={"https": {"tcp": [1]}}) == ["twice"]
    assert codes(services={"orca": {"tcp": [1]}}) == []
    assert codes(services={"orca": {"tcp": [1]}}, packs=["jp"]) == ["twice"]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, []),
        ({"uplink": "fiber"}, ["dangling"]),
        ({"to": "nobody"}, ["dangling"]),
        ({"to": "srv"}, ["dangling"]),
        ({"to": "camera-1"}, ["needs-waiver"]),
        ({"to": "xray"}, ["needs-waiver"]),
        ({"to": "mfp"}, ["needs-waiver"]),
        ({"to": "reception-1"}, []),
        ({"expires": "2026-05-31"}, ["expired"]),
        ({"to": "lost"}, ["no-address"]),
    ],
)
def test_a_forward_leads_to_a_device_that_may_be_seen(values, wanted):
    assert codes(forwards={"f": forward(**values)}, devices={"lost": device("srv", 1)}) == wanted


def test_a_waived_forward_may_lead_to_a_camera():
    waivers = {"w": {"covers": "forward:f"} | SIGNED}
    assert codes(forwards={"f": forward(to="camera-1")}, waivers=waivers) == []


def test_one_port_leads_to_one_device():
    two = {"f": forward(), "g": forward(to="files")}
    assert codes(forwards=two) == ["twice"]
    assert codes(forwards=two | {"g": forward(to="files", protocol="tcp")}) == []
    assert codes(forwards=two | {"g": forward(to="files", port=51821)}) == []


@pytest.mark.parametrize(
    ("dns", "wanted"),
    [
        ({"lists": {"a": {"path": "a.hosts"}}, "zones": {"pc": {"lists": ["a"]}}}, []),
        ({"zones": {"cellar": {}}}, ["dangling"]),
        ({"zones": {"pc": {"lists": ["a"]}}}, ["dangling"]),
        ({"lists": {"a": {"path": "a/../../b"}}}, ["path"]),
        ({"lists": {"a": {"path": "sub/a.hosts"}}}, []),
    ],
)
def test_dns_policy_names_zones_and_lists(dns, wanted):
    assert codes(dns=dns) == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"zones": ["pc"]}, []),
        ({"devices": ["reception-1"]}, []),
        ({}, ["empty"]),
        ({"zones": ["cellar"]}, ["dangling"]),
        ({"devices": ["nobody"]}, ["dangling"]),
        ({"zones": ["pc"], "platforms": ["pigeon"]}, ["dangling"]),
        ({"zones": ["cam"]}, ["needs-waiver"]),
        ({"zones": ["guest"]}, ["needs-waiver"]),
        ({"zones": ["srv"]}, []),
        ({"devices": ["camera-1"]}, ["needs-waiver"]),
        ({"devices": ["lost"]}, ["no-address"]),
        ({"zones": ["pc"], "expires": "2026-05-31"}, ["expired"]),
    ],
)
def test_calls_are_for_those_who_make_them(values, wanted):
    grant = {"platforms": ["zoom"]} | SIGNED | values
    assert codes(video={"v": grant}, devices={"lost": device("pc", 1)}) == wanted


def test_a_waived_grant_may_go_to_guests():
    waivers = {"w": {"covers": "video:v"} | SIGNED}
    assert codes(video={"v": {"zones": ["guest"], "platforms": ["zoom"]} | SIGNED}, waivers=waivers) == []


@pytest.mark.parametrize("covers", ["cam-no-internet", "med-no-internet", "prn-no-internet"])
def test_a_waiver_may_cover_a_rule_of_the_house(covers):
    assert codes(waivers={"w": {"covers": covers} | SIGNED}) == []


@pytest.mark.parametrize(
    "covers", ["default-drop", "admin-reaches-gateway", "quarantine-first", "nothing", "forward:x"]
)
def test_some_rules_have_no_exception(covers):
    assert codes(waivers={"w": {"covers": covers} | SIGNED}) == ["dangling"]


def test_packs_are_known():
    assert codes(packs=["jp", "atlantis"]) == ["dangling"]
