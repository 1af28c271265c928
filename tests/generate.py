"""Random clinics that are valid: the same seed gives the same site.yaml, in every run and on every machine.

May live here: making site files and what the enforcer would put into the named sets beside them. May not: packets
(generate_packets.py), the kernel, checks. Every feature of a site file turns up within 200 seeds; a test counts.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_interface
from random import Random
from typing import Any

import yaml

from ruleset.live import LiveState, Quarantined
from ruleset.load import load_site
from ruleset.packet import Facts, quarantine_facts
from ruleset.resolved import ResolvedSite

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)  # some permits have ended by then
SOON, YEARS = "2026-06-20", "2028-03-31"

ROLES = ("pc", "elig", "srv", "backup", "med", "prn", "cam", "staffwifi", "guest", "voip", "pay", "quar")
KINDS = {
    "mgmt": ("admin-pc",), "pc": ("pc", "laptop"), "elig": ("eligibility-terminal",),
    "srv": ("emr", "orca", "file-server", "pacs", "scan-share", "server"), "backup": ("backup", "nas"),
    "med": ("modality",), "prn": ("mfp", "printer"), "cam": ("camera", "nvr"), "staffwifi": ("tablet", "laptop"),
    "guest": ("other",), "voip": ("phone",), "pay": ("payment-terminal",), "quar": ("other",),
}  # fmt: skip
SERVICES = ("http", "https", "quic", "ssh", "smb", "dicom", "hl7", "ipp", "rtsp", "sip", "rtp", "rdp", "echo", "snmp",
            "smtp", "imaps", "ntp", "dns", "any", "wireguard")  # fmt: skip
PACK_SERVICES = {"jp": ("orca", "claim"), "fr": ("fse-mail",), "imaging": ("dicom-web",)}
OUTSIDE = ("198.51.100.7", "198.51.100.128/27", "203.0.113.200", "2001:db8:fffe::7", "2001:db8:fffe:25::/64", "9.9.9.9")
NO_CALLS = ("med", "cam", "prn", "quar", "guest", "backup")
NO_INTERNET = ("med", "cam", "prn")
HOSTILE = (
    '受付 "1"\n}',
    "a' ; drop",
    "x }\n\tadd rule inet clinicgate input accept #",
    "\u202eevil",
    "plain",
    "日本語 ラベル",
)
PERSON = "Practice owner"

Mapping = dict[str, Any]


def site_text(seed: int) -> str:
    """A site.yaml with every name and number chosen by `seed`, valid at NOW."""
    rng = Random(f"clinicgate site {seed}")
    site = _network(rng)
    zones = site["zones"]
    site["devices"] = _devices(rng, zones)
    site["packs"] = rng.sample(sorted(PACK_SERVICES), rng.choice((0, 1, 1, 2)))
    site["services"] = _services(rng)
    site["permits"] = _permits(rng, site)
    site["forwards"] = _forwards(rng, site)
    site["video"] = _video(rng, site)
    site["dns"] = _dns(rng, site)
    site["waivers"] = _waivers(rng, site)
    return _text(site)


def site(seed: int) -> ResolvedSite:
    """The same, loaded. AssertionError names the problems when the generator has made something that is not valid."""
    text = site_text(seed)
    result = load_site(text.encode(), f"generated-{seed}.yaml", NOW)
    assert result.resolved is not None, "\n".join([text, *(p.line() for p in result.problems)])
    return result.resolved


def live_state(resolved: ResolvedSite, seed: int) -> LiveState:
    """A few isolated devices: by MAC, by address, by both."""
    rng = Random(f"clinicgate live {seed}")
    chosen = rng.sample(resolved.hosts, min(len(resolved.hosts), rng.choice((0, 0, 1, 2))))
    return LiveState(
        tuple(
            Quarantined(h.name, h.mac if rng.random() < 0.8 else "", tuple(map(str, h.addresses)), "test", PERSON, NOW)
            for h in chosen
        )
    )


def facts(resolved: ResolvedSite, live: LiveState, seed: int) -> Facts:
    """What stands in the named sets: the isolated devices, feeds of attackers and of resolvers, learned addresses."""
    rng = Random(f"clinicgate facts {seed}")
    known = quarantine_facts(live)
    if rng.random() < 0.5:
        known = known.with_elements("feed4", [(ip_interface("198.51.100.64/28").network,)])
        known = known.with_elements("feed6", [(ip_interface("2001:db8:fffe:bad::/64").network,)])
    if rng.random() < 0.5:
        known = known.with_elements("doh4", [(ip_interface("198.51.100.128/30").network,)])
        known = known.with_elements("doh6", [(ip_interface("2001:db8:fffe:25::/64").network,)])
    for host in resolved.hosts:
        for address in host.addresses:
            if rng.random() < 0.3:
                learned = "198.51.100.99" if address.version == 4 else "2001:db8:fffe::99"
                pair = (ip_interface(address).network, ip_interface(learned).network)
                known = known.with_elements(f"pin{address.version}", [pair])
    return known


def element_lines(known: Facts, table: str = "inet clinicgate") -> str:
    """The same sets as nft text."""
    lines = []
    for name, elements in known.sets.items():
        words = [" . ".join(str(p).removesuffix("/32").removesuffix("/128") for p in e) for e in elements]
        if words:
            lines.append(f"add element {table} {name} {{ {', '.join(words)} }}")
    return "".join(f"{line}\n" for line in lines)


def _text(site: Mapping) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(site, Dumper=dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=200))


def _network(rng: Random) -> Mapping:
    zones = _zones(rng)
    network: Mapping = {
        "version": 1,
        "clinic": {
            "label": rng.choice(HOSTILE),
            "region": rng.choice(("jp", "fr", "us", "other")),
            "languages": rng.choice((["ja", "en"], ["fr"], ["en"])),
            "timezone": rng.choice(("Asia/Tokyo", "Europe/Paris", "UTC", "America/New_York")),
            "contacts": {"owner": {"label": PERSON}},
        },
        "uplinks": _uplinks(rng),
        "zones": zones,
    }
    if any("vlan" in z for z in zones.values()) or rng.random() < 0.5:
        network["trunk"] = {"port": "eth1"}
    return network


def _uplinks(rng: Random) -> Mapping:
    found: Mapping = {}
    for number in range(rng.choice((1, 1, 1, 2, 3))):
        v4: Any = {"address": f"203.0.113.{64 * number + 2}/26", "gateway": f"203.0.113.{64 * number + 1}"}
        v6: Any = {"address": f"2001:db8:ffff:{number}::2/64", "gateway": f"2001:db8:ffff:{number}::1"}
        if rng.random() < 0.15:
            v6["gateway"] = "fe80::1"
        ipv4, ipv6 = rng.choice((v4, v4, "dhcp", "none")), rng.choice((v6, v6, "ra", "none"))
        if ipv4 == ipv6 == "none":
            ipv4 = v4
        port = ("eth0", "wan1", "ppp0")[number]
        found[("fibre", "cable", "mobile")[number]] = {"port": port, "ipv4": ipv4, "ipv6": ipv6}
        if rng.random() < 0.3:
            found[("fibre", "cable", "mobile")[number]]["rate"] = {"down": 500, "up": 0.5}
    return found


def _zones(rng: Random) -> Mapping:
    ports, found = ["eth2", "eth3", "eth4", "lan9"], {}
    no_trunk = rng.random() < 0.1
    roles = ["mgmt", *rng.choices(ROLES, k=3 if no_trunk else rng.randint(2, 8))]
    rng.shuffle(roles)
    for number, role in enumerate(roles, 1):
        name = role if role not in found else f"{role}-{number}"
        if rng.random() < 0.05:
            name = f"{role}-{number}-".ljust(31, "x")
        zone: Mapping = {"role": role}
        if ports and (no_trunk or rng.random() < 0.25):
            zone["port"] = ports.pop(0)
        else:
            zone["vlan"] = number * 10 if rng.random() < 0.9 else 4094 - number
        if rng.random() < 0.5:
            zone["label"] = rng.choice(HOSTILE)
        found[name] = zone | _subnets(rng, number)
    return found


def _subnets(rng: Random, number: int) -> Mapping:
    """The zone's gateway addresses: both families mostly, sometimes one of them."""
    host = rng.choice((1, 1, 2, 14))
    v4 = rng.choice((f"10.20.{number}.{host}/24", f"192.168.{number}.{host}/25", f"172.16.{number}.{host}/28"))
    v6 = rng.choice((f"2001:db8:20:{number:x}::{host:x}/64", f"fd00:c11:{number:x}::{host:x}/64"))
    families = rng.choice((("ipv4", "ipv6"),) * 5 + (("ipv4",), ("ipv4",), ("ipv6",)))
    found: Mapping = {key: value for key, value in (("ipv4", v4), ("ipv6", v6)) if key in families}
    if "ipv4" in found and not v4.endswith("/28") and rng.random() < 0.4:
        net = ip_interface(v4).network.network_address
        found["dhcp"] = {"first": str(net + 100), "last": str(net + 119)}
    return found


