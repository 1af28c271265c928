"""The swap into place, and paths that lead nowhere."""

from datetime import timedelta

import pytest

from gateway.updates.place import Place, PlaceError, alone
from tests.gateway.updates.conftest import NOW


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path, "malware", "lists/malware.hosts")
    found.prepare()
    return found


def test_the_list_is_replaced_whole_and_the_one_before_is_kept(place):
    for text in ("one", "two", "three"):
        place.plain.write_text(text)
        place.install(place.plain)
    assert (place.list.read_text(), place.before.read_text(), place.plain.exists()) == ("three", "two", False)


def test_a_reader_of_the_old_list_reads_it_to_its_end(place):
    place.plain.write_text("one")
    place.install(place.plain)
    with place.list.open() as reader:
        place.plain.write_text("two")
        place.install(place.plain)
        assert reader.read() == "one"


@pytest.mark.parametrize("path", ["../x", "a/../../x", ".updates/malware/record.json", "link/x"])
def test_a_path_out_of_the_folder_is_refused(tmp_path, path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/link").symlink_to("/etc")
    with pytest.raises(PlaceError, match="leads out of the lists folder"):
        Place(tmp_path / "lists", "malware", path)


def test_when_the_list_was_written(place):
    assert place.changed() is None
    place.list.mkdir()
    assert place.changed() is None
    place.list.rmdir()
    place.list.write_text("x")
    assert place.changed() is not None


def test_leftovers_go_the_list_stays(place):
    for file in (place.list, place.download, place.plain, place.before):
        file.write_text("x")
    place.forget_download()
    place.clean(NOW, NOW + timedelta(days=30))
    assert place.list.exists() and place.before.exists() and not place.download.exists() and not place.plain.exists()
    place.clean(NOW, NOW + timedelta(days=31))
    assert place.list.exists() and not place.before.exists()


def test_only_one_at_a_time(tmp_path):
    with alone(tmp_path), pytest.raises(BlockingIOError), alone(tmp_path):
        pass
    with alone(tmp_path):
        assert (tmp_path / ".updates/lock").exists()
