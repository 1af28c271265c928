"""Runs in the lab kernel: every check on a practice of its own, one line of JSON each into the shared folder.

May live here: finding the checks, running them, writing what came out. May not: a check.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from tests.kernel import checks_features, checks_offload, checks_quarantine, checks_trunk, clinic

MODULES: tuple[ModuleType, ...] = (checks_features, checks_trunk, checks_offload, checks_quarantine)
PREFIX = "check_"
RESULTS = Path("/run/share/results")
Check = Callable[[clinic.Clinic], dict[str, object]]


def checks() -> dict[str, Check]:
    """Name -> check, in the order in which they are written."""
    return {
        name.removeprefix(PREFIX): value
        for module in MODULES
        for name, value in vars(module).items()
        if name.startswith(PREFIX)
    }


def outcome(name: str, check: Check) -> dict[str, object]:
    """What the host is told of one check: `error` is empty when it held."""
    begun, figures, error = time.monotonic(), dict[str, object](), ""
    try:
        with clinic.built() as practice:
            figures = check(practice)
    except Exception:  # noqa: BLE001 - the host's pytest shows it
        error = traceback.format_exc()
    return {"check": name, "error": error, "figures": figures, "seconds": round(time.monotonic() - begun, 2)}


def main(wanted: list[str]) -> None:
    with RESULTS.open("w") as results:
        for name, check in checks().items():
            if not wanted or name in wanted:
                results.write(json.dumps(outcome(name, check)) + "\n")
                results.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
