"""What `dns explain --site` needs: the policy of a site file with the lists there are, without a running resolver.

The lists' texts are read by the confined process that updates use, and compiled into memory.

May live here: that. May not: explaining (gateway.resolver.explaining), words.
"""

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from filters.dns_listed import Shelved
from filters.lists import ListFile, ListFileError
from filters.names import BadNameError
from gateway.arguments import Arguments
from gateway.cli.clinic import nearest
from gateway.cli.output import CommandError
from gateway.resolver.config import ResolverConfig, config_of
from gateway.resolver.explaining import explain_in
from gateway.resolver.policy import session_config
from gateway.updates.confined import Compile, UnfitError, inspect_names
from gateway.wire import CommandRefused
from ruleset.problems import printable
from ruleset.resolved import ResolvedSite

LISTS_DECIDE = frozenset({"not_listed", "excepted"})


def explain_offline(site: ResolvedSite, lists: Path, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The answer of the resolver's `explain`; `missing` tells the lists that could not be had. Raises CommandError."""
    config = config_of(site)
    shelf, missing = _shelf(config, lists)
    try:
        policy = session_config(config, shelf).policy
        told = explain_in(config, policy, Arguments("explain", asked), now.timestamp())
    except CommandRefused as refused:
        hint = f"{nearest(site, str(asked['client']))} {refused.hint}".strip()
        raise CommandError(refused.message, hint, status=1) from None
    except BadNameError as error:
        raise CommandError(f"the site's own names: {error}", "see `clinicgate check SITE`", status=1) from None
    return {**told, "missing": list(missing.values()), "undecided": _undecided(config, told, missing)}


def _undecided(config: ResolverConfig, told: dict[str, Any], missing: dict[str, str]) -> list[str]:
    """The missing lists that count for this asker, where only lists could have decided."""
    if told["verdict"]["reason"] not in LISTS_DECIDE:
        return []
    zone = next((zone.policy for zone in config.zones if zone.name == told["zone"]), None)
    device = next((one.overlay for one in config.devices if told["view"] == f"{told['zone']}/{one.name}"), None)
    hours = [zone.during[name] for name in told["schedules"] if zone and name in zone.during]
    words = [one for one in (zone, device, *hours) if one is not None]
    named = {name for one in words for name in one.lists or ()}
    wanted = {category for one in words for category in one.categories or ()}
    return sorted(name for name in missing if name in named or config.categories.get(name) in wanted)


def _shelf(config: ResolverConfig, folder: Path) -> tuple[dict[str, Shelved], dict[str, str]]:
    found, missing = {}, {}
    for name, path in config.lists.items():
        try:
            found[name] = Shelved(name, _compiled(name, list_file(folder, path)))
        except (OSError, UnfitError, ListFileError) as error:
            missing[name] = printable(f"{name}: {error}")
    return found, missing


def _compiled(name: str, file: Path) -> ListFile:
    """Raises OSError, UnfitError, ListFileError."""
    key = secrets.token_bytes(32)
    with os.fdopen(os.memfd_create("compiled"), "w+b") as into:
        inspect_names(file, (), Compile(name, key, into))
        into.seek(0)
        return ListFile(memoryview(into.read()), key)


def list_file(folder: Path, path: str) -> Path:
    """The file of a list. Raises FileNotFoundError for what is no plain file below the folder."""
    file = folder / path
    if Path(path).is_absolute() or ".." in Path(path).parts or not file.is_file():
        raise FileNotFoundError(f"no file {path} in {folder}")
    return file
