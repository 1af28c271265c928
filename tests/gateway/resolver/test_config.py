"""From an applied site to what the resolver needs of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from filters import names
from filters.dns_exchange import Upstream
from gateway.resolver.config import ResolverConfig, config_of, suffix_names
from ruleset.load import load_site
from ruleset.resolved import ResolvedSite
from tests.ruleset import dns_site
from tests.ruleset.dns_site import NOW, site

EXAMPLES = Path(__file__).parents[3] / "ruleset" / "examples"


def config(example: str) -> ResolverConfig:
    path = EXAMPLES / f"{example}.yaml"
    loaded = load_site(path.read_bytes(), str(path), datetime(2026, 12, 1, tzinfo=UTC))
    assert loaded.resolved is not None, loaded.problems
    return config_of(loaded.resolved)


def config_with(dns: str) -> ResolverConfig:
    loaded = load_site(site(dns), "site.yaml", NOW)
    assert loaded.resolved is not None, loaded.problems
    return config_of(loaded.resolved)


def test_the_french_example() -> None:
    found = config("cabinet-fr")
    assert [upstream.address for upstream in found.upstreams] == ["198.51.100.53", "2001:db8:fffe::53"]
    zones = {zone.name: zone for zone in found.zones}
    assert (zones["wifi"].policy.lists, zones["wifi"].policy.block) == (("malware", "suivi"), "nxdomain")
    assert zones["patients"].policy.block == "null"
    assert all(zone.addresses and zone.networks for zone in found.zones)
    assert all(address in network for zone in found.zones for address in zone.addresses for network in zone.networks
               if address.version == network.version)  # fmt: skip
    assert found.lists["malware"] == "malware.hosts"
    assert "ameli.fr" in found.protected


def test_approved_platforms_are_pinned_for_their_zone_and_protected() -> None:
    found = config("naika-clinic")
    zoom = names.from_text("zoom.us")
    assert {pin.zone for pin in found.pins if zoom in pin.suffixes} == {"pc"}
    assert "zoom.us" in found.protected


def test_a_grant_for_a_device_is_by_its_addresses() -> None:
    found = config("cabinet-fr")
    zoom = names.from_text("zoom.us")
    clients = {client for pin in found.pins if zoom in pin.suffixes for client in pin.clients}
    tablet = next(host for host in found.hosts if host.label == "tablette")
    assert clients == set(tablet.addresses)


@pytest.mark.parametrize("example", ["cabinet-fr", "dental-imaging", "naika-clinic"])
def test_every_device_and_the_gateway_have_a_name(example: str) -> None:
    found = config(example)
    assert found.hosts[0].label == "gateway"
    assert set(found.hosts[0].addresses) == {address for zone in found.zones for address in zone.addresses}
    assert len(found.hosts) > 8
    assert len({one.label for one in found.hosts}) == len(found.hosts)


def test_wildcards_stand_for_their_suffix_and_what_is_no_name_for_nothing() -> None:
    assert suffix_names(["*.zoom.us", "zoom.us", "a b", ""]) == {names.from_text("zoom.us")}


def test_upstreams_keep_their_transport_name_port_and_path() -> None:
    found = config_with("""
  upstreams:
    - 198.51.100.53
    - {server: 198.51.100.54, transport: tls, name: dns.example.net}
    - {server: "2001:db8::54", transport: https, name: dns.example.net, path: /q, port: 8443}
    - {server: 198.51.100.55, transport: quic, name: dns.example.net}
""")
    assert found.upstreams == (
        Upstream("198.51.100.53"),
        Upstream("198.51.100.54", 853, "tls", "dns.example.net"),
        Upstream("2001:db8::54", 8443, "https", "dns.example.net", "/q"),
        Upstream("198.51.100.55", 853, "quic", "dns.example.net"),
    )


def test_closed_names_go_where_the_site_says_and_nowhere_else() -> None:
    closed = config("naika-clinic").routes
    assert closed[names.from_text("oqs-pdl.org")] == (), "named by a pack, and no resolver given: nobody is asked"
    found = config_with("""
  upstreams: [198.51.100.53]
  forward: {network: {names: [closed.example], servers: [192.0.2.200, "2001:db8::200"]}}
""").routes
    assert found == {names.from_text("closed.example"): (Upstream("192.0.2.200"), Upstream("2001:db8::200"))}


def test_lists_of_addresses_are_not_the_resolvers():
    site = small_site(
        "  lists: {drop: {path: drop.json, category: addresses}, bad: {path: bad.txt}, "
        "around: {path: around.txt, category: doh-addresses}}"
    )
    assert dict(config_of(site).lists) == {"bad": "bad.txt"}


def test_public_resolvers_are_known_without_any_list():
    found = config_of(small_site("  log: {detail: zone}")).resolvers
    assert {"dns.google", "cloudflare-dns.com", "dns.quad9.net", "dns.nextdns.io"} <= set(found)


def small_site(dns: str) -> ResolvedSite:
    resolved = load_site(dns_site.site(dns), "site.yaml", dns_site.NOW).resolved
    assert resolved is not None
    return resolved
