"""The lab gateway's own state and run folders: who may write where, who has which role, the block lists.

May live here: making these folders. May not: what the processes keep in them.

Both are shared by processes of different users, as on the box: sticky, so that nobody removes what is another's.
"""

import json
import os
from pathlib import Path

from gateway.lab.folder import Folder
from gateway.lab.names import list_text
from gateway.lab.specs import ACCESS, RESOLVER, SHARERS
from ruleset.resolved import ResolvedSite

SHARED = 0o1775  # root's; the sharers may add files of their own (database, socket)


def make_gateway_folders(folder: Folder, resolved: ResolvedSite) -> None:
    """Everything the gateway's processes need to find before they start."""
    paths = folder.gateway
    for path in (paths.state, paths.run):
        path.mkdir(parents=True, mode=0o755)
        os.chown(path, 0, SHARERS)
        path.chmod(SHARED)
    for path, mode in ((paths.compiled, 0o700), (paths.resolver_folder, 0o755)):
        path.mkdir(mode=mode)
        os.chown(path, RESOLVER, RESOLVER)
    access = paths.access_files[0]
    access.write_text(json.dumps(ACCESS), encoding="ascii")
    access.chmod(0o644)
    paths.lists.mkdir(mode=0o755)
    for block_list in resolved.site.dns.lists.values():
        if block_list.path is not None:
            _write_list(paths.lists, paths.lists / block_list.path, block_list.category)


def _write_list(lists: Path, place: Path, category: str | None) -> None:
    if not place.resolve().is_relative_to(lists.resolve()):
        return  # a path with `..`: the resolver will refuse it, and say so
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    place.write_text(list_text(place.name, category), encoding="ascii")