def _devices(rng: Random, zones: Mapping) -> Mapping:
    found: Mapping = {}
    for zone_number, (name, zone) in enumerate(zones.items(), 1):
        for number in range(rng.choice((0, 1, 1, 2, 3))):
            device = {"zone": name, "kind": rng.choice(KINDS[zone["role"]])}
            device["mac"] = f"02:00:00:00:{zone_number:02x}:{number + 1:02x}"
            for family in ("ipv4", "ipv6"):
                if family in zone and rng.random() < 0.85:
                    device[family] = str(ip_interface(zone[family]).network.network_address + 5 + number)
            if rng.random() < 0.5:
                device |= {"label": rng.choice(HOSTILE), "criticality": rng.randint(1, 4), "data": "health"}
            found[f"dev-{zone_number}-{number}"] = device
    return found


def _services(rng: Random) -> Mapping:
    choices: Mapping = {
        "emr-app": {"label": "EMR", "tcp": [8443]},
        "wide-range": {"tcp": ["5000-5010", 5011, 7000], "udp": ["6000-6999"]},
        "vendor-udp": {"udp": [55777, "137-139"]},
        "edges": {"tcp": [1, 65535, "443-444"], "udp": [65535]},
    }
    return {name: choices[name] for name in rng.sample(sorted(choices), rng.randint(0, 3))}


