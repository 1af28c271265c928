"""Attempts in words that a doctor understands, in both languages, with labels as plain text."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.events import Kind, Label
from gateway.report import Attempt, Passed, Period, Place, Reason, Summary
from tests.webui.seed import HOSTILE, LABELS, NOON, seed_busy
from webui.i18n import locales
from webui.words import Teller

EN, JA = locales()["en"], locales()["ja"]
NOTHING = Period(0, 0, 0, (), 0)


def summary(*more: Label) -> Summary:
    labels = {(label.type, label.id): label for label in (*LABELS, *more)}
    return Summary(datetime.fromtimestamp(NOON, UTC), NOTHING, NOTHING, (), (), (), (), labels)


def attempt(zone: str, source: str, target: str, **more: object) -> Attempt:
    values = {
        "kind": Kind.PACKET_REFUSED.value,
        "reason": Reason.NOT_PERMITTED,
        "count": 1204,
        "via": (),
        "all_places": 2,
    }
    values |= {"first_seen": NOON, "last_seen": NOON, "places": (), "at_least": False} | more
    return Attempt(zone=zone, source=source, target=target, **values)  # type: ignore[arg-type]


def told(a: Attempt, locale=EN) -> str:
    story = Teller(locale, summary()).story(a)
    return f"{story.what} {story.why} {story.advice}"


def test_a_camera_that_knocks():
    camera = attempt("cam", "camera-1", "internet")
    assert told(camera) == (
        "Camera “待合室” tried to reach the internet 1,204 times. "
        "Cameras may not use the internet, so it was stopped. Nothing to do."
    )
    assert told(camera, JA) == (
        "カメラ「待合室」がインターネットへの通信を1,204回試みました。"
        " カメラはインターネットを使えないため、止めました。 対応は不要です。"
    )


UNKNOWN = "An unknown device (10.10.20.147) in “診察・受付PC” tried to reach “サーバー”"
GUEST = "A device in “来院者Wi-Fi” tried to reach this gateway once."
NOBODY = "A device that could not be named tried to reach another place"
OFTEN = "Camera “待合室” tried to reach the internet at least 1"
IN, LISTED, FALSE, ISOLATED = Reason.INBOUND, Reason.LISTED_ADDRESS, Reason.SPOOFED, Reason.QUARANTINE


@pytest.mark.parametrize(
    ("what", "begins", "advice"),
    [
        (attempt("pc", "10.10.20.147", "srv"), UNKNOWN, "If this goes on"),
        (attempt("guest", "", "gateway", count=1), GUEST, "Nothing"),
        (attempt("guest", "", "", reason=Reason.LISTED_NAME), "A device in “来院者Wi-Fi” asked for", "Nothing"),
        (attempt("internet", "", "gateway", reason=IN), "Someone on the internet tried to get in", "Nothing"),
        (attempt("", "", ""), NOBODY, "Nothing"),
        (attempt("cam", "camera-1", "internet", at_least=True), OFTEN, "Nothing"),
        (attempt("pc", "reception-1", "internet", reason=LISTED), "PC “受付PC 1” tried", "Please"),
        (attempt("internet", "", "pc", reason=LISTED), "Addresses known for attacks tried", "Nothing"),
        (attempt("pc", "reception-1", "pc", reason=FALSE), "PC “受付PC 1” used a false sender", "If"),
        (attempt("pc", "reception-1", "internet", reason=ISOLATED), "PC “受付PC 1” tried", "Nothing"),
        (attempt("nowhere", "", "internet"), "A device in “nowhere”", "Nothing"),
    ],
)
def test_each_kind_of_attempt(what: Attempt, begins: str, advice: str):
    story = Teller(EN, summary()).story(what)
    assert story.what.startswith(begins)
    assert story.advice.startswith(advice)
    assert story.calm == (advice == "Nothing")


def test_the_drawing_beside_a_story():
    def icon(*what: str, **more: object) -> str:
        return Teller(EN, summary()).story(attempt(*what, **more)).icon

    assert icon("cam", "camera-1", "internet") == "camera"
    assert icon("cam", "camera-1", "", kind="name_blocked", reason=Reason.LISTED_NAME) == "globe"
    assert icon("internet", "", "gateway", reason=IN) == "globe"
    assert icon("pc", "10.10.20.147", "srv") == "device"


def test_a_single_device_aimed_at_is_named():
    one = attempt("pc", "reception-1", "srv", all_places=1, places=(Place("emr", "tcp/3389", 3),))
    assert "to reach medical record server “電子カルテ”" in told(one)
    assert "PCs may not reach servers this way" in told(one)


def test_lists_and_services_are_named_in_peoples_words():
    listed = attempt("pc", "reception-1", "", reason=Reason.LISTED_NAME, kind="name_blocked", via=("malware", "own"))
    assert "“マルウェア配布サイト, own”" in told(listed)
    mail = attempt("prn", "mfp", "internet", reason=Reason.DANGEROUS_SERVICE, via=("mail-relay",))
    assert "(direct sending of mail)" in told(mail)


@pytest.mark.parametrize(
    ("category", "says", "calm"),
    [("ads", "unwanted names", True), ("tracking", "unwanted names", True), ("malware", "harmful names", False),
     ("", "harmful names", False), ("own-words", "harmful names", False)],
)  # fmt: skip
def test_an_unwanted_name_is_no_alarm_and_a_harmful_one_is(category: str, says: str, calm: bool):
    listed = attempt("pc", "reception-1", "", reason=Reason.LISTED_NAME, kind="name_blocked", via=("some",))
    story = Teller(EN, summary(Label("list", "some", "Some", category))).story(listed)
    assert says in story.what
    assert story.calm is calm


def test_a_name_that_the_clinics_own_rules_refuse_is_not_called_listed():
    camera = attempt("cam", "camera-1", "", reason=Reason.REFUSED_NAME, kind="name_blocked")
    assert told(camera) == (
        "Camera “待合室” asked for names that are not allowed there 1,204 times. "
        "Your clinic’s rules do not allow them, so they were refused. Nothing to do."
    )


@pytest.mark.parametrize(
    ("purpose", "text", "english", "japanese"),
    [
        ("web", "", "Web", "Web"),
        ("video", "Zoom", "Video consultation (Zoom)", "ビデオ診療(Zoom)"),
        ("permit", "電子カルテ {count}", "Permit: 電子カルテ {count}", "許可:電子カルテ {count}"),
        ("nonsense", HOSTILE, "Other", "その他"),
    ],
)
def test_what_a_connection_was_for(purpose: str, text: str, english: str, japanese: str):
    row = Passed(purpose, text, 1, 2)
    assert (Teller(EN, summary()).passed(row), Teller(JA, summary()).passed(row)) == (english, japanese)


@pytest.mark.parametrize("locale", [EN, JA])
@pytest.mark.parametrize("reason", list(Reason))
def test_hostile_words_never_become_part_of_a_pattern(locale, reason: Reason):
    teller = Teller(locale, summary(Label("zone", HOSTILE, HOSTILE, HOSTILE), Label("device", "x", HOSTILE, HOSTILE)))
    for source, shown in (("x", HOSTILE), (HOSTILE, HOSTILE), ("{0.__class__}", "{0.__class__}")):
        story = teller.story(attempt(HOSTILE, source, HOSTILE, reason=reason, via=(HOSTILE,)))
        assert shown in story.what
        assert story.why


@pytest.mark.parametrize("locale", [EN, JA])
def test_every_attempt_of_a_busy_week_can_be_told(tmp_path: Path, locale):
    from gateway.report import summary as read

    seed_busy(tmp_path / "events.sqlite")
    past = read(tmp_path / "events.sqlite", NOON)
    stories = [Teller(locale, past).story(a) for a in past.week.attempts]
    assert len(stories) >= 8
    assert all(story.what and story.why and story.advice for story in stories)
