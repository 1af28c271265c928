"""A checked site with every name looked up."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from ruleset.parse import parse_site
from ruleset.resolve import resolve, site_origin
from ruleset.resolved import Outside
from ruleset.tree import PortRange
from tests.ruleset.written import NOW, SIGNED, device, load, permit, written


def test_every_zone_becomes_an_interface_with_its_subnets_in_the_order_of_the_file():
    clinic = load(zones={"door": {"role": "pc", "port": "eth2", "ipv6": "2001:db8:77:77::9/64"}})
    assert [s.ifname for s in clinic.segments][:3] == ["eth1.10", "eth1.20", "eth1.30"]
    door = clinic.segment("door")
    assert (door.ifname, door.role) == ("eth2", "pc")
    assert door.subnets == (ip_network("2001:db8:77:77::/64"),) and door.gateways == (ip_address("2001:db8:77:77::9"),)


def test_an_uplink_has_the_addresses_that_are_fixed():
    clinic = load(uplinks={"mobile": {"port": "wwan0", "ipv4": "dhcp", "ipv6": "none"}})
    fibre, mobile = clinic.outsides
    assert fibre.addresses == (ip_address("203.0.113.2"), ip_address("2001:db8:ffff::2"))
    assert mobile == Outside("mobile", "wwan0", (), ())


def test_devices_keep_what_the_kernel_can_tell_them_by():
    clinic = load(devices={"x": device("pc", 7, ipv4="10.20.20.50", label="受付", criticality=1)})
    host = clinic.host("x")
    assert (host.mac, host.addresses, host.criticality, host.label) == (
        "02:00:00:00:99:07", (ip_address("10.20.20.50"),), 1, "受付",
    )  # fmt: skip
    assert clinic.host("emr").label == "emr"


def test_the_always_refused_list_comes_from_the_packs_with_its_line():
    refusal = next(r for r in load().refusals if r.id == "refuse:base:telnet")
    assert refusal.traffic[0].ports == (PortRange(23, 23),)
    assert refusal.origin.file.endswith("base.yaml") and refusal.origin.line > 1 and refusal.origin.why


def test_a_forward_goes_to_every_address_of_its_device():
    forward = {"uplink": "fibre", "protocol": "udp", "port": 51820, "to": "emr"} | SIGNED
    clinic = load(forwards={"vpn": forward, "web": forward | {"protocol": "tcp", "port": 8443, "to_port": 443}})
    vpn, web = clinic.forwards
    assert vpn.addresses == clinic.host("emr").addresses and (vpn.port, vpn.to_port) == (51820, 51820)
    assert (web.id, web.port, web.to_port) == ("forward:web", 8443, 443)
    assert vpn.expires == datetime(2028, 3, 31, 15, 0, tzinfo=UTC)


def test_names_are_pinned_for_zones_and_for_single_devices():
    grants = {"a": {"zones": ["pc"], "platforms": ["zoom"]}, "b": {"devices": ["emr"], "platforms": ["google-meet"]}}
    clinic = load(video={name: grant | SIGNED for name, grant in grants.items()})
    names = {n.grant: n for n in clinic.video_names}
    assert names["video:a"].zone == "pc" and names["video:a"].clients == () and "zoom.us" in names["video:a"].domains
    assert names["video:b"].clients == (ip_network("10.20.30.11"), ip_network("2001:db8:20:30::11"))
    assert names["pack:base:srv-internet-updates"].zone == "srv"


def test_names_of_a_grant_that_has_ended_are_pinned_no_more():
    video = {"a": {"zones": ["pc"], "platforms": ["zoom"]} | SIGNED}
    parsed = parse_site(written(video=video), "s")
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert "video:a" in {n.grant for n in resolve(parsed.site, parsed.document, NOW).video_names}
    assert "video:a" not in {n.grant for n in resolve(parsed.site, parsed.document, later).video_names}


def test_protected_names_come_from_the_packs():
    assert load().protected_names == ()
    assert "onshikaku.org" in load(packs=["jp"]).protected_names
    assert load(packs=["jp", "fr"]).protected_names == tuple(sorted(load(packs=["fr", "jp"]).protected_names))


def test_waived_rules_of_the_house_hold_until_the_waiver_ends():
    waivers = {"w": {"covers": "cam-no-internet"} | SIGNED}
    parsed = parse_site(written(waivers=waivers), "s")
    assert resolve(parsed.site, parsed.document, NOW).waived_invariants == {"cam-no-internet"}
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert resolve(parsed.site, parsed.document, later).waived_invariants == frozenset()


def test_an_origin_is_a_line_of_the_file():
    data = written(permits={"p": permit("pc", "emr", "ssh")})
    parsed = parse_site(data, "clinic.yaml")
    origin = site_origin(parsed.document, ("permits", "p"), "why")
    assert data.decode().splitlines()[origin.line - 1].startswith("  p:")
    assert (origin.source, origin.file, origin.why) == ("site", "clinic.yaml", "why")
