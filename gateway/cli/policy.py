"""Commands that only read: check, compile, lint, schema, explain, plan.

May live here: arguments and printing. May not: any answer (all of them are `ruleset`'s).
"""

import argparse
import difflib
import json
from pathlib import Path
from typing import Any, Literal

from gateway.applied import applied_site
from gateway.cli.output import CommandError, load, load_or_stop, now_or, print_problems, say, say_json
from gateway.client import EnforcerClient
from gateway.paths import Paths
from ruleset.compile import compile_ruleset
from ruleset.explain import Question, explain
from ruleset.invariants import check as broken_invariants
from ruleset.lint import lint
from ruleset.live import NOTHING_LIVE
from ruleset.model import Site
from ruleset.plan import plan
from ruleset.problems import by_place
from ruleset.render import render
from ruleset.resolved import ResolvedSite
from ruleset.tree import Ruleset


def add_commands(commands: Any) -> None:
    """Adds the commands of this module."""
    check = _site_command(commands, "check", "is this site file right? Names every problem at its line", _check)
    check.add_argument("--json", action="store_true", help="problems for machines")
    text = _site_command(commands, "compile", "print the nft text of the whole policy", _compile)
    text.add_argument("--json", action="store_true", help="the text as `nft` of a JSON object")
    lints = _site_command(
        commands, "lint", "what is allowed but unwise: shadowed, duplicate, over-wide, soon to end", _lint
    )
    lints.add_argument("--json", action="store_true", help="for machines")
    schema = commands.add_parser("schema", help="print a JSON Schema of site.yaml for editors")
    schema.add_argument("--json", action="store_true", help="it always is")
    schema.set_defaults(run=_schema)
    _add_explain(commands)
    _add_plan(commands)


def _site_command(commands: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text)
    parser.add_argument("site", type=Path, metavar="SITE", help="path of a site.yaml")
    parser.add_argument("--at", metavar="MOMENT", help="judge expiry at this moment instead of now")
    parser.set_defaults(run=run)
    return parser


def _add_explain(commands: Any) -> None:
    parser = _site_command(
        commands, "explain", "would this connection pass, by which rule, and what would allow it?", _explain
    )
    parser.add_argument("--from", dest="source", required=True, metavar="WHO", help="a device, a zone or an address")
    parser.add_argument(
        "--to", dest="target", required=True, metavar="WHOM", help="a device, a zone, an address or a name"
    )
    wire = parser.add_mutually_exclusive_group(required=True)
    wire.add_argument("--tcp", type=_port, metavar="PORT", help="a TCP port")
    wire.add_argument("--udp", type=_port, metavar="PORT", help="a UDP port")
    wire.add_argument("--echo", action="store_true", help="a ping")
    parser.add_argument("--json", action="store_true", help="for machines")


def _add_plan(commands: Any) -> None:
    parser = commands.add_parser("plan", help="who gains and who loses access between two site files")
    parser.add_argument(
        "sites", type=Path, nargs="+", metavar="SITE", help="OLD NEW, or only NEW against what is applied"
    )
    parser.add_argument("--nft", action="store_true", help="the difference of the nft texts")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--at", metavar="MOMENT", help="judge expiry at this moment instead of now")
    parser.set_defaults(run=_plan)


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return port


def compiled(resolved: ResolvedSite, at: str | None = None) -> Ruleset:
    """The policy of a site with nobody isolated."""
    return compile_ruleset(resolved, NOTHING_LIVE, now_or(at, resolved))


def _check(arguments: argparse.Namespace) -> int:
    result = load(arguments.site, arguments.at)
    violations = broken_invariants(result.resolved, compiled(result.resolved, arguments.at)) if result.resolved else []
    good = result.resolved is not None and not violations
    if arguments.json:
        say_json(
            {
                "ok": good,
                "problems": [p.as_dict() for p in result.problems],
                "violations": [v.as_dict() for v in violations],
            }
        )
        return 0 if good else 1
    print_problems(result.problems, as_json=False)
    for violation in violations:
        say(violation.line())
    if good and result.resolved is not None:
        say(_summary(arguments.site, result.resolved, compiled(result.resolved, arguments.at)))
    return 0 if good else 1


def _summary(path: Path, resolved: ResolvedSite, ruleset: Ruleset) -> str:
    rules = sum(len(chain.rules) for chain in ruleset.chains)
    return (
        f"{path}: right. {len(resolved.segments)} zones, {len(resolved.hosts)} devices, "
        f"{len(resolved.site.permits)} permits; {rules} rules, every invariant holds."
    )


def _compile(arguments: argparse.Namespace) -> int:
    resolved = load_or_stop(arguments.site, arguments.at, as_json=arguments.json)
    text = render(compiled(resolved, arguments.at))
    if arguments.json:
        say_json({"nft": text})
    else:
        say(text)
    return 0


def _lint(arguments: argparse.Namespace) -> int:
    result = load(arguments.site, arguments.at)
    if result.resolved is None:
        print_problems(result.problems, as_json=arguments.json)
        return 1
    found = by_place(lint(result.resolved, now_or(arguments.at, result.resolved), result.document))
    if arguments.json:
        say_json({"problems": [p.as_dict() for p in found]})
    else:
        for problem in found:
            say(problem.line())
        say(f"{len(found)} warnings" if found else "nothing to say")
    return 0


def _schema(_arguments: argparse.Namespace) -> int:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Site.model_json_schema(by_alias=True)}
    say(json.dumps(schema, indent=2, ensure_ascii=False))
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    resolved = load_or_stop(arguments.site, arguments.at, as_json=arguments.json)
    protocol: Literal["tcp", "udp", "echo"] = "echo" if arguments.echo else ("tcp" if arguments.tcp else "udp")
    question = Question(arguments.source, arguments.target, protocol, arguments.tcp or arguments.udp or 0)
    answer = explain(resolved, compiled(resolved, arguments.at), question)
    if arguments.json:
        say_json(answer.as_dict())
    else:
        say(answer.text())
    return 1 if answer.verdict == "unknown" else 0


def _plan(arguments: argparse.Namespace) -> int:
    if len(arguments.sites) > 2:
        raise CommandError("plan takes one or two site files", "clinicgate plan OLD NEW")
    new = load_or_stop(arguments.sites[-1], arguments.at, as_json=arguments.json)
    old = load_or_stop(arguments.sites[0], arguments.at) if len(arguments.sites) == 2 else _applied(arguments.at)
    if arguments.nft:
        say(_text_difference(old, new, arguments.at))
        return 0
    changes = plan(old, new, now_or(arguments.at, new))
    if arguments.json:
        say_json(changes.as_dict())
    else:
        say(changes.text())
    return 0


def _applied(at: str | None) -> ResolvedSite | None:
    with EnforcerClient(Paths.from_env().enforcer_socket) as client:
        applied = applied_site(client, now_or(at))
    return applied.resolved if applied else None


def _text_difference(old: ResolvedSite | None, new: ResolvedSite, at: str | None) -> str:
    before = render(compiled(old, at)).splitlines() if old else []
    lines = difflib.unified_diff(before, render(compiled(new, at)).splitlines(), "old.nft", "new.nft", lineterm="", n=1)
    return "\n".join(lines) or "the nft texts are equal"
