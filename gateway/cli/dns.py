"""Commands about names: dns explain, dns test, dns allow, dns disallow, dns allowances, dns report.

May live here: arguments, calls to the enforcer and the resolver, printing their answers. May not: judging names.
"""

import argparse
import itertools
import re
import sys
from pathlib import Path
from typing import Any

from filters.names import BadNameError, from_text, to_text
from gateway.cli.clinic import applied_or_none, meant, nearest, refusal, time_of
from gateway.cli.dns_report import report
from gateway.cli.dns_text import NO_HELP, answer_text, explain_text, why
from gateway.cli.output import CommandError, load_or_stop, now_or, say, say_json
from gateway.cli.status_text import allowance_line
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.paths import Paths
from gateway.wire import NOT_FOUND
from ruleset.problems import printable
from ruleset.resolved import ResolvedSite

SHORTEST, LONGEST = 1, 86_400  # seconds, as the enforcer takes them
UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}
_DURATION = re.compile(r"([0-9]{1,5})(s|min|m|h)")
PATIENCE = 15.0  # seconds: the resolver gives up after 10
MAX_LINE = 1 << 16


def add_commands(commands: Any) -> None:
    """Adds the commands of this module."""
    parser = commands.add_parser("dns", help="names: why one is blocked, what a device is told, allow one for a while")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    why_ = actions.add_parser(
        "explain", help="why a name is answered as it is: rule, list, line, and what would allow it"
    )
    _question(why_, _explain)
    why_.add_argument("--at", metavar="MOMENT", help="at this moment instead of now")
    why_.add_argument("--site", type=Path, metavar="SITE", help="a site.yaml instead of the running resolver")
    why_.add_argument("--lists", type=Path, metavar="FOLDER", help="with --site: where the lists are")
    _question(actions.add_parser("test", help="ask the running resolver as that device, without a trace on it"), _test)
    allow = actions.add_parser("allow", help="let one name and all below it through for a while; it ends by itself")
    allow.add_argument("name", metavar="NAME", help="for example www.example.com")
    whom = allow.add_mutually_exclusive_group(required=True)
    whom.add_argument("--device", metavar="DEVICE", help="for one device of the site")
    whom.add_argument("--zone", metavar="ZONE", help="for everybody in a zone")
    whom.add_argument("--all", action="store_true", help="for every zone")
    allow.add_argument("--for", dest="seconds", type=_seconds, default=3600, metavar="TIME", help="30m, 1h (default)")
    allow.add_argument("--reason", required=True, help="why, for the journal")
    allow.add_argument("--json", action="store_true", help="for machines")
    allow.set_defaults(run=_allow)
    disallow = actions.add_parser("disallow", help="end an allowance before its time")
    disallow.add_argument("id", type=_number, metavar="ID", help="its number in `dns allowances`")
    disallow.set_defaults(run=_disallow)
    show = actions.add_parser("allowances", help="which names are allowed for a while: for whom, until when, by whom")
    show.add_argument("--json", action="store_true", help="for machines")
    show.set_defaults(run=_allowances)
    week = actions.add_parser("report", help="the names asked for and refused in seven days: how often, by whom, why")
    week.add_argument("--json", action="store_true", help="for machines")
    week.set_defaults(run=report)


def _question(parser: argparse.ArgumentParser, run: Any) -> None:
    parser.add_argument("name", metavar="NAME", help="for example www.example.com")
    parser.add_argument("--from", dest="client", required=True, metavar="WHO", help="a device, a zone or an address")
    parser.add_argument("--type", default="A", metavar="TYPE", help="record type (default A)")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=run)


def _seconds(text: str) -> int:
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * UNITS[match[2]] if match else 0
    if not SHORTEST <= seconds <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no time from 1s to 24h, such as 30m or 1h")
    return seconds


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is no ID: it is the number in `clinicgate dns allowances`")
    return int(text)


def _name(text: str) -> str:
    """The name as the gateway writes it: small letters, international ones in their ASCII form."""
    try:
        return to_text(from_text(text))
    except BadNameError as error:
        raise CommandError(f"{text!r} is no name: {error}", "write it as www.example.com") from None


def _enforcer(command: str, **arguments: Any) -> dict[str, Any]:
    with EnforcerClient(Paths.from_env().enforcer_socket) as client:
        return client.call(command, **arguments)


def _resolver(site: ResolvedSite | None, command: str, **arguments: Any) -> dict[str, Any]:
    """Who `client` is must be plain: a word that means nobody is answered with what could be meant."""
    try:
        with EnforcerClient(Paths.from_env().resolver_socket, PATIENCE, who="resolver") as client:
            return client.call(command, **arguments)
    except Refused as error:
        close = nearest(site, arguments["client"]) if error.code == NOT_FOUND else ""
        if not close:
            raise
        raise CommandError(f"refused: {error.message}", f"{close} {error.hint}", status=1) from None


