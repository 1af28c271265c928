"""Tables of many views: bounded together, empty at once when the rules change, and let go of in small steps."""

from filters.dns_accounts import Accounts
from filters.dns_answer import Answer, Subject
from filters.dns_tables import FAST_OCTETS, LEAVING, Tables
from filters.dns_wire import FastPath
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_tools import name, wire

SUBJECT = Subject("www.example", "A", Verdict(Action.FORWARD, Reason.NOT_LISTED))


def filled(table: FastPath, count: int) -> None:
    for number in range(count):
        answer = Answer(0, (0, 0), b"")
        answer.subject, answer.hits = SUBJECT, 1
        table.keep(name(f"host{number}.example") + b"\0\1\0\1", answer, dnssec=bool(number % 2))


def asked(accounts: Accounts) -> int:
    """Answers out of tables that the accounts know of."""
    return accounts.latency[0]


def test_each_view_has_its_own_table_and_they_share_one_bound() -> None:
    tables = Tables(Accounts())
    assert tables.of("pc") is tables.of("pc") is not tables.of("guest")
    assert tables.of("pc")._octets == FAST_OCTETS // 4
    for number in range(8):
        tables.of(f"pc/device{number}")
    assert tables.of("pc")._octets == FAST_OCTETS // 10


def test_other_rules_empty_all_tables_at_once() -> None:
    tables = Tables(Accounts())
    old = tables.of("pc")
    filled(old, 10)
    assert old.find(wire("host2.example"), 0.0) is not None
    tables.clear()
    assert old.find(wire("host2.example"), 0.0) is None
    assert len(old) == 0 and tables.of("pc") is not old


def test_what_left_is_let_go_of_in_steps_and_nothing_is_lost_to_the_accounts() -> None:
    accounts = Accounts()
    tables = Tables(accounts)
    for view in ("pc", "guest"):
        filled(tables.of(view), LEAVING)
    tables.clear()
    seen = []
    for _ in range(10):
        if not tables.leaving:
            break
        tables.drain()
        seen.append(asked(accounts))
    assert not tables.leaving
    assert seen[0] == LEAVING and seen[-1] == 2 * LEAVING


def test_whoever_wants_the_accounts_does_not_wait_for_that() -> None:
    accounts = Accounts()
    tables = Tables(accounts)
    filled(tables.of("pc"), 10)
    tables.clear()
    filled(tables.of("pc"), 5)
    tables.harvest()
    assert asked(accounts) == 15
    tables.drain()
    tables.harvest()
    assert asked(accounts) == 15


def test_the_accounts_are_brought_up_to_date_in_portions_round_and_round() -> None:
    accounts = Accounts()
    tables = Tables(accounts)
    tables.harvest_some()
    for view in ("pc", "guest"):
        filled(tables.of(view), 2 * LEAVING)
    seen = []
    for _ in range(6):
        tables.harvest_some()
        seen.append(asked(accounts))
    assert seen[0] == LEAVING and seen[3] == 4 * LEAVING, "never more than a portion at once"
    filled(tables.of("pc"), 3)  # the same names again: others hand over what they counted
    for _ in range(6):
        tables.harvest_some()
    assert asked(accounts) == 4 * LEAVING + 3
