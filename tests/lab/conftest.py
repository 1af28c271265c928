"""A running lab of the small site, shared by the tests of this folder, and sites to build others from.

May live here: these fixtures. May not: what is tested. Labs of tests have names of their own, so that a demo or another
session on the same machine is not in the way.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.lab import lifecycle, netns
from gateway.lab.folder import Folder, Record, read_record
from gateway.lab.person import apply_and_confirm
from gateway.lab.topology import prefix
from ruleset.resolved import ResolvedSite
from tests.gateway.lab.conftest import EXAMPLES, SMALL, resolve
from tests.lab.dns_clinic import SITE, NamesClinic
from tests.lab.dns_others import Others, Seen, others


@dataclass(frozen=True)
class Clinic:
    """A lab that is up, with its site applied."""

    lab: str
    site: Path
    resolved: ResolvedSite
    folder: Folder
    record: Record

    def namespace(self, host: str) -> str:
        return self.record.host(host).namespace


def lab_name(letter: str) -> str:
    """A lab's name that no other session has."""
    return f"{letter}{os.getpid()}"


def nothing_left(lab: str) -> bool:
    """Whether no namespace and no file of that lab is there."""
    return not netns.names(prefix(lab)) and not Folder(lab).root.exists()


@pytest.fixture(scope="session")
def small():
    return resolve(SMALL)


@pytest.fixture(scope="session")
def small_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "site.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="session")
def clinic(small, small_file):
    lab = lab_name("t")
    lifecycle.up(small, str(small_file), lab)
    try:
        apply_and_confirm(small_file, lab)
        folder = Folder(lab)
        yield Clinic(lab, small_file, small, folder, read_record(folder))
    finally:
        lifecycle.down(lab)


@pytest.fixture(scope="session")
def names_clinic(tmp_path_factory):
    """The clinic whose names are answered by its own recursive resolver."""
    lab, site = lab_name("n"), tmp_path_factory.mktemp("names") / "site.yaml"
    site.write_text(SITE)
    lifecycle.up(resolve(SITE), str(site), lab)
    try:
        apply_and_confirm(site, lab)
        yield NamesClinic(lab, Folder(lab), read_record(Folder(lab)))
    finally:
        lifecycle.down(lab)


@pytest.fixture(scope="session")
def seen(names_clinic) -> Iterator[Seen]:
    """Every question that leaves that clinic."""
    eye = Seen(names_clinic.namespace("internet"))
    yield eye
    eye.close()


@pytest.fixture(scope="session")
def strangers(names_clinic) -> Iterator[Others]:
    """Somebody else's resolvers for encrypted DNS in that clinic's internet."""
    with others(names_clinic.namespace("internet"), names_clinic.folder.certificate) as serving:
        yield serving


@pytest.fixture
def bare(small, small_file):
    """A lab without the product: only its world. The test may break it."""
    lab = lab_name("b")
    lifecycle.up(small, str(small_file), lab, gateway=False)
    yield Folder(lab)
    lifecycle.down(lab)


@pytest.fixture(scope="session")
def japan():
    path = EXAMPLES / "naika-clinic.yaml"
    return resolve(path.read_text(), str(path))
