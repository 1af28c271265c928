"""Text that people write never reaches the kernel: whatever a label or a comment holds, the ruleset is the same.

What does reach it (ids, names of interfaces, addresses) is refused when it is not a plain word.
"""

import json
import re
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ruleset.compile import compile_ruleset
from ruleset.live import NOTHING_LIVE, LiveState, Quarantined
from ruleset.load import load_site
from ruleset.render import render

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BLAND = "plain"
INJECTIONS = [
    'x" accept comment "y',
    '"\n\t\taccept\n#',
    "}\n}\nflush ruleset\ntable inet x {",
    "; drop",
    '\\" ; add rule inet clinicgate input accept ; \\"',
    "$(reboot)",
    "`reboot`",
    "${IFS}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "\u202etxt.exe\u202c",
    "\u200b\u2028\u2029\ufeff",
    "ｒｕｌｅ",
    "a\u0301\u0301\u0301",
    "%s%n{0}{now}",
    "x" * 120,
    'include "/etc/passwd"',
    "@feed4",
    "0.0.0.0/0",
    "\ud7ff\ue000\U0010ffff",
]
hostile = st.one_of(
    st.sampled_from(INJECTIONS),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=120),
    st.text("\"\\\n\t{};#$`'@ abc:.-", min_size=1, max_size=60),
)
ENDS = 'reason: Why, owner: "Practice owner", expires: 2028-03-31'
SITE = f"""\
version: 1
clinic:
  label: Clinic
  region: jp
  languages: [ja, en]
  timezone: Asia/Tokyo
  contacts:
    owner: {{label: Owner}}
    deputy: {{label: Deputy}}
    technician: {{label: Technician}}
uplinks:
  fibre: {{port: eth0, label: Fibre, ipv4: {{address: 203.0.113.2/24, gateway: 203.0.113.1}}}}
trunk: {{port: eth1}}
zones:
  office: {{role: pc, label: Office, port: eth2, ipv4: 192.168.1.1/25, ipv6: "fd00:c11:1::1/64"}}
  servers: {{role: srv, label: Servers, vlan: 30, ipv4: 10.20.2.1/24}}
  admin: {{role: mgmt, label: Admin, vlan: 80, ipv4: 192.168.8.1/25}}
devices:
  desk: {{zone: office, label: Desk, kind: laptop, mac: "02:00:00:00:01:01", ipv4: 192.168.1.5, ipv6: "fd00:c11:1::5"}}
  archive: {{zone: servers, label: Archive, kind: pacs, mac: "02:00:00:00:02:01", ipv4: 10.20.2.5}}
services:
  records: {{label: Records, tcp: [8443, "9000-9010"]}}
permits:
  reading: {{from: desk, to: archive, services: [records], {ENDS}}}
  mailing: {{from: archive, to: 198.51.100.25, services: [smtp], {ENDS}}}
forwards:
  help: {{uplink: fibre, protocol: udp, port: 51820, to: archive, {ENDS}}}
video:
  calls: {{zones: [office], platforms: [google-meet], {ENDS}}}
dns:
  lists:
    malware: {{path: malware.hosts, label: Malware}}
  zones:
    office: {{lists: [malware]}}
packs: [jp]
waivers:
  mailing-signed: {{covers: mailing, {ENDS}}}
"""


