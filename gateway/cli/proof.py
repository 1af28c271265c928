"""`clinicgate prove`: does the policy do what the site wants, pair by pair of zones?

May live here: arguments, the report files, printing. May not: questions or verdicts (ruleset/prove*.py), packets
(gateway/lab).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gateway.cli.output import load_or_stop, need_root, now_or, say, say_json
from gateway.cli.policy import compiled
from gateway.durable import write
from ruleset.problems import printable
from ruleset.prove import Report, prove
from ruleset.prove_html import html


def add_commands(commands: Any) -> None:
    """Adds `prove`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "prove", help="every pair of zones over the ports that matter: wanted, computed and, with --live, seen"
    )
    parser.add_argument("site", type=Path, metavar="SITE", help="path of a site.yaml")
    parser.add_argument("--live", action="store_true", help="also send real packets in the running lab")
    parser.add_argument(
        "--report", type=Path, metavar="FOLDER", help="write report.txt, report.json and report.html there"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--at", metavar="MOMENT", help="judge expiry at this moment instead of now")
    parser.set_defaults(run=_prove)


def _prove(arguments: argparse.Namespace) -> int:
    if arguments.live:
        need_root("prove --live")
    resolved = load_or_stop(arguments.site, arguments.at, as_json=arguments.json)
    moment = now_or(arguments.at, resolved)
    if arguments.live:
        from gateway.lab.live import live_report

        report = live_report(resolved, compiled(resolved, arguments.at), moment)
    else:
        report = prove(resolved, compiled(resolved, arguments.at), moment)
    if arguments.report:
        sys.stderr.write(f"wrote {printable(', '.join(map(str, _write(arguments.report, report))), 2000)}\n")
    if arguments.json:
        say_json(report.as_dict())
    else:
        say(report.text())
    return 0 if report.holds else 1


def _write(folder: Path, report: Report) -> list[Path]:
    """Answer: the files."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.txt": report.text(),
        "report.json": json.dumps(report.as_dict(), ensure_ascii=False, indent=2),
        "report.html": html(report),
    }
    for name, text in texts.items():
        write(folder / name, text.encode(), 0o644)
    return [folder / name for name in texts]
