"""Is the time known to be right? A Raspberry Pi has no clock of its own: after power came back it may be years off.

A machine whose clock nobody disciplines, but whose starter vouches for it (a container, a lab), says so by
CLINICGATE_TIME=known.

May live here: asking the kernel. May not: setting anything, what follows from it (unbound.py).
"""

import ctypes
import os
import time
from pathlib import Path

TIME_VARIABLE = "CLINICGATE_TIME"
TIME_ERROR = 5  # adjtimex(2): not synchronised
_TIMEX_OCTETS = 512  # struct timex is 208 octets on 64-bit machines; all zero, it only asks


def synchronised() -> bool:
    """Whether the kernel's clock follows a time source. False when the kernel does not say."""
    try:
        state = int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_OCTETS)))
    except (OSError, AttributeError):
        return False
    return state not in (-1, TIME_ERROR)


def time_is_known(anchor: Path) -> bool:
    """Synchronised or vouched for, and not before the anchor was installed. Raises OSError without that file."""
    vouched = os.environ.get(TIME_VARIABLE) == "known"
    return (vouched or synchronised()) and time.time() >= anchor.stat().st_mtime
