"""Folders that processes of different users share."""

import json
import os
import stat

import pytest

from gateway.lab.folder import Folder
from gateway.lab.state import make_gateway_folders
from tests.gateway.lab.conftest import SMALL, resolve

pytestmark = pytest.mark.netns  # giving files to others takes root, as namespaces do


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.lab.folder.LABS", tmp_path)
    return Folder("t1")


def test_the_watcher_may_add_files_and_nobody_may_take_anothers(folder, small):
    make_gateway_folders(folder, small)
    for path in (folder.gateway.state, folder.gateway.run):
        about = path.stat()
        assert (about.st_uid, about.st_gid) == (0, 64510)
        assert stat.S_IMODE(about.st_mode) == 0o1775


def test_the_resolver_has_folders_of_its_own(folder, small):
    make_gateway_folders(folder, small)
    found = [path.stat() for path in (folder.gateway.compiled, folder.gateway.resolver_folder)]
    assert [(about.st_uid, stat.S_IMODE(about.st_mode)) for about in found] == [(64502, 0o700), (64502, 0o755)]


def test_roles_are_written_where_only_root_writes(folder, small):
    make_gateway_folders(folder, small)
    access = folder.gateway.access_files[0]
    assert json.loads(access.read_text()) == {"64502": "resolver", "64503": "watcher", "64504": "webui"}
    assert stat.S_IMODE(access.stat().st_mode) == 0o644
    assert access.stat().st_uid == os.geteuid() == 0


def test_lists_are_there_and_none_lands_elsewhere(folder, tmp_path):
    make_gateway_folders(folder, resolve(SMALL.replace("malware.hosts", "a/malware.hosts")))
    assert "www.malware.test" in (folder.gateway.lists / "a/malware.hosts").read_text()


def test_a_list_path_with_dots_is_not_written(folder, small):
    lists = {"x": small.site.dns.lists["malware"].model_copy(update={"path": "a/../../../out.hosts"})}
    site = small.site.model_copy(update={"dns": small.site.dns.model_copy(update={"lists": lists})})
    from dataclasses import replace

    make_gateway_folders(folder, replace(small, site=site))
    assert not list(folder.root.rglob("out.hosts"))
