"""One command under way, as every command function gets it.

May live here: that value. May not: commands.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.arguments import Arguments
from gateway.enforcer.change import Who
from gateway.enforcer.core import Core
from gateway.enforcer.steps import Tell, silent


@dataclass
class Call:
    """A command may leave `descriptors` to hand over and a `plan` for the audit log."""

    core: Core
    who: Who
    args: Arguments
    tell: Tell = silent
    plan: str = ""
    descriptors: list[int] = field(default_factory=list)


Command = Callable[[Call], dict[str, Any]]
