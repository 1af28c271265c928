"""`clinicgate dns report`: the week's names for a technician, read from the store as the owner's page reads it.

May live here: reading the store and printing. May not: SQL, folding rows (gateway/report_names.py).
"""

import argparse
import dataclasses
import time
from datetime import UTC

from gateway.cli.output import CommandError, say, say_json
from gateway.paths import Paths
from gateway.report import names, summary
from gateway.report_names_text import names_lines
from gateway.store.reader import StoreUnavailableError


def report(arguments: argparse.Namespace) -> int:
    """Prints what was asked and refused by name in the last seven days, with list, reason and who asked."""
    path = Paths.from_env().events_database
    try:
        past = summary(path, time.time())
        found = names(path, [day.label for day in past.days])
    except StoreUnavailableError as error:
        raise CommandError(
            f"the events cannot be read: {error}", "is the watcher running? see `clinicgate status`"
        ) from (error)
    if arguments.json:
        say_json(dataclasses.asdict(found))
    else:
        say("\n".join(names_lines(found, past.labels, past.now.tzinfo or UTC)))
    return 0
