"""The two roots and the names below them."""

from pathlib import Path

from gateway.paths import DEFAULT_RUN, DEFAULT_STATE, Paths


def test_the_environment_moves_both_roots() -> None:
    paths = Paths.from_env({"CLINICGATE_STATE": "/tmp/s", "CLINICGATE_RUN": "/tmp/r"})
    assert paths == Paths(Path("/tmp/s"), Path("/tmp/r"))
    assert paths.enforcer_socket == Path("/tmp/r/enforcer.sock")
    assert paths.generation(7) == Path("/tmp/s/generations/7")


def test_an_unset_or_empty_variable_means_the_default() -> None:
    assert Paths.from_env({"CLINICGATE_STATE": ""}) == Paths(DEFAULT_STATE, DEFAULT_RUN)


def test_a_lab_of_its_own_never_reads_state_of_the_system() -> None:
    paths = Paths(Path("/tmp/s"), Path("/tmp/r"))
    for name in (
        "generations",
        "current",
        "pending",
        "quarantine",
        "allowances",
        "audit",
        "audit_anchors",
        "events_database",
        "lists",
        "compiled",
    ):
        assert getattr(paths, name).is_relative_to("/tmp/s"), name


def test_what_the_resolver_remembers_until_the_next_boot_lies_in_a_folder_of_its_own() -> None:
    paths = Paths(Path("/tmp/s"), Path("/tmp/r"))
    own = (paths.resolver_status, paths.resolver_cache, paths.resolver_socket)
    assert {path.parent for path in own} == {paths.resolver_folder}
    assert paths.resolver_folder.parent == paths.run
