"""A technician's lines: everything that matters of a refused name, and nothing a terminal would obey."""

from datetime import UTC

from gateway.events import Label
from gateway.report_names import AskedDay, Asker, BlockedName, Hit, Names
from gateway.report_names_text import names_lines

AT = 1_795_348_800.0
BAD = BlockedName(
    "bad.example",
    "listed",
    "malware",
    "||bad.example^",
    3,
    9,
    AT,
    (Asker("pc", "reception-1", 6), Asker("guest", "", 3)),
)
LABELS = {("device", "reception-1"): Label("device", "reception-1", "Reception", "pc", "pc")}


def test_everything_of_a_refused_name_stands_in_two_lines():
    days = (AskedDay("2026-11-21", 0, 0), AskedDay("2026-11-22", 2000, 9))
    lines = names_lines(
        Names(
            days,
            (BAD,),
            2,
            reasons={"not_listed": 1991, "listed": 9},
            latency=((1, 90), (5, 10)),
            hits=(Hit("ads", "u.example", 4),),
        ),
        LABELS,
        UTC,
    )
    assert lines == [
        "2000 questions in 2 days, 9 refused, 0.5 %",
        "within 1 ms 90 %, within 5 ms 100 %, within 20 ms 100 %, within 100 ms 100 %, within 1000 ms 100 %",
        "  2026-11-22       2000 asked        9 refused",
        "bad.example: 9 times (3 today), last 2026-11-22 12:00+00:00: listed by list malware, entry ||bad.example^",
        "  by reception-1 6, guest 3 (Reception)",
        "and 2 refused that are counted, but not listed by name",
        "list ads names u.example, which is protected: answered (4)",
    ]


def test_an_empty_week_is_one_line():
    assert names_lines(Names((AskedDay("2026-11-22", 0, 0),)), {}, UTC) == ["0 questions in 1 days, 0 refused"]


def test_before_the_first_count_no_share_is_made_up():
    lines = names_lines(Names((AskedDay("2026-11-22", 39, 39),)), {}, UTC)
    assert lines == ["39 refused; how many were asked in all is counted once a minute"]


def test_hostile_words_are_escaped():
    evil = "\x1b[2Jx\ny"
    name = BlockedName(evil, evil, evil, evil, 1, 1, AT, (Asker(evil, evil, 1),))
    lines = names_lines(
        Names((), (name,), hits=(Hit(evil, evil, 1),)), {("device", evil): Label("device", evil, evil, "")}, UTC
    )
    assert all(line.isprintable() for line in lines)
