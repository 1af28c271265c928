"""The program's own path, as a hint shows it."""

import sys

from gateway.program import NAME, program


def test_a_relative_call_is_told_as_a_path_for_every_folder(tmp_path, monkeypatch):
    own = tmp_path / "a folder" / NAME
    own.parent.mkdir()
    own.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [f"a folder/{NAME}"])
    assert program() == f"'{own}'"


def test_called_as_a_module_it_is_the_one_beside_the_interpreter(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["gateway/cli/__main__.py"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert program() == NAME
    (tmp_path / NAME).touch()
    assert program() == str(tmp_path / NAME)
