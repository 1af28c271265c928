"""The site's words and its lists -> the policy that judges; the clinic's own clock."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest

from filters.dns_schedule import DAY, Moment
from filters.lists import compile_list
from filters.names import from_text
from filters.verdict import Action, Reason
from gateway.resolver.config import DeviceConfig, ResolverConfig, ZoneConfig
from gateway.resolver.policy import moment_of, session_config
from ruleset.model_dns import DnsOverlay, DnsZone, Schedule

KEY = b"tests"
LISTS = {
    "malware": compile_list("malware", [b"# t", b"bad.example"], KEY),
    "games": compile_list("games", [b"# t", b"play.example"], KEY),
    "chat": compile_list("chat", [b"# t", b"talk.example"], KEY),
}
POLICY = DnsZone.model_validate({
    "lists": ["malware", "absent"], "block": "page", "deny": ["denied.example"], "safe_search": True,
    "during": {"work": {"categories": ["leisure"], "allow": ["talk.example"]}},
})  # fmt: skip
ONLY = DnsOverlay.model_validate({"only": ["a.example"]})
CONFIG = ResolverConfig(
    "clinic.home.arpa",
    (ZoneConfig("pc", (ip_network("10.20.20.0/24"),), (ip_address("10.20.20.1"),), POLICY),),
    (),
    routes={from_text("closed.example"): ()},
    categories={"games": "leisure", "chat": "leisure", "malware": "threat"},
    devices=(DeviceConfig("desk", "pc", (ip_address("10.20.20.11"),), ONLY),),
    schedules={"work": Schedule.model_validate({"days": ["mon"], "from": "08:00", "to": "18:00"})},
)  # fmt: skip
WORK, EVENING = Moment(600), Moment(1200)


def judged(text: str, when: Moment, client: str = "10.20.20.12") -> tuple[Action, Reason, str]:
    standing = session_config(CONFIG, LISTS, KEY).policy.at(when)
    found = standing.decide(standing.rules("pc", ip_address(client)), from_text(text), 1)
    return found.action, found.reason, found.list


def test_every_word_arrives() -> None:
    assert judged("bad.example", EVENING) == (Action.PAGE, Reason.LISTED, "malware")
    assert judged("denied.example", EVENING)[1] is Reason.DENIED
    assert judged("www.google.com", EVENING)[0] is Action.SAFE
    assert judged("closed.example", EVENING)[1] is Reason.CLOSED
    assert judged("play.example", EVENING)[1] is Reason.NOT_LISTED
    assert judged("play.example", WORK) == (Action.PAGE, Reason.LISTED, "games"), "by its category"
    assert judged("talk.example", WORK)[1] is Reason.ALLOWED
    assert judged("bad.example", WORK)[2] == "malware"
    assert judged("www.example", EVENING, "10.20.20.11")[1] is Reason.NOT_ALLOWED
    assert judged("a.example", EVENING, "10.20.20.11")[1] is Reason.ALLOWED


def test_pages_stand_at_the_zones_gateway_and_answers_point_nowhere_inside() -> None:
    found = session_config(CONFIG, LISTS, KEY)
    assert found.policy.zones["pc"].page == (ip_address("10.20.20.1"),)
    assert found.shaping.own == (ip_network("10.20.20.0/24"),)
    assert found.shaping.remove_ech


@pytest.mark.parametrize(
    ("now", "timezone", "minute"),
    [
        (datetime(2026, 11, 22, 15, 0, tzinfo=UTC), "Asia/Tokyo", 0),  # Monday 00:00 there
        (datetime(2026, 11, 22, 14, 59, tzinfo=UTC), "Asia/Tokyo", 7 * DAY - 1),
        (datetime(2026, 7, 6, 6, 30, tzinfo=UTC), "Europe/Paris", 8 * 60 + 30),  # summer time
        (datetime(2026, 12, 7, 6, 30, tzinfo=UTC), "Europe/Paris", 7 * 60 + 30),
    ],
)
def test_the_minute_of_the_week_is_the_clinics_own(now: datetime, timezone: str, minute: int) -> None:
    assert moment_of(now, timezone) == Moment(minute, now.timestamp())
