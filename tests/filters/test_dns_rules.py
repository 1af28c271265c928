"""Zone, schedule, device, allowance: which policy counts for whom and when, and what each word does."""

from dataclasses import replace
from ipaddress import ip_address

from filters.dns_explain import explain
from filters.dns_local import LocalNames
from filters.dns_message import Type
from filters.dns_policy import DnsPolicy
from filters.dns_rules import Allowance, DevicePolicy, Overlay, ZonePolicy
from filters.dns_schedule import DAY, Moment, hours
from filters.lists import compile_list
from filters.names import SuffixSet
from filters.verdict import Action, Reason, Verdict
from tests.filters.dns_tools import name

KEY = b"tests"
MALWARE = compile_list("malware", [b"0.0.0.0 bad.example", b"0.0.0.0 vendor.example"], KEY)
GAMES = compile_list("games", [b"# title", b"play.example", b"fun.example"], KEY)
DESK, OTHER, CAMERA = ip_address("10.20.20.11"), ip_address("10.20.20.12"), ip_address("10.20.50.7")
WORK, EVENING = Moment(10 * 60, 1000.0), Moment(20 * 60, 1000.0)


def names(*texts: str) -> SuffixSet:
    return SuffixSet(name(text) for text in texts)


POLICY = DnsPolicy(
    zones={
        "pc": ZonePolicy(
            (MALWARE,), allow=names("ok.fun.example"), deny=names("denied.example", "no.vendor.example"),
            during=(("work", Overlay(categories=(GAMES,), block=Action.NODATA)),),
        ),
        "cam": ZonePolicy((MALWARE,), only=names("vendor.example"), allow=names("time.example")),
        "kids": ZonePolicy(safe_search=True, block=Action.PAGE),
    },
    local=LocalNames("clinic.home.arpa", [], []),
    protected=names("health.example", "vendor.example"),
    key=KEY,
    closed=names("closed.example", "zone.local"),
    devices={
        DESK: DevicePolicy("desk", "pc", Overlay(lists=(GAMES,), allow=names("denied.example"), safe_search=True)),
        CAMERA: DevicePolicy("camera", "cam", Overlay(only=names("cloud.example"))),
    },
    schedules={"work": hours(["mon"], "08:00", "18:00")},
)  # fmt: skip


def judged(
    text: str, zone: str = "pc", client: object = OTHER, when: Moment = EVENING, *, policy: DnsPolicy = POLICY,
    qtype: int = Type.A,
) -> Verdict:  # fmt: skip
    standing = policy.at(when)
    found = standing.decide(standing.rules(zone, client), name(text), qtype, client)
    told = explain(policy, zone, client, name(text), when, qtype)
    assert told[-1].verdict == found, "explain and decide never disagree"
    assert [one.verdict for one in told[:-1]] == [None] * (len(told) - 1)
    assert all(one.text.isascii() for one in told)
    return found


def said(text: str, *args: object, **more: object) -> tuple[str, str]:
    found = judged(text, *args, **more)
    return str(found.action), str(found.reason)


def test_a_schedule_lays_another_policy_over_the_zone() -> None:
    assert said("play.example", when=EVENING) == ("forward", "not_listed")
    found = judged("play.example", when=WORK)
    assert found == Verdict(Action.NODATA, Reason.LISTED, "games", 2, "play.example")
    assert said("bad.example", when=WORK) == ("nodata", "listed"), "the zone's lists stay"


def test_a_devices_policy_lies_over_its_zones() -> None:
    assert said("play.example", client=DESK) == ("nxdomain", "listed")
    assert said("bad.example", client=DESK) == ("forward", "not_listed"), "lists instead of the zone's"
    assert said("denied.example", client=DESK) == ("forward", "allowed"), "its own entry, for a tie"
    assert said("denied.example", client=OTHER) == ("nxdomain", "denied")
    assert said("www.google.co.jp", client=DESK) == ("safe", "safe_search")
    assert said("play.example", "kids", DESK) == ("forward", "not_listed"), "in another zone it is like anybody"


def test_own_entries_beat_the_lists_and_the_most_specific_one_counts() -> None:
    assert said("ok.fun.example", when=WORK) == ("forward", "allowed")
    assert said("x.ok.fun.example", when=WORK) == ("forward", "allowed")
    assert said("fun.example", when=WORK) == ("nodata", "listed")
    assert judged("x.denied.example").rule == "denied.example"


def test_protected_names_beat_lists_but_not_a_more_specific_own_entry() -> None:
    assert judged("vendor.example") == Verdict(Action.FORWARD, Reason.PROTECTED, "malware", 2, "vendor.example")
    assert said("no.vendor.example") == ("nxdomain", "denied")
    tie = replace(POLICY, zones={"pc": ZonePolicy(deny=names("vendor.example", "example"))})
    assert said("vendor.example", policy=tie) == ("forward", "protected")