def _explain(arguments: argparse.Namespace) -> int:
    if arguments.lists is not None and arguments.site is None:
        raise CommandError("--lists is for --site; the running resolver has its own lists", "leave it out")
    now_or(arguments.at)  # before anybody is asked: is it a moment?
    site = applied_or_none() if arguments.site is None else load_or_stop(arguments.site, arguments.at)
    client, moment = meant(site, arguments.client), now_or(arguments.at, site)
    asked: dict[str, Any] = {"name": _name(arguments.name), "client": client, "type": arguments.type}
    lists = arguments.lists or Paths.from_env().lists
    if arguments.site is not None and site is not None:
        from gateway.cli.dns_offline import explain_offline

        told = explain_offline(site, lists, asked, moment)
    else:
        told = _resolver(site, "explain", **asked, **({} if arguments.at is None else {"at": moment.timestamp()}))
    told["not_asked"] = refusal(site, told, moment)
    if arguments.json:
        say_json(told)
    else:
        say(explain_text(told, _line(lists, told)))
    return 1 if told.get("undecided") else 0


def _line(lists: Path, told: dict[str, Any]) -> str:
    """The text of the list's line, when it can be read."""
    number, path = told.get("verdict", {}).get("line", 0), told.get("file")
    if not path or not number:
        return ""
    from gateway.cli.dns_offline import list_file

    try:
        with list_file(lists, path).open("rb") as file:
            lines = iter(lambda: file.readline(MAX_LINE), b"")
            return next(itertools.islice(lines, number - 1, None), b"").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _test(arguments: argparse.Namespace) -> int:
    site, name = applied_or_none(), _name(arguments.name)
    told = _resolver(site, "ask", name=name, client=meant(site, arguments.client), type=arguments.type)
    told["not_asked"] = refusal(site, told, now_or(None))
    if arguments.json:
        say_json(told)
    else:
        say(answer_text(told))
    return 0


def _allow(arguments: argparse.Namespace) -> int:
    name, site = _name(arguments.name), applied_or_none()
    device = arguments.device and meant(site, arguments.device)
    whom = {"device": device, "zone": arguments.zone, "all": arguments.all or None}
    _must_help(site, name, device or arguments.zone)
    made = _enforcer("dns_allow", name=name, minutes=arguments.seconds / 60, reason=arguments.reason, **whom)
    if arguments.json:
        say_json(made)
    else:
        say(f"Allowed: {allowance_line(made, time_of(site))}")
        if replaced := made.get("replaced"):
            say(f"It replaces {', '.join(printable(str(one)) for one in replaced)}: the same name for the same.")
        say(f"It ends by itself; to end it now: clinicgate dns disallow {made['id']}")
    return 0


def _must_help(site: ResolvedSite | None, name: str, client: str | None) -> None:
    """An allowance that changes nothing would only puzzle whoever reads of it later. Raises CommandError."""
    if client is None:
        return  # for everybody: there is no one answer
    try:
        told = _resolver(site, "ask", name=name, client=client)
    except EnforcerUnavailable as error:
        sys.stderr.write(f"clinicgate: {error}; so nobody looked whether the name is blocked at all\n")
        return
    verdict = told.get("verdict") or {}
    if verdict.get("may_allow") or verdict.get("reason") == "granted":
        if refused := refusal(site, told, now_or(None)):
            sys.stderr.write(f"clinicgate: warning: {refused} The allowance changes nothing for it.\n")
        return
    hint = f"`clinicgate dns explain {name} --from {client}` tells more"
    if verdict.get("reason") in NO_HELP:
        raise CommandError(f"{name}: an allowance cannot help: {why(verdict)}", hint, status=1)
    raise CommandError(f"{name} is not blocked for {client}, nothing to allow: {why(verdict)}", hint, status=1)


def _disallow(arguments: argparse.Namespace) -> int:
    try:
        ended = _enforcer("dns_disallow", id=arguments.id)
        say(f"Ended: {allowance_line(ended, time_of(applied_or_none()))}")
    except Refused as error:
        if error.code != NOT_FOUND:
            raise
        raise CommandError(error.message, error.hint, status=1) from None
    return 0


def _allowances(arguments: argparse.Namespace) -> int:
    told = _enforcer("dns_allowances")
    if arguments.json:
        say_json(told)
    else:
        zone = time_of(applied_or_none())
        say(
            "\n".join(allowance_line(row, zone) for row in told.get("allowances", []))
            or "no name is allowed for a while"
        )
    return 0
