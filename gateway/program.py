"""How this program is typed again: for the hints it gives.

May live here: its own path. May not: anything about what is typed after it.
"""

import shlex
import sys
from pathlib import Path

NAME = "clinicgate"


def program() -> str:
    """The absolute path of `clinicgate`, quoted for a shell, so that it can be typed in any folder and on any host.

    The bare name when there is no such program beside this interpreter."""
    called, installed = Path(sys.argv[0]), Path(sys.executable).with_name(NAME)
    own = called if called.name == NAME else installed
    return shlex.quote(str(own.absolute())) if own.exists() else NAME