def test_allow_only_lets_nothing_else_through() -> None:
    assert said("vendor.example", "cam") == ("forward", "protected")
    assert said("time.example", "cam") == ("forward", "allowed")
    assert said("www.example", "cam") == ("nxdomain", "not_allowed")
    assert said("health.example", "cam") == ("nxdomain", "not_allowed"), "no list, so a protected name is no exception"
    assert said("a.closed.example", "cam") == ("forward", "closed")
    assert said("cloud.example", "cam", CAMERA) == ("forward", "allowed")
    assert said("vendor.example", "cam", CAMERA) == ("nxdomain", "not_allowed")
    nothing = replace(POLICY, zones={"pc": ZonePolicy(only=SuffixSet())})
    assert said("www.example", policy=nothing) == ("nxdomain", "not_allowed"), "an empty list is a list"


def test_closed_names_are_never_filtered() -> None:
    strict = replace(POLICY, zones={"pc": ZonePolicy((MALWARE,), deny=names("closed.example", "example"))})
    assert judged("x.closed.example", policy=strict) == Verdict(Action.FORWARD, Reason.CLOSED, rule="closed.example")
    standing = strict.at(EVENING)
    rules = standing.rules("pc", OTHER)
    assert rules is not None
    assert standing.judge_link(rules, name("x.closed.example"), Type.A) is None, "nor as a link"
    assert said("host.zone.local") == ("forward", "closed"), "even below a name that never leaves otherwise"
    assert said("other.local") == ("nxdomain", "special_use")


# --- allowed for a while


def allowed(text: str = "bad.example", **more: object) -> DnsPolicy:
    values = {"name": name(text), "zone": "pc", "until": 4600.0, "actor": "owner", "reason": "対応中", **more}
    return replace(POLICY, allowances=(Allowance(**values),))


def test_an_allowance_ends_by_itself() -> None:
    policy = allowed()
    assert said("www.bad.example", policy=policy) == ("forward", "granted")
    assert said("bad.example", policy=policy, when=Moment(0, 4599.9)) == ("forward", "granted")
    assert said("bad.example", policy=policy, when=Moment(0, 4600.0)) == ("nxdomain", "listed")
    assert said("bad.example", policy=POLICY) == ("nxdomain", "listed")


def test_an_allowance_is_for_its_zone_or_its_clients() -> None:
    assert said("bad.example", "cam", policy=allowed()) == ("nxdomain", "not_allowed")
    assert said("bad.example", "cam", policy=allowed(zone="cam")) == ("forward", "granted")
    assert said("play.example", client=DESK, policy=allowed("play.example")) == ("forward", "granted")
    desk = allowed("play.example", device="desk")
    assert said("play.example", "pc", OTHER, WORK, policy=desk) == ("nodata", "listed")
    assert said("play.example", "kids", DESK, policy=desk) == ("forward", "not_listed"), "in another zone like anybody"
    assert said("play.example", client=DESK, policy=desk) == ("forward", "granted")
    assert said("fun.example", client=DESK, policy=desk) == ("nxdomain", "listed"), "its own policy stays"
    assert said("denied.example", client=OTHER, policy=allowed("denied.example")) == ("forward", "granted")


def test_an_allowance_opens_no_way_around() -> None:
    assert said("use-application-dns.net", policy=allowed("use-application-dns.net")) == ("nxdomain", "canary")
    assert said("x.local", policy=allowed("x.local")) == ("nxdomain", "special_use")
    guarded = replace(allowed("example"), resolvers=names("doh.example"))
    assert said("x.doh.example", policy=guarded) == ("nxdomain", "encrypted_dns")
    assert said("bad.example", policy=guarded) == ("forward", "granted")


def test_state_changes_only_with_what_matters() -> None:
    policy = allowed()
    assert policy.state(Moment(60, 0.0)) == policy.state(Moment(61, 5.0))
    assert policy.state(Moment(60, 0.0)) != policy.state(Moment(9 * 60, 0.0))
    assert policy.state(Moment(60, 0.0)) != policy.state(Moment(60, 4600.0))
    assert policy.state(Moment(DAY + 60, 0.0)) == policy.state(Moment(60, 0.0))


# --- links of an answer


def test_links_are_judged_by_lists_and_own_entries_alone() -> None:
    standing = POLICY.at(WORK)
    rules = standing.rules("pc", OTHER)
    assert rules is not None
    found = standing.judge_link(rules, name("bad.example"), Type.A)
    assert found == Verdict(Action.NODATA, Reason.LISTED_LINK, "malware", 1, "bad.example")
    denied = standing.judge_link(rules, name("denied.example"), Type.A)
    assert denied is not None
    assert denied.reason is Reason.DENIED_LINK
    for text in ("www.example", "vendor.example", "ok.fun.example", "x.closed.example"):
        assert standing.judge_link(rules, name(text), Type.A) is None, text
