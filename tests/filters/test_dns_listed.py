"""Lists in either form under one question: order, exceptions, conditions, and answers for one client alone."""

from dataclasses import replace
from ipaddress import ip_address

from filters.dns_exchange import AskUpstream, Upstream
from filters.dns_explain import explain
from filters.dns_listed import Hit, Listed, Shelved
from filters.dns_local import LocalNames
from filters.dns_policy import DnsPolicy
from filters.dns_rules import ZonePolicy
from filters.dns_schedule import Moment
from filters.dns_session import SessionConfig
from filters.lists import ListCompiler, ListFile, compile_list
from filters.names import SuffixSet, suffixes
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_talk import Talk, answered
from tests.filters.dns_tools import name, wire

KEY = b"0123456789abcdef"
DESK, OTHER = ip_address("10.20.20.11"), ip_address("10.20.20.12")
TEXTS = {
    "ads": b"""||ads.example^
@@||good.ads.example^
||only6.example^$dnstype=AAAA
||mine.example^$client=10.20.20.11
""",
    "other": b"! title\n||other.example^\n||ads.example^\n",
}


def mapped(texts: dict[str, bytes]) -> ListFile:
    compiler = ListCompiler(KEY)
    for title, text in texts.items():
        compiler.add(title, text.splitlines())
    return ListFile(memoryview(b"".join(compiler.finish().pieces)), KEY)


FILE = mapped(TEXTS)
MEMORY = compile_list("memory", [b"# t", b"memory.example", b"good.ads.example"], KEY)
ADS, SECOND = Shelved("ads", FILE), Shelved("other", FILE)


def found(listed: Listed, text: str, qtype: int = 1, client: object = OTHER) -> Hit | None:
    return listed.find(tuple(suffixes(name(text))), qtype, client, KEY)


def test_both_forms_answer_one_question() -> None:
    listed = Listed((MEMORY, ADS, ADS))
    assert listed.names == ("memory", "ads")
    assert found(listed, "memory.example") == Hit("memory", 2, "memory.example")
    hit = found(listed, "x.ads.example")
    assert hit is not None
    assert (hit.list, hit.line, hit.allow) == ("ads", 1, False)
    assert found(listed, "www.example") is None
    assert found(Listed(), "ads.example") is None


def test_whoever_wants_to_know_hears_of_every_rule() -> None:
    tails = tuple(suffixes(name("good.ads.example")))
    every = Listed((MEMORY, ADS, SECOND)).every(tails, 1, OTHER, KEY)
    assert [(hit.list, hit.line, hit.allow) for hit in every] == [
        ("ads", 2, True), ("ads", 1, False), ("other", 3, False), ("memory", 3, False),
    ]  # fmt: skip
    assert Listed((ADS,)).every(tuple(suffixes(name("mine.example"))), 1, OTHER, KEY) == ()


def test_only_the_lists_of_the_view_are_asked() -> None:
    assert found(Listed((ADS,)), "other.example") is None
    hit = found(Listed((ADS, SECOND)), "other.example")
    assert hit is not None
    assert (hit.list, hit.line) == ("other", 2)


def test_each_list_is_asked_in_its_own_file() -> None:
    newer = mapped({"ads": b"||extra.example^\n", "other": b"||more.example^\n"})
    listed = Listed((ADS, Shelved("other", newer)))
    assert found(listed, "more.example") is not None
    assert found(listed, "extra.example") is None
    assert found(listed, "other.example") is None


def test_an_exception_wins_over_every_list() -> None:
    hit = found(Listed((MEMORY, ADS)), "good.ads.example")
    assert hit is not None
    assert hit.allow


POLICY = DnsPolicy(
    {"pc": ZonePolicy((ADS, MEMORY)), "voip": ZonePolicy()},
    LocalNames("clinic.example", [], []),
    protected=SuffixSet([name("good.ads.example")]),
    key=KEY,
)


def judged(text: str, qtype: int = 1, client: object = OTHER, policy: DnsPolicy = POLICY) -> Verdict:
    standing = policy.at(Moment())
    verdict = standing.decide(standing.rules("pc", client), name(text), qtype, client)
    assert explain(policy, "pc", client, name(text), Moment(), qtype)[-1].verdict == verdict
    return verdict


def test_verdicts_carry_list_line_and_rule() -> None:
    verdict = judged("ads.example")
    assert (verdict.action, verdict.reason, verdict.list, verdict.line) == (Action.NXDOMAIN, Reason.LISTED, "ads", 1)
    assert verdict.rule == "||ads.example^"
    free = replace(POLICY, protected=SuffixSet())
    assert judged("good.ads.example", policy=free).reason is Reason.EXCEPTED
    assert judged("good.ads.example") == Verdict(Action.FORWARD, Reason.PROTECTED, rule="good.ads.example")
    assert judged("only6.example", 28).reason is Reason.LISTED
    assert judged("only6.example", 1).reason is Reason.NOT_LISTED


def test_a_rule_for_one_client_concerns_nobody_else() -> None:
    mine, others = judged("mine.example", client=DESK), judged("mine.example", client=OTHER)
    assert (mine.reason, mine.personal) == (Reason.LISTED, True)
    assert (others.reason, others.personal) == (Reason.NOT_LISTED, True)


def test_what_is_personal_never_enters_a_table_of_many() -> None:
    talk = Talk(SessionConfig(POLICY, (Upstream("198.51.100.53"),)))
    records = ("mine.example. 60 IN A 192.0.2.1",)
    assert answered(talk.fetch("mine.example", client=str(OTHER), records=records))[0] == "NOERROR"
    assert answered(talk.ask("mine.example", client=str(DESK)))[0] == "NXDOMAIN"
    assert answered(talk.ask("mine.example", client=str(OTHER)))[0] == "NOERROR"
    link = ("www.example. 60 IN CNAME mine.example.", "mine.example. 60 IN A 192.0.2.1")
    assert answered(talk.fetch("www.example", client=str(OTHER), records=link))[0] == "NOERROR"
    assert answered(talk.ask("www.example", client=str(DESK)))[0] == "NXDOMAIN", "by what it leads to"
    table = talk.session.fast_path("pc")
    assert table.find(wire("mine.example"), talk.now) is None
    assert table.find(wire("www.example"), talk.now) is None


def test_the_root_is_on_no_list() -> None:
    standing = POLICY.at(Moment())
    assert standing.decide(standing.rules("pc"), b"\0", 2).reason is Reason.NOT_LISTED
    talk = Talk(SessionConfig(POLICY, (Upstream("198.51.100.53"),)))
    assert isinstance(talk.ask(".", "NS")[0], AskUpstream)


def test_lists_in_files_of_their_own_are_judged_as_if_they_lay_in_one() -> None:
    texts = {
        "blocks": b"||ads.example^\n||shop.example^\n||off.example^\n||hard.example^$important\n",
        "frees": b"@@||good.ads.example^\n||off.example^$badfilter\n@@||hard.example^\n||x.ads.example^\n",
    }
    single = tuple(Shelved(title, mapped({title: text})) for title, text in texts.items())
    both = mapped(texts)
    together = tuple(Shelved(title, both) for title in texts)
    for lists in (single, single[::-1], together):
        hits = {text: found(Listed(lists), f"{text}.example") for text in ("good.ads", "shop", "off", "hard", "x.ads")}
        told = {text: (hit.list, hit.allow) if hit else None for text, hit in hits.items()}
        assert told == {
            "good.ads": ("frees", True),
            "shop": ("blocks", False),
            "off": None,
            "hard": ("blocks", False),
            "x.ads": ("frees", False),
        }
