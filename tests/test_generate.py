"""The generated clinics: valid, the same every time, quick to make, and with every feature in them."""

from collections import Counter
from time import process_time

import pytest

from ruleset.compile import compile_ruleset
from ruleset.evaluate import evaluate
from ruleset.invariants import check
from ruleset.render import render
from tests import generate
from tests.generate_packets import packets

SEEDS = range(200)


@pytest.fixture(scope="module")
def sites():
    started = process_time()
    found = {seed: generate.site(seed) for seed in SEEDS}
    assert process_time() - started < 10
    return found


def test_the_same_seed_gives_the_same_site_and_another_seed_another():
    assert generate.site_text(7) == generate.site_text(7)
    assert generate.site_text(7) != generate.site_text(8)


def test_the_same_seed_gives_the_same_packets(sites):
    known = generate.facts(sites[3], generate.live_state(sites[3], 3), 3)
    assert packets(sites[3], known, 3, 60) == packets(sites[3], known, 3, 60)
    assert packets(sites[3], known, 3, 60) != packets(sites[3], known, 4, 60)


def test_every_generated_site_compiles_renders_and_keeps_the_rules_of_the_house(sites):
    for seed, resolved in sites.items():
        ruleset = compile_ruleset(resolved, generate.live_state(resolved, seed), generate.LATER)
        assert check(resolved, ruleset) == [], f"seed {seed}"
        assert render(ruleset) == render(compile_ruleset(resolved, generate.live_state(resolved, seed), generate.LATER))


def test_every_feature_of_a_site_file_turns_up(sites):
    seen = Counter(feature for resolved in sites.values() for feature in _features(resolved))
    rare = {name: count for name, count in seen.items() if count < 5}
    assert not rare
    assert set(seen) >= {
        "IPv4-only zone", "IPv6-only zone", "port zone", "VLAN zone", "two uplinks", "dhcp uplink", "ra uplink",
        "no IPv6 outside", "no IPv4 outside", "no trunk", "unique local", "device without address", "long id",
        "permit to address", "permit to internet", "permit to gateway", "permit from zone", "permit from device",
        "waiver", "permit without waiver", "forward", "forward to another port", "video", "learned", "pack jp",
        "page", "page by overlay",
    }  # fmt: skip


def _features(resolved):
    site = resolved.site
    for zone in site.zones.values():
        yield "IPv4-only zone" if zone.ipv6 is None else "IPv6-only zone" if zone.ipv4 is None else "both families"
        yield "port zone" if zone.port else "VLAN zone"
    for segment in (s for s in resolved.segments if s.page):
        policy = site.dns.zones.get(segment.name)
        yield "page" if policy is not None and policy.block == "page" else "page by overlay"
        if zone.ipv6 is not None and zone.ipv6.is_private and str(zone.ipv6).startswith("fd"):
            yield "unique local"
    yield from ("no trunk" for _ in [0] if site.trunk is None)
    yield from ("two uplinks" for _ in [0] if len(site.uplinks) > 1)
    for uplink in site.uplinks.values():
        yield from (f"{u} uplink" for u in (uplink.ipv4, uplink.ipv6) if u in ("dhcp", "ra"))
        yield from (f"no IP{v} outside" for v, u in (("v4", uplink.ipv4), ("v6", uplink.ipv6)) if u == "none")
    yield from ("device without address" for h in resolved.hosts if not h.addresses)
    yield from ("long id" for z in site.zones if len(z) == 31)
    for grant in resolved.grants:
        if grant.kind == "permit":
            where = grant.target.zone if grant.target.zone in ("internet", "gateway") else "zone"
            yield "permit to address" if where == "internet" and grant.target.networks else f"permit to {where}"
            yield "permit from device" if grant.source.networks else "permit from zone"
            yield "waiver" if grant.waived else "permit without waiver"
        yield "learned" if grant.target.learned else grant.kind
    for forward in resolved.forwards:
        yield "forward" if forward.to_port == forward.port else "forward to another port"
    yield from (f"pack {p}" for p in site.packs)


def test_packets_meet_every_kind_of_decision(sites):
    fates = Counter()
    for seed in range(80):
        resolved, live = sites[seed], generate.live_state(sites[seed], seed)
        known = generate.facts(resolved, live, seed)
        ruleset = compile_ruleset(resolved, live, generate.LATER)
        for packet in packets(resolved, known, seed, 50):
            outcome = evaluate(ruleset, resolved, packet, known)
            fates[outcome.verdict, ":".join(outcome.rule_id.split(":")[:2])] += 1
            fates["translated"] += outcome.translated is not None
            fates["masqueraded"] += outcome.masqueraded
            fates["for the box"] += outcome.passed and not outcome.oif
    wanted = [
        *(("drop", what) for what in ("core:refused", "core:source", "core:quarantine", "core:forward", "refuse:base")),
        *(("accept", what) for what in ("pack:base", "core:input", "permit:permit-0", "forward:forward-0")),
        ("accept", "video:consultations"),
        *("translated", "masqueraded", "for the box"),
    ]
    assert {name: fates[name] for name in wanted if fates[name] < 5} == {}
