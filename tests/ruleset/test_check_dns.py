"""What can be wrong in the `dns` part beside its shape."""

import pytest

from ruleset.load import load_site
from tests.ruleset.dns_site import NOW, site


def codes(dns: str) -> list[str]:
    result = load_site(site(dns), "site.yaml", NOW)
    return [p.code for p in result.problems]


def test_a_full_dns_part_is_right():
    assert (
        codes(
            """
  upstreams: [198.51.100.53, {server: 198.51.100.54, transport: tls, name: dns.example.net}]
  forward: {closed: {names: [oqs-pdl.org], servers: [192.0.2.53]}}
  lists: {bad: {path: bad.txt, url: "https://lists.example.net/bad.txt", category: malware}}
  schedules: {lunch: {days: [mon, tue], from: "12:00", to: "13:00"}}
  zones: {pc: {lists: [bad], categories: [malware], safe_search: true, during: {lunch: {lists: []}}}}
  devices: {desk: {only: [example.org]}}
  protected: [vendor.example]
"""
        )
        == []
    )


@pytest.mark.parametrize(
    ("dns", "code"),
    [
        ("  upstreams: [{server: 198.51.100.54, transport: quic}]", "no-name"),
        ("  upstreams: [10.20.20.7]", "upstream-inside"),
        ("  zones: {nowhere: {}}", "dangling"),
        ("  zones: {pc: {lists: [none]}}", "dangling"),
        ("  zones: {pc: {categories: [none]}}", "dangling"),
        ("  zones: {pc: {during: {never: {}}}}", "dangling"),
        ("  devices: {nobody: {}}", "dangling"),
        ("  devices: {roaming: {}}", "no-address"),
        ("  zones: {pc: {allow: [a.example], deny: [a.example]}}", "contradiction"),
        ("  lists: {bad: {path: a/../../b}}", "path"),
        ('  lists: {bad: {path: b, sha256: "https://a.example/b"}}', "no-url"),
        ('  lists: {bad: {path: b, url: "http://a.example/b"}}', "format"),
        ('  schedules: {lunch: {days: [mon], from: "25:00", to: "13:00"}}', "format"),
    ],
)
def test_each_mistake_is_named(dns, code):
    assert codes(dns) == [code]


def test_closed_names_come_from_packs_and_from_forward():
    result = load_site(site("  forward: {f: {names: [lab.example], servers: [192.0.2.53]}}\npacks: [jp]"), "s", NOW)
    assert result.resolved is not None
    assert {"lab.example", "onshikaku.org"} <= set(result.resolved.closed_names)
    assert set(result.resolved.closed_names) <= set(result.resolved.protected_names)
