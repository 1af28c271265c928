"""The lab's folder and record: what is not whole counts as not there."""

import pytest

from gateway.lab import folder as module
from gateway.lab.errors import LabError
from gateway.lab.folder import (
    Folder,
    Process,
    Record,
    RecordedHost,
    folders,
    read_processes,
    read_record,
    write_json,
    write_record,
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LABS", tmp_path / "lab")
    monkeypatch.setattr(module, "DEFAULT_RUN", tmp_path)
    found = Folder("t1")
    found.root.mkdir(parents=True)
    return found


@pytest.mark.parametrize("name", ["", "-a", "A", "../x", "a/b", "a" * 13, "a\n", "ä"])
def test_a_name_that_could_lead_elsewhere_is_refused(name):
    with pytest.raises(LabError, match="no name for a lab"):
        Folder(name)


def test_a_record_survives_its_file(place):
    record = Record("t1", "/x/site.yaml", (RecordedHost("a", "device", "pc", "受付", ("10.0.0.1",), "cg-t1-a"),))
    write_record(place, record)
    assert read_record(place) == record
    assert record.host("a").label == "受付"
    assert record.host("b") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"lab": "t1"}', '{"lab":"x","site":"y","hosts":[{"z":1}]}'])
def test_a_broken_record_is_none(place, text):
    place.record.write_text(text)
    assert read_record(place) is None


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"pid": 1}}'])
def test_broken_notes_of_processes_are_none(place, text):
    place.processes.write_text(text)
    assert read_processes(place) == {}


def test_notes_of_processes_survive(place):
    write_json(place.processes, {"world": {"pid": 7, "started": 8}})
    assert read_processes(place) == {"world": Process(7, 8)}


def test_removing_takes_empty_parents_and_leaves_what_is_not_ours(place):
    (place.root / "etc").mkdir()
    assert [found.lab for found in folders()] == ["t1"]
    other = module.DEFAULT_RUN / "enforcer.sock"
    other.touch()
    place.remove()
    assert not module.LABS.exists()
    assert other.exists()
    other.unlink()
    place.remove()
    assert not module.DEFAULT_RUN.exists()
