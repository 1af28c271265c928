"""What an answer leads to: bounded, judged once a view, for everybody or for one client."""

from ipaddress import ip_address

import dns.flags
import pytest

from filters.dns_answer import PLAIN_SIZE
from filters.dns_exchange import Upstream
from filters.dns_links import MAX_LINKS
from filters.dns_listed import Shelved
from filters.dns_local import LocalHost, LocalNames
from filters.dns_policy import DnsPolicy, Standing
from filters.dns_rules import ZonePolicy
from filters.dns_session import SessionConfig
from filters.lists.compiler import ListCompiler
from filters.lists.listfile import ListFile
from filters.names import SuffixSet
from tests.filters.dns_talk import Talk, answered, sent, told
from tests.filters.dns_tools import name, wire

KEY = b"k" * 32
WEB = "198.51.100.77"
CHAIN = ("head.example. 300 IN CNAME x.tracker.example.", f"x.tracker.example. 300 IN A {WEB}")


def config(*lines: str) -> SessionConfig:
    compiler = ListCompiler(KEY)
    compiler.add("ads", [line.encode() + b"\n" for line in (*lines, "||ad.test^")])
    data = b"".join(bytes(piece) for piece in compiler.finish().pieces)
    lists = (Shelved("ads", ListFile(memoryview(data), KEY)),)
    policy = DnsPolicy(
        zones={"pc": ZonePolicy(lists, allow=SuffixSet([name("ok.example")]))},
        local=LocalNames("clinic.example", [LocalHost("nas", (ip_address("10.20.30.5"),))], []),
        key=KEY,
        closed=SuffixSet([name("closed.example")]),
    )  # fmt: skip
    return SessionConfig(policy, (Upstream("198.51.100.53"),))


def fast(talk: Talk, text: str, qtype: str = "A", client: str = "10.20.20.11", **more: object) -> bytes | None:
    found = talk.session.fast_path("pc", ip_address(client)).find(wire(text, qtype, **more), talk.now)
    return None if found is None else found[0]


def service_records(count: int) -> tuple[str, ...]:
    return tuple(f"many.example. 300 IN HTTPS {one + 1} t{one}.far.example." for one in range(count))


def test_an_exception_for_one_client_stays_its_own_along_a_link() -> None:
    lists = config("||tracker.example^", "@@||tracker.example^$client=10.20.20.11")
    talk = Talk(lists)
    assert answered(talk.fetch("head.example", client="10.20.20.11", records=CHAIN))[0] == "NOERROR"
    assert fast(talk, "head.example", client="10.20.20.12") is None
    assert answered(talk.ask("head.example", client="10.20.20.12"))[0] == "NXDOMAIN"
    assert fast(talk, "head.example", client="10.20.20.11") is None
    assert answered(talk.ask("head.example", client="10.20.20.11"))[0] == "NOERROR"


def test_a_block_of_a_link_is_one_clients_own_when_the_head_was() -> None:
    talk = Talk(config("||tracker.example^", "@@||head.example^$client=10.20.20.12"))
    assert answered(talk.fetch("head.example", client="10.20.20.11", records=CHAIN))[0] == "NXDOMAIN"
    assert fast(talk, "head.example", client="10.20.20.12") is None
    assert answered(talk.ask("head.example", client="10.20.20.12"))[0] == "NOERROR"


def test_an_answer_that_leads_to_too_many_names_is_refused() -> None:
    talk = Talk(config())
    (found,) = sent(talk.fetch("many.example", "HTTPS", use_edns=0, records=service_records(MAX_LINKS + 1)))
    assert found.rcode() == 2
    assert [(one.code, one.text) for one in found.options] == [(0, "an answer that leads to too many names")]
    few = Talk(config()).fetch("many.example", "HTTPS", use_edns=0, stream=True, records=service_records(MAX_LINKS))
    assert answered(few)[0] == "NOERROR"


def test_links_are_judged_once_a_view_until_other_rules_count(monkeypatch: pytest.MonkeyPatch) -> None:
    talk, asked = Talk(config()), []
    judge = Standing.judge_link
    monkeypatch.setattr(Standing, "judge_link", lambda *args: asked.append(args) or judge(*args))
    unchecked = {"flags": dns.flags.RD | dns.flags.CD}  # no fast path for it
    talk.fetch("head.example", records=CHAIN, **unchecked)
    assert len(asked) == 1
    for _ in range(3):
        assert answered(talk.ask("head.example", **unchecked))[0] == "NOERROR"
    assert len(asked) == 1
    talk.session.replace(config("||tracker.example^"))
    assert answered(talk.ask("head.example", **unchecked))[0] == "NXDOMAIN"


def test_what_never_fits_is_told_to_use_tcp_by_the_fast_path() -> None:
    talk = Talk(config())
    (slow,) = [
        one.data for one in talk.fetch("many.example", "HTTPS", use_edns=0, payload=512, records=service_records(30))
    ]
    found = fast(talk, "many.example", "HTTPS", use_edns=0, payload=512)
    assert found == slow
    assert found[2] & 2
    assert len(found) < PLAIN_SIZE


@pytest.mark.parametrize(
    ("qtype", "record"),
    [
        ("A", "CNAME nas.clinic.example."),
        ("A", "CNAME localhost."),
        ("HTTPS", "HTTPS 0 nas.clinic.example."),
        ("HTTPS", "HTTPS 1 x.closed.example. port=8443"),
    ],
)
@pytest.mark.parametrize("head", ["evil.example", "ok.example"])
def test_a_public_name_that_leads_to_a_name_inside_is_rebinding(qtype: str, record: str, head: str) -> None:
    talk = Talk(config())
    commands = talk.fetch(head, qtype, records=(f"{head}. 60 IN {record}",))
    assert answered(commands)[0] == "NXDOMAIN"
    assert told(commands)[0].subject.verdict.reason == "rebinding"
    assert talk.session.counters.rebound == 1
