"""The tree as nft text: spelling, one transaction, and no name that could be more than a word."""

import re
import subprocess
from ipaddress import ip_network

import pytest

from ruleset import tree
from ruleset.compile import compile_ruleset
from ruleset.render import Existing, render, rule, rule_id
from ruleset.tree import Chain, Hook, PortRange, Rule, Ruleset
from tests import generate
from tests.ruleset.small_clinic import base, chain, net, ruleset
from tests.ruleset.written import compiled, permit

V4, V6 = net("10.1.0.0/16", "10.2.3.4/32"), net("2001:db8::/32", "2001:db8::1/128")
MATCHES = [
    (tree.Iif(("eth0",)), 'iifname "eth0"'),
    (tree.Oif(("eth0", "eth1.20")), 'oifname { "eth0", "eth1.20" }'),
    (tree.NfProto(4), "meta nfproto ipv4"),
    (tree.NfProto(6), "meta nfproto ipv6"),
    (tree.Addr("saddr", 4, V4), "ip saddr { 10.1.0.0/16, 10.2.3.4 }"),
    (tree.Addr("daddr", 6, V6[1:]), "ip6 daddr 2001:db8::1"),
    (tree.Addr("saddr", 4, V4[:1], negate=True), "ip saddr != 10.1.0.0/16"),
    (tree.InSet("quarantine_mac", None, ("ether saddr",)), "ether saddr @quarantine_mac"),
    (tree.InSet("pin6", 6, ("saddr", "daddr")), "ip6 saddr . ip6 daddr @pin6"),
    (tree.L4("tcp"), "meta l4proto tcp"),
    (tree.L4("tcp", (PortRange(80, 80), PortRange(90, 99))), "tcp dport { 80, 90-99 }"),
    (tree.L4("udp", (PortRange(67, 67),), (PortRange(68, 68),)), "udp sport 68 udp dport 67"),
    (tree.Icmp(4), "meta l4proto icmp"),
    (tree.Icmp(6), "meta l4proto ipv6-icmp"),
    (
        tree.Icmp(6, ("nd-neighbor-solicit", "nd-neighbor-advert")),
        "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }",
    ),
    (tree.HopLimit(255), "ip6 hoplimit 255"),
    (tree.CtState(("established", "related")), "ct state established,related"),
    (tree.CtMark(0x1, 0x0), "ct mark & 0x1 == 0x0"),
    (tree.CtDnat(), "ct status dnat"),
    (tree.LocalDestination(), "fib daddr type local"),
    (tree.Rate(10, 20), "limit rate 10/second burst 20 packets"),
    (tree.OverBudget("log_budget"), "update @log_budget { ether saddr limit rate over 5/second burst 20 packets }"),
]
STATEMENTS = [
    (tree.Accept(), "accept"),
    (tree.Drop(), "drop"),
    (tree.Reject(), "reject with icmpx admin-prohibited"),
    (tree.Reject(reset=True), "reject with tcp reset"),
    (tree.Return(), "return"),
    (tree.Jump("other"), "jump other"),
    (tree.Goto("other"), "goto other"),
    (tree.Redirect(53), "redirect to :53"),
    (tree.Dnat(4, "10.1.1.1", 53), "dnat ip to 10.1.1.1:53"),
    (tree.Dnat(6, "2001:db8::1", 53), "dnat ip6 to [2001:db8::1]:53"),
    (tree.Masquerade(), "masquerade"),
    (tree.FlowAdd("fast"), "flow add @fast"),
    (tree.Count("core.x"), 'counter name "core.x"'),
    (
        tree.LogRefused(5),
        'log prefix "core:x " group 5',
    ),
    (
        tree.Dispatch("iifname . oifname", ((("a", "b"), tree.Goto("other")), (("b", "a"), tree.Drop()))),
        'iifname . oifname vmap { "a" . "b" : goto other, "b" . "a" : drop }',
    ),
    (tree.Dispatch("ct state", ((("established",), tree.Accept()),)), "ct state vmap { established : accept }"),
]


@pytest.mark.parametrize(("match", "text"), MATCHES, ids=[t for _, t in MATCHES])
def test_a_match_is_spelled(match, text):
    assert rule(Rule("core:x", (match,), (tree.Accept(),))) == f'{text} accept comment "core:x"'