def _accountable(rng: Random, reason: str) -> Mapping:
    ends = rng.choice((SOON, YEARS, YEARS, YEARS, "2026-06-15T18:00+09:00"))
    return {"reason": reason, "owner": PERSON, "expires": ends}


def _families(word: str, site: Mapping) -> set[str]:
    """Which families an endpoint has; empty when the kernel could not tell it apart."""
    if word in ("internet", "gateway"):
        return {"ipv4", "ipv6"}
    if word in site["zones"]:
        return {"ipv4", "ipv6"} & set(site["zones"][word])
    if word in site["devices"]:
        return {"ipv4", "ipv6"} & set(site["devices"][word])
    return {"ipv6" if ":" in word else "ipv4"}


def _zone_of(word: str, site: Mapping) -> str:
    return site["devices"][word]["zone"] if word in site["devices"] else word


def _permits(rng: Random, site: Mapping) -> Mapping:
    """Any endpoint to any other that may ever speak to it; what needs a waiver gets one afterwards."""
    inside = [w for w in (*site["zones"], *site["devices"]) if _families(w, site)]
    known = [*SERVICES, *site["services"], *(s for p in site["packs"] for s in PACK_SERVICES[p])]
    found: Mapping = {}
    for number in range(rng.randint(1, 7)):
        sources = rng.sample(inside, min(len(inside), rng.choice((1, 1, 1, 2))))
        target = rng.choice((rng.choice(inside), rng.choice(inside), "internet", "gateway", rng.choice(OUTSIDE)))
        if not all(_zone_of(s, site) != _zone_of(target, site) for s in sources):
            continue
        if not all(_families(s, site) & _families(target, site) for s in sources):
            continue
        permit: Mapping = {"from": sources if len(sources) > 1 else sources[0], "to": target}
        permit["services"] = rng.sample(known, rng.choice((1, 1, 2)))
        found[f"permit-{number}"] = permit | _accountable(rng, rng.choice(HOSTILE))
    return found


