"""Names, lists and commands in words: hostile ones stay words, commands can be pasted and do nothing else."""

import argparse
import shlex

import pytest

from gateway.cli.dns import add_commands
from gateway.events import Label
from gateway.report_names import Asker, BlockedName
from tests.webui.seed import FACTS, HOSTILE, NOON
from tests.webui.seed_names import IDN
from tests.webui.test_words import summary
from webui.i18n import locales
from webui.names_words import NameTeller

EN = locales()["en"]


def teller(*labels: Label, **facts: str) -> NameTeller:
    past = summary(*labels)
    past.facts.update({**FACTS, **facts})
    return NameTeller(EN, past, {})


def refused(name: str = "bad.example", reason: str = "listed", *askers: Asker) -> BlockedName:
    return BlockedName(name, reason, "malware", "||bad^", 1, 2, NOON, askers or (Asker("pc", "", 2),))


@pytest.mark.parametrize(
    ("name", "seen_as"),
    [
        (IDN, "\u0435\u0440\u0456\u0441.испытание"),
        ("www.xn--fiqs8s", "www.中国"),
        ("plain.example", ""),
        ("xn--.example", ""),
        ("xn--\\255.example", ""),
        ("xn--" + "a" * 59 + ".example", ""),
        (HOSTILE, ""),
    ],
)
def test_an_international_name_is_shown_beside_its_plain_form(name: str, seen_as: str):
    shown = teller().seen_as(name)
    assert shown == seen_as
    assert shown.isprintable()


def test_commands_name_the_device_or_the_zone_and_quote_everything():
    assert teller().commands(refused()) == (
        "clinicgate dns explain bad.example --from pc",
        "clinicgate dns allow bad.example --zone pc --for 1h --reason '…'",
    )
    device = teller().commands(refused("bad.example", "listed", Asker("pc", "reception-1", 2)))
    assert device[1] == "clinicgate dns allow bad.example --device reception-1 --for 1h --reason '…'"
    assert "--zone pc" in teller().commands(refused("x.example", "listed", Asker("pc", "10.10.20.9", 2)))[1]
    for evil in ("'; rm -rf / #", "$(id).example", "a b", "`id`", HOSTILE):
        for command in teller().commands(refused(evil, "listed", Asker(evil, "", 1))):
            assert evil in shlex.split(command), "one word, whatever is in it"


def test_the_commands_are_those_there_are():
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    explain, allow = (parser.parse_args(shlex.split(one)[1:]) for one in teller().commands(refused()))
    assert (explain.name, explain.client) == ("bad.example", "pc")
    assert (allow.name, allow.zone, allow.seconds) == ("bad.example", "pc", 3600)


def test_no_command_where_none_helps():
    assert teller().commands(refused("-x.example")) == ()
    assert teller().commands(refused("x.example", "listed", Asker("", "", 1))) == ()
    for reason in ("rebinding", "encrypted_dns"):
        assert [c.split()[2] for c in teller().commands(refused("x.example", reason))] == ["explain"]


@pytest.mark.parametrize(
    ("reason", "why", "advice"),
    [
        ("listed", "It is on the block list", "If this goes on"),
        ("listed_link", "It leads to another name", "If this goes on"),
        ("denied", "Your clinic’s own rules", "Nothing to do. If"),
        ("not_allowed", "In this place only", "Nothing to do. If"),
        ("rebinding", "It is a public name that points", "If this goes on, ask your technician to look at it."),
    ],
)
def test_each_reason_has_its_words_and_its_advice(reason: str, why: str, advice: str):
    one = refused(reason=reason)
    harmful = teller(Label("list", "malware", "M", "malware" if reason.startswith("listed") else ""))
    assert harmful.why(one).startswith(why)
    assert harmful.advice(one).startswith(advice)


def test_a_list_that_is_only_a_nuisance_asks_for_nothing():
    nuisance = teller(Label("list", "malware", "Ads", "ads"))
    assert nuisance.advice(refused()) == "Nothing to do, unless it is needed for work."
    assert not nuisance.harmful(refused())


@pytest.mark.parametrize(
    ("phone", "contact"),
    [("+81 3 0000 0002", "tel:+81300000002"), ("", None), ("ask", None), ("+1<script>2", "tel:+12")],
)
def test_whom_to_ask(phone: str, contact: str | None):
    found = teller(technician_phone=phone).contact()
    assert (found[1] if found else None) == contact


@pytest.mark.parametrize(
    ("detail", "days", "begins"),
    [("off", "30", "Your clinic’s rules say"), ("device", "1", "Names are kept for one day, with the device"),
     ("zone", "7", "Names are kept for 7 days, with the place"), (HOSTILE, HOSTILE, "Names are kept for 30 days")],
)  # fmt: skip
def test_what_is_written_down_and_for_how_long(detail: str, days: str, begins: str):
    assert teller(dns_log=detail, dns_days=days).kept().startswith(begins)