def texts(value, path=()):
    """Every place of free text in a site file, as paths."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key in ("label", "reason", "owner") and isinstance(below, str):
                yield (*path, key)
            else:
                yield from texts(below, (*path, key))


def with_text(paths, words):
    """The site with these words at these places, in quotes, as a file."""
    data = yaml.safe_load(SITE)
    for number, path in enumerate(paths):
        place = data
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = f"<{number}>"
    text = yaml.safe_dump(data, sort_keys=False, width=1000)
    return re.sub("<([0-9]+)>", lambda m: json.dumps(words[int(m[1])], ensure_ascii=False), text).encode()


def nft(data, live=NOTHING_LIVE):
    loaded = load_site(data, "site.yaml", NOW)
    assert loaded.resolved is not None, [p.line() for p in loaded.problems]
    return render(compile_ruleset(loaded.resolved, live, NOW))


PATHS = list(texts(yaml.safe_load(SITE)))
PLAIN = nft(with_text(PATHS, [BLAND] * len(PATHS)))


def test_the_site_has_text_in_every_kind_of_place():
    assert {path[0] for path in PATHS} == {
        "clinic",
        "uplinks",
        "zones",
        "devices",
        "services",
        "permits",
        "forwards",
        "video",
        "dns",
        "waivers",
    }
    assert len(PATHS) == 22


@pytest.mark.parametrize("word", INJECTIONS)
def test_known_injections_in_every_text_at_once_change_nothing(word):
    assert nft(with_text(PATHS, [word] * len(PATHS))) == PLAIN


@given(st.lists(hostile, min_size=len(PATHS), max_size=len(PATHS)))
def test_hostile_text_never_changes_the_ruleset(words):
    data = with_text(PATHS, words)
    loaded = load_site(data, "site.yaml", NOW)
    if loaded.resolved is None:  # YAML itself forbids some characters; they are named, not passed on
        assert {p.code for p in loaded.problems} <= {"control-character", "yaml"}
        return
    assert render(compile_ruleset(loaded.resolved, NOTHING_LIVE, NOW)) == PLAIN


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_comments_of_the_file_change_nothing(comment):
    line = "# " + re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", "", comment)
    data = with_text(PATHS, [BLAND] * len(PATHS))
    loaded = load_site(data.replace(b"\nzones:", f"\n{line}\nzones:".encode()), "site.yaml", NOW)
    if loaded.resolved is None:
        assert {p.code for p in loaded.problems} == {"yaml"}
        return
    assert render(compile_ruleset(loaded.resolved, NOTHING_LIVE, NOW)) == PLAIN


few = settings(max_examples=10)  # for each of many places
IDS = ("office", "desk", "records", "reading", "help", "calls", "fibre", "mailing-signed", "malware")


@pytest.mark.parametrize("name", IDS)
@few
@given(word=hostile.filter(lambda w: not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", w)))
@example(word="pc\n")
@example(word="PC")
@example(word="pc.1")
@example(word="a" * 32)
def test_an_id_that_is_no_plain_word_is_refused(name, word):
    quoted = yaml.safe_dump(word, default_style='"', width=1000).strip()
    assert SITE.count(f"  {name}:") == (2 if name == "office" else 1)
    loaded = load_site(SITE.replace(f"  {name}:", f"  {quoted}:", 1).encode(), "site.yaml", NOW)
    assert loaded.resolved is None
    assert {p.code for p in loaded.problems} & {"bad-id", "yaml"}


VALUES = ("port: eth0", "port: eth1", "port: eth2", "ipv4: 192.168.1.1/25", "ipv4: 10.20.2.5", "kind: pacs",
          "role: mgmt", "protocol: udp", "port: 51820", "address: 203.0.113.2/24", "tcp: [8443", "zone: servers",
          "uplink: fibre", "vlan: 30", "platforms: [google-meet", "to: 198.51.100.25", "from: desk")  # fmt: skip


@pytest.mark.parametrize("field", VALUES)
@few
@given(word=hostile.filter(lambda w: not re.fullmatch(r"[a-zA-Z0-9_.:/-]+", w)))
@example(word='eth2" accept comment "x')
@example(word="eth2\n")
def test_a_value_that_reaches_the_kernel_is_refused_when_it_is_no_plain_word(field, word):
    assert SITE.count(field) >= 1
    key = re.match(r"\w+: \[?", field)[0]
    quoted = yaml.safe_dump(word, default_style='"', width=1000).strip()
    loaded = load_site(SITE.replace(field, f"{key}{quoted}", 1).encode(), "site.yaml", NOW)
    assert loaded.resolved is None
    assert loaded.problems


SCOPES = ("%eth0", "%x]:53 accept ; add rule inet x y", '%" drop #', "%\n\tdrop", "%25")
SIX = 'gateway: 203.0.113.1}}, ipv6: {{address: "2001:db8:ffff::2{}/64", gateway: "fe80::1{}"}}'
ADDRESSES = {
    "device": ("ipv4: 10.20.2.5}", 'ipv4: 10.20.2.5, ipv6: "2001:db8:2::5{}"}}'),
    "zone": ('ipv6: "fd00:c11:1::1/64"', 'ipv6: "fd00:c11:1::1{}/64"'),
    "uplink": ("gateway: 203.0.113.1}", SIX.replace("1{}", "1", 1)),
    "router": ("gateway: 203.0.113.1}", SIX.replace("2{}", "2", 1)),
    "permit": ("to: archive, services", 'to: "2001:db8:fffe::25{}", services'),
    "resolver": ("dns:\n", 'dns:\n  upstreams: ["2001:db8:fffe::53{}"]\n'),
}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", ADDRESSES)
def test_an_address_has_no_room_for_a_scope_id(kind, scope):
    """Python's IPv6Address takes any text behind `%` and hands it on."""
    old, new = ADDRESSES[kind]
    site = SITE.replace("ipv4: 10.20.2.1/24", 'ipv4: 10.20.2.1/24, ipv6: "2001:db8:2::1/64"')
    assert site.count(old) == 1
    good = load_site(site.replace(old, new.format("")).encode(), "site.yaml", NOW)
    assert good.resolved is not None, [p.line() for p in good.problems]
    quoted = scope.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    bad = load_site(site.replace(old, new.format(quoted)).encode(), "site.yaml", NOW)
    assert bad.resolved is None


@given(hostile)
def test_what_is_said_of_an_isolated_device_never_changes_the_ruleset(word):
    def isolated(text):
        return LiveState((Quarantined(text, "02:00:00:00:01:01", ("192.168.1.5",), text, text, NOW),))

    data = SITE.encode()
    assert nft(data, isolated(word)) == nft(data, isolated(BLAND))