def _forwards(rng: Random, site: Mapping) -> Mapping:
    targets = [name for name in site["devices"] if _families(name, site)]
    found: Mapping = {}
    for number in range(rng.choice((0, 0, 1, 2)) if targets else 0):
        forward = {"uplink": rng.choice(list(site["uplinks"])), "protocol": rng.choice(("tcp", "udp"))}
        forward |= {"port": rng.choice((443, 51820, 8443, 25)) + number, "to": rng.choice(targets)}
        if rng.random() < 0.5:
            forward["to_port"] = rng.choice((443, 51820, 53, 8080))
        found[f"forward-{number}"] = forward | _accountable(rng, "Remote help")
    return found


def _video(rng: Random, site: Mapping) -> Mapping:
    if rng.random() < 0.5:
        return {}
    zones = rng.sample(list(site["zones"]), 1)
    devices = [d for d in site["devices"] if _families(d, site) and rng.random() < 0.2]
    platforms = rng.sample(("zoom", "google-meet", "microsoft-teams"), rng.choice((1, 2)))
    return {"consultations": {"zones": zones, "devices": devices, "platforms": platforms} | _accountable(rng, "Calls")}


def _dns(rng: Random, site: Mapping) -> Mapping:
    answers = ("nxdomain", "nodata", "null", "page", "page")
    filtered = {name: {"lists": ["malware"], "block": rng.choice(answers)} for name in site["zones"]}
    zones = {name: policy for name, policy in filtered.items() if rng.random() < 0.4}
    for policy in (policy for policy in zones.values() if rng.random() < 0.1):
        policy["during"] = {"evenings": {"block": "page"}}
    own = [name for name in site["devices"] if _families(name, site) and rng.random() < 0.1]
    return {
        "upstreams": ["198.51.100.53", "2001:db8:fffe::53"],
        "lists": {"malware": {"path": "malware.hosts"}},
        "schedules": {"evenings": {"days": ["mon"], "from": "18:00", "to": "22:00"}},
        "zones": zones,
        "devices": {name: {"block": "page"} for name in own},
    }


def _waivers(rng: Random, site: Mapping) -> Mapping:
    """A waiver for everything that needs one, and for some things that do not."""
    problems = load_site(_text(site).encode(), "draft.yaml", NOW).problems
    needed = {p.what.split(":")[0] for p in problems if p.code == "needs-waiver"}
    covered: list[str] = [name for name in site["permits"] if name in needed or rng.random() < 0.1]
    covered += [f"forward:{n}" for n, f in site["forwards"].items() if _role(f["to"], site) in NO_INTERNET]
    covered += [f"video:{n}" for n, v in site["video"].items() if _makes_no_calls(v, site)]
    if rng.random() < 0.1:
        covered.append("cam-no-internet")
    return {
        f"waiver-{number}": {"covers": what, "reason": "Signed", "owner": PERSON, "expires": YEARS}
        for number, what in enumerate(covered)
    }


def _role(word: str, site: Mapping) -> str:
    return str(site["zones"][_zone_of(word, site)]["role"])


def _makes_no_calls(grant: Mapping, site: Mapping) -> bool:
    words: Iterable[str] = (*grant["zones"], *grant["devices"])
    return any(_role(word, site) in NO_CALLS for word in words)
