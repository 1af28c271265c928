"""The enforcer, started by a test that wants it dead: `deadly_enforcer.py STEP [options of the enforcer]`.

It kills itself (SIGKILL) as it begins STEP of an apply. The product has no such switch: this is another entry point,
which puts its own listener in the place where the steps are counted.
"""

import os
import signal
import sys

from gateway.enforcer import __main__, change
from gateway.enforcer.steps import Progress, Step


class Deadly(Progress):
    """Ends the process at one step."""

    fatal = ""

    def __call__(self, step: Step) -> None:
        if step == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        super().__call__(step)


if __name__ == "__main__":
    Deadly.fatal = sys.argv[1]
    change.Progress = Deadly
    raise SystemExit(__main__.main(sys.argv[2:]))
