"""Commands about block lists and address lists: lists status, lists update, lists import.

May live here: arguments, one call to gateway.updates, printing its answer. May not: fetching, judging.
"""

import argparse
import contextlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.applied import SiteUnreadableError, applied_site
from gateway.cli.output import CommandError, load_or_stop, say, say_json
from gateway.client import EnforcerClient
from gateway.paths import Paths
from gateway.updates.carry import CarryError, carry
from gateway.updates.compiled import CompiledFolder
from gateway.updates.place import alone
from gateway.updates.sources import Source, sources_of, untouchable_of
from gateway.updates.status import publish, status_lines, status_of
from gateway.updates.update import Outcome, Room, update
from gateway.vitals import read_lists
from ruleset.problems import printable
from ruleset.resolved import ResolvedSite


def add_commands(commands: Any) -> None:
    """Adds the commands of this module."""
    parser = commands.add_parser("lists", help="block lists: how old, what was rejected; fetch or carry in new ones")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("status", help="age, rules, rejects with their reasons, licence, what was held back")
    show.add_argument("--json", action="store_true", help="for machines")
    show.set_defaults(run=_status)
    news = actions.add_parser("update", help="ask the publishers whose time has come; for a timer or a person")
    news.add_argument("names", nargs="*", metavar="LIST", help="only these lists of the site")
    news.add_argument("--now", action="store_true", help="ask although it is not time yet")
    news.set_defaults(run=_update)
    bring = actions.add_parser("import", help="take lists from a file, or from a folder such as a USB stick's")
    bring.add_argument("path", type=Path, metavar="PATH", help="a list, or a folder with files of the lists' names")
    bring.add_argument("--list", default="", metavar="LIST", help="the list of the site that the file is meant for")
    bring.set_defaults(run=_import)
    for action in (show, news, bring):
        action.add_argument("--site", type=Path, metavar="SITE", help="a site.yaml instead of the applied policy")
    for action in (news, bring):
        action.add_argument(
            "--accept-change", action="store_true", help="a person looked at it: take a far larger or smaller version"
        )


def _site(arguments: argparse.Namespace) -> ResolvedSite:
    if arguments.site is not None:
        return load_or_stop(arguments.site)
    try:
        with EnforcerClient(Paths.from_env().enforcer_socket) as client:
            applied = applied_site(client, datetime.now(UTC))
    except SiteUnreadableError as error:
        raise CommandError(str(error), "apply the site again, or name it with --site") from None
    if applied is None:
        raise CommandError("no policy is applied yet, so there are no lists", "apply a site, or name one with --site")
    return applied.resolved


def _room(arguments: argparse.Namespace, site: ResolvedSite) -> Room:
    return Room(
        lists=Paths.from_env().lists,
        untouchable=untouchable_of(site),
        hand_over=_hand_over,
        now=datetime.now(UTC),
        chance=random.random(),
        accept_change=arguments.accept_change,
        compiled=CompiledFolder(Paths.from_env().compiled),
    )


def _hand_over(name: str, file: Path) -> None:
    with EnforcerClient(Paths.from_env().enforcer_socket) as client:
        client.call("feed_load", name=name, path=str(file.resolve()))


def _status(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    paths = Paths.from_env()
    found = status_of(paths.lists, sources_of(_site(arguments)), read_lists(paths.resolver_status))
    if arguments.json:
        say_json({"lists": [one.as_dict() for one in found]})
    else:
        say("\n".join(line for one in found for line in status_lines(one, now)) or "the site has no lists")
    return 0


def _update(arguments: argparse.Namespace) -> int:
    site = _site(arguments)
    chosen = _named(sources_of(site), arguments.names)
    room = _room(arguments, site)
    with _only_one(room.lists):
        outcomes = [(one.name, update(one, room, force=arguments.now)) for one in chosen]
        publish(room.lists, sources_of(site))
    return _tell(outcomes)


def _import(arguments: argparse.Namespace) -> int:
    site = _site(arguments)
    sources = sources_of(site)
    if arguments.list:
        _named(sources, [arguments.list])
    room = _room(arguments, site)
    try:
        with _only_one(room.lists):
            outcomes = carry(arguments.path, sources, room, arguments.list)
            publish(room.lists, sources)
        return _tell(outcomes)
    except CarryError as error:
        raise CommandError(str(error), error.hint) from None


@contextlib.contextmanager
def _only_one(lists: Path) -> Iterator[None]:
    try:
        with alone(lists):
            yield
    except BlockingIOError:
        raise CommandError("another update is running", "wait for its end and try again", status=1) from None


def _named(sources: tuple[Source, ...], names: list[str]) -> tuple[Source, ...]:
    unknown = sorted(set(names) - {one.name for one in sources})
    if unknown:
        known = ", ".join(one.name for one in sources) or "none"
        raise CommandError(f"the site has no list {', '.join(unknown)}", f"its lists: {known}")
    return tuple(one for one in sources if not names or one.name in names)


def _tell(outcomes: list[tuple[str, Outcome]]) -> int:
    """One line a list; 1 when one was held back or failed."""
    for name, outcome in outcomes:
        say(printable(f"{name}: {outcome.what}: {outcome.words}", 1000))
    return 0 if all(outcome.is_fine for _, outcome in outcomes) else 1
