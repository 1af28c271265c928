"""What stands on the page of names: the numbers agree, what is worth a look comes first, gaps are told."""

from pathlib import Path

import pytest

from gateway.events import Blocked, Kind, Source
from gateway.paths import Paths
from gateway.store.batch import Batch, day_in
from gateway.store.writer import EventWriter
from tests.webui.seed import NOON, TOKYO, alive, enforcer, seed_busy, seed_empty
from tests.webui.seed_names import WITH_ALLOWED, seed_hostile_names, seed_names
from webui.i18n import Locale, locales
from webui.names import NamesPage, Told, build_names
from webui.observe import Observer

EN, JA = locales()["en"], locales()["ja"]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    alive(Paths(tmp_path, tmp_path))
    return Paths(tmp_path, tmp_path)


def page(paths: Paths, locale: Locale = EN) -> NamesPage:
    with enforcer(paths.enforcer_socket, WITH_ALLOWED):
        return build_names(Observer(paths, lambda: NOON).names(), locale)


def told(paths: Paths, locale: Locale = EN) -> Told:
    found = page(paths, locale).told
    assert found is not None
    return found


def test_a_week_of_names(paths: Paths):
    seed_names(paths)
    found = told(paths)
    lines = (*found.lines, *found.more_lines)
    assert (found.today, found.week, found.unlisted) == (536, 3568, 0)
    assert found.picture.counts[-1] == found.today
    assert sum(int(row.figure.replace(",", "")) for row in found.by_list) == found.week
    assert [line.look for line in lines] == sorted((line.look for line in lines), reverse=True)
    assert [line.name for line in lines[:2]] == ["login.bad-invoice.example", "xn--e1awd7f.xn--80akhbyknj4f"]
    assert len({line.id for line in lines}) == len(lines) == 9
    assert (found.quick, [row.figure for row in found.speed]) == ("97%", ["93%", "97%", "97%", "99%", "99%"])


def test_one_name_in_words(paths: Paths):
    seed_names(paths)
    line = told(paths).lines[0]
    assert f"{line.asked} {line.by} {line.why} {line.advice}" == (
        "Asked 7 times in the last 7 days (today: 4), last on 22 November 2026, 16:40. "
        "PC “受付PC 1” (6), “来院者Wi-Fi” (1) "
        "It is on the block list “マルウェア配布サイト”, so it was refused. "
        "If this goes on, ask your technician to look at the device that asks."
    )
    assert dict(line.facts) == {
        "List": "マルウェア配布サイト", "Kind": "malware", "Publisher": "lists.example", "Licence": "CC0",
        "Entry": "login.bad-invoice.example",
    }  # fmt: skip


def test_by_zone_no_device_is_named_and_off_names_nothing(paths: Paths):
    seed_names(paths, "zone")
    found = told(paths)
    everything = " ".join(line.by for line in (*found.lines, *found.more_lines))
    assert "受付PC 1" not in everything and "10.10.20.147" not in everything and "“診察・受付PC” (6)" in everything
    assert found.kept == "Names are kept for 30 days, with the place they were asked from, never with the device."


def test_off_tells_numbers_alone(paths: Paths):
    seed_names(paths, "off")
    found = told(paths)
    assert (found.lines, found.top, found.hits) == ((), (), ())
    assert (found.week, found.unlisted) == (3568, 3568)
    assert found.kept.startswith("Your clinic’s rules say that no names are written down.")


def test_what_is_counted_elsewhere_and_not_listed_yet_is_told(paths: Paths):
    seed_busy(paths.events_database)
    seed_names(paths)
    found = told(paths)
    assert found.unlisted == found.week - 3568 > 0
    assert any("not listed by their names" in loss for loss in found.losses)


def test_lists_tell_age_terms_and_what_is_wrong(paths: Paths):
    seed_names(paths)
    good, held, missing, own = page(paths).lists
    assert (good.state, good.terms, good.warnings) == (
        "120,514 entries, in use since 22 November 2026.",
        "Kind: malware, Publisher: lists.example, Licence: CC0",
        (),
    )
    assert [warning.split(" ")[0] for warning in held.warnings] == ["News", "There", "It"]
    assert held.warnings[0].endswith("clinicgate lists status"), "the reason itself is the technician's, in English"
    assert held.warnings[2].endswith("It is answered all the same."), "one name is no plural"
    assert "update.vendor.example" in held.warnings[2]
    assert missing.state == "Not there yet: it blocks nothing."
    assert own.state == "One entry, in use since 1 September 2026."
    (hit,) = told(paths).hits
    assert hit.startswith("The list “広告と行動追跡” names update.vendor.example, which must not be blocked.")


def test_before_the_first_update_lists_have_the_sites_words(paths: Paths):
    seed_empty(paths.events_database)
    assert [(line.label, line.state) for line in page(paths).lists] == [
        ("マルウェア配布サイト", "No update has been recorded yet.")
    ]


def test_a_list_put_there_by_hand_has_the_resolvers_count(paths: Paths):
    seed_empty(paths.events_database)
    paths.resolver_folder.mkdir(exist_ok=True)
    paths.resolver_status.write_text('{"lists": [{"id": "malware", "rules": 1204, "rejects": 2, "problem": ""}]}')
    assert [line.state for line in page(paths).lists] == ["1,204 entries in force."]


def test_before_the_first_count_of_questions_no_total_is_made_up(paths: Paths):
    seed_empty(paths.events_database)
    writer, batch = EventWriter(paths.events_database), Batch(day_in(TOKYO))
    batch.blocked(Blocked(Kind.NAME_BLOCKED, NOON, Source("pc"), "bad.example", "", "A", "list:malware", 39))
    writer.write(batch)
    writer.close()
    assert told(paths).asked is None
    assert page(paths).detail.startswith("Today: 39. How many names were asked for in all is counted once a minute")


def test_what_is_allowed_for_a_while(paths: Paths):
    seed_names(paths)
    assert page(paths).allowed == (
        ("shop.example until 22 November 2026, 17:30", "For “診察・受付PC”", "Reason: 備品の注文, by technician"),
        ("video.example until 22 November 2026, 16:41", "For PC “診察室PC”", ""),
        ("all.example until 22 November 2026, 16:41", "For everybody", "Reason: x, by owner"),
    )
    assert build_names(Observer(paths, lambda: NOON).names(), EN).allowed is None, "the guard cannot be asked"


def test_nothing_refused_and_nothing_to_see(paths: Paths):
    blind = page(paths)
    assert (blind.told, blind.headline) == (None, "Which names were refused cannot be seen at the moment.")
    seed_empty(paths.events_database)
    quiet = page(paths)
    assert quiet.headline == "No name had to be refused in the last 7 days."
    assert quiet.told is not None
    assert (quiet.told.quick, quiet.told.speed) == ("–", ())


@pytest.mark.parametrize("language", sorted(locales()))
def test_every_name_can_be_told_in_every_language(paths: Paths, language: str):
    seed_names(paths)
    seed_hostile_names(paths)
    found = told(paths, locales()[language])
    lines = (*found.lines, *found.more_lines)
    assert len(lines) >= 16
    assert all(line.asked and line.by and line.why and line.advice for line in lines)