@pytest.mark.parametrize(("statement", "text"), STATEMENTS, ids=[t for _, t in STATEMENTS])
def test_a_statement_is_spelled(statement, text):
    assert rule(Rule("core:x", (), (statement,))) == f'{text} comment "core:x"'


BAD = ("", "a b", 'a"', "a\n", "a;", "a}", "a{", "$a", "a/b", "é", "-", "a" * 200)


@pytest.mark.parametrize("word", BAD)
def test_no_name_is_more_than_a_word(word):
    attempts = [
        Rule("core:x", (tree.Iif((word,)),), ()),
        Rule("core:x", (tree.Oif(("eth0", word)),), ()),
        Rule("core:x", (tree.InSet(word, 4, ("saddr",)),), ()),
        Rule("core:x", (), (tree.Jump(word),)),
        Rule("core:x", (), (tree.Goto(word),)),
        Rule("core:x", (), (tree.Count(word),)),
        Rule("core:x", (), (tree.FlowAdd(word),)),
        Rule("core:x", (tree.OverBudget(word),), ()),
        Rule("core:x", (), (tree.Dispatch("iifname", (((word,), tree.Accept()),)),)),
        Rule("core:x", (), (tree.Dispatch("iifname", ((("eth0",), tree.Jump(word)),)),)),
    ]
    for attempt in attempts:
        with pytest.raises(ValueError, match="nft can carry"):
            rule(attempt)
    with pytest.raises(ValueError, match="nft can carry"):
        render(Ruleset("t", (), (word,), (), ()))
    with pytest.raises(ValueError, match="nft can carry"):
        render(ruleset(chain(word)))
    with pytest.raises(ValueError, match="nft can carry"):
        render(Ruleset(word, (), (), (), ()))


@pytest.mark.parametrize("word", ["", "A", 'a"', "a\n", "a b", "x" * 128, "é", "a%s"])
def test_no_rule_id_is_more_than_a_word(word):
    with pytest.raises(ValueError, match="rule id"):
        rule_id(word)
    assert rule_id("pack:base:x_1.y-z") == "pack:base:x_1.y-z" and rule_id("x" * 127)


@pytest.mark.parametrize("kind", ["nd-neighbor-solicit }", "echo request", "", "Echo"])
def test_no_icmp_type_is_more_than_a_word(kind):
    with pytest.raises(ValueError, match="nft can carry"):
        rule(Rule("core:x", (tree.Icmp(6, (kind,)),), ()))


@pytest.mark.parametrize("address", ["10.1.1.1; drop", "x", "", "10.1.1.1:53 accept #"])
def test_no_translated_address_is_more_than_an_address(address):
    with pytest.raises(ValueError, match=r"nft can carry|address"):
        rule(Rule("core:x", (), (tree.Dnat(4, address, 53),)))


# ---- the transaction ----------------------------------------------------------------------------------------------


def small(*names, sets=(), counters=(), flowtables=()):
    chains = tuple(Chain(n, (Rule("core:x", (), (tree.Accept(),)),)) for n in names)
    return Ruleset("t", tuple(tree.SetDecl(s, "ipv4_addr") for s in sets), counters, flowtables, chains)


def test_the_table_is_made_and_emptied_before_it_is_filled():
    assert render(small("a")).splitlines()[:3] == ["add table inet t", "flush table inet t", "table inet t {"]


def test_every_chain_is_declared_before_any_rule():
    text = render(ruleset(base("input", Rule("core:x", (), (tree.Jump("z"),))), chain("a"), chain("z")))
    assert text.index("chain z {") < text.index("jump z")


def test_a_base_chain_has_its_hook_and_policy():
    hook = Hook("filter", "ingress", -10, "accept", ("eth0", "eth1"))
    text = render(Ruleset("t", (), (), (), (Chain("in", (), hook),)))
    assert 'type filter hook ingress devices = { "eth0", "eth1" } priority -10; policy accept;' in text


