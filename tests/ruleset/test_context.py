"""Look-ups of one site: packs, services, ends, waivers."""

from datetime import UTC, date, datetime

import pytest

from ruleset.context import zone_info
from ruleset.services import traffic
from tests.ruleset.written import SIGNED, context


def test_what_every_site_has_comes_first_and_unknown_packs_are_left_out():
    assert [p.pack.pack for p in context(packs=["jp", "atlantis", "fr", "jp"]).packs] == [
        "base",
        "encrypted-dns",
        "jp",
        "fr",
    ]


def test_the_sites_own_services_come_to_those_of_the_packs_and_replace_none():
    known = context(services={"emr-app": {"tcp": [8443]}, "https": {"tcp": [1]}}).services
    assert known["emr-app"].traffic == traffic([8443], []) and known["emr-app"].source == "site"
    assert known["https"].traffic == traffic([443], [])


def test_a_service_with_impossible_ports_opens_nothing():
    assert context(services={"bad": {"tcp": ["9-1"]}}).services["bad"].traffic == ()


@pytest.mark.parametrize(
    ("expires", "wanted"),
    [
        (date(2026, 6, 1), datetime(2026, 6, 1, 15, 0, tzinfo=UTC)),
        (datetime(2026, 6, 1, 18, 0), datetime(2026, 6, 1, 9, 0, tzinfo=UTC)),  # noqa: DTZ001
        (datetime.fromisoformat("2026-06-01T18:00+02:00"), datetime(2026, 6, 1, 16, 0, tzinfo=UTC)),
        (date.max, datetime.max.replace(tzinfo=UTC)),
        (datetime.fromisoformat("9999-12-31T23:59:59-14:00"), datetime.max.replace(tzinfo=UTC)),
        (datetime.fromisoformat("0001-01-01T00:00+14:00"), datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_midnight_where_the_clinic_is(expires, wanted):
    assert context().moment(expires) == wanted


def test_a_day_with_a_change_of_clocks_ends_at_its_own_midnight():
    paris = context(clinic={"timezone": "Europe/Paris"})
    assert paris.moment(date(2026, 3, 28)) == datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert paris.moment(date(2026, 3, 29)) == datetime(2026, 3, 29, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(("second", "expired"), [(-1, False), (0, True), (1, True)])
def test_the_end_itself_is_over(second, expired):
    end = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)
    assert (
        context(now=end.replace(microsecond=0).fromtimestamp(end.timestamp() + second, UTC)).expired(date(2026, 6, 1))
        is expired
    )


def test_a_waiver_covers_by_name_and_only_while_it_lasts():
    waivers = {"w": {"covers": "vpn"} | SIGNED, "old": {"covers": "door"} | SIGNED | {"expires": "2026-05-31"}}
    looked = context(waivers=waivers)
    assert looked.waived("vpn") and not looked.waived("door") and not looked.waived("w")


def test_the_internet_and_the_gateway_are_their_own_roles():
    assert [context().role(side) for side in ("internet", "gateway", "pc")] == ["internet", "gateway", "pc"]


def test_what_a_pair_may_name_comes_from_exceptions_and_grants():
    looked = context()
    assert looked.permitted_services("pc", "cam") == {"https", "http", "rtsp"}
    assert "any" in looked.permitted_services("pc", "srv")
    assert looked.permitted_services("cam", "internet") == frozenset()
    assert looked.permitted_services("guest", "srv") == frozenset()


def test_a_default_service_of_the_gateway_does_not_open_the_others():
    allowed = context().permitted_services("pc", "gateway")
    assert "any" not in allowed and "ssh" not in allowed and {"dns", "ntp", "ui"} <= allowed


@pytest.mark.parametrize("name", ["", "Nowhere/City", "../../etc/passwd", "/etc/passwd", "a\0b", "Asia", "."])
def test_what_is_no_time_zone_gives_none(name):
    assert zone_info(name) is None
    assert str(zone_info("Asia/Tokyo")) == "Asia/Tokyo"


def test_a_site_with_a_wrong_time_zone_is_looked_at_in_utc():
    assert context(clinic={"timezone": "Nowhere/City"}).moment(date(2026, 6, 1)) == datetime(2026, 6, 2, tzinfo=UTC)