def test_what_exists_is_kept_what_is_new_is_made_what_is_gone_is_deleted():
    existing = Existing(frozenset({"a", "old"}), frozenset({"s1", "s2"}), frozenset({"c1", "c2"}), frozenset({"fast"}))
    text = render(small("a", "b", sets=("s1", "s3"), counters=("c1", "c3")), existing)
    assert "delete chain inet t old" in text and "delete chain inet t a" not in text
    assert "set s3 {" in text and "set s1 {" not in text and "delete set" not in text
    assert "delete counter inet t c2" in text and "counter c3 { }" in text and "counter c1 { }" not in text
    assert "delete flowtable inet t fast" in text


def test_the_same_tree_gives_the_same_text():
    assert render(compiled(packs=["jp"])) == render(compiled(packs=["jp"]))


def test_no_element_is_ever_added():
    for seed in range(5):
        resolved = generate.site(seed)
        text = render(compile_ruleset(resolved, generate.live_state(resolved, seed), generate.NOW))
        assert "elements" not in text and "add element" not in text


def test_every_line_with_a_comment_has_one_plain_comment():
    for seed in range(5):
        text = render(
            compile_ruleset(generate.site(seed), generate.live_state(generate.site(seed), seed), generate.NOW)
        )
        for line in text.splitlines():
            quotes = re.findall(r'"([^"]*)"', line)
            assert line.count('"') == 2 * len(quotes)
            assert all(re.fullmatch(r"[A-Za-z0-9:_. -]+", q) for q in quotes), line


@pytest.mark.netns
def test_the_kernel_takes_every_spelling():
    sets = (
        tree.SetDecl("quarantine_mac", "ether_addr"),
        tree.SetDecl("pin6", "ipv6_addr . ipv6_addr", ("timeout",), size=65536),
        tree.SetDecl("feed4", "ipv4_addr", ("interval",), auto_merge=True),
        tree.SetDecl("log_budget", "ether_addr", ("timeout", "dynamic"), size=4096, timeout_s=60),
    )
    nat = (tree.Redirect, tree.Dnat, tree.Masquerade, tree.FlowAdd)
    plain = [Rule("core:x", (), (s,)) for s, _ in STATEMENTS if not isinstance(s, nat)]
    rules = [Rule("core:x", (m,), (tree.Accept(),)) for m, _ in MATCHES] + plain
    chains = (
        base("forward", *rules),
        chain("other"),
        base("prerouting", *(Rule("core:x", (tree.L4("udp"),), (s,)) for s, _ in STATEMENTS if isinstance(s, nat[:2])),
             type="nat", policy="accept", priority=-100),
        base("postrouting", Rule("core:x", (), (tree.Masquerade(),)), type="nat", policy="accept", priority=100),
    )  # fmt: skip
    made = Ruleset("t", sets, ("core.x",), (), chains)
    again = Existing(frozenset({c.name for c in chains}), frozenset({s.name for s in sets}), frozenset({"core.x"}))
    loaded = load(render(made), render(made, again))
    assert (loaded.returncode, loaded.stderr) == (0, "")


@pytest.mark.netns
def test_a_change_of_policy_loads_on_top_of_the_one_before():
    before, after = compiled(permits={"p": permit("pc", "emr", "ssh")}), compiled(packs=["jp"])
    existing = Existing(
        frozenset(c.name for c in before.chains), frozenset(s.name for s in before.sets), frozenset(before.counters)
    )
    loaded = load(
        render(before), "add element inet clinicgate feed4 { 198.51.100.0/24 }", render(after, existing), "list ruleset"
    )
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert "198.51.100.0/24" in loaded.stdout and "permit:p" not in loaded.stdout
    assert loaded.stdout.count("chain forward {") == 1


def load(*texts):
    """Loads texts one after the other in a private network namespace, in one process that ends with it."""
    script = "\n".join(f"nft -f - <<'END' || exit 1\n{text}\nEND" for text in texts)
    return subprocess.run(
        ["unshare", "--net", "sh", "-c", script], capture_output=True, text=True, timeout=30, check=False
    )


def test_networks_of_one_are_written_as_addresses():
    match = tree.Addr("daddr", 4, (ip_network("10.2.3.4/32"),))
    assert rule(Rule("core:x", (match,), ())) == 'ip daddr 10.2.3.4 comment "core:x"'
