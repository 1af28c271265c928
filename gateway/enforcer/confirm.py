"""May this person, over this connection, confirm the pending policy? Pure: values in, a reason out.

After a bad policy an old session still works while new ones time out, because established flows go on. So a confirm
counts only over a connection that was opened after the policy was loaded, and only from the person who applied it.

May live here: the decision. May not: clocks, /proc, sockets.
"""

from dataclasses import dataclass
from typing import Literal

from gateway.enforcer.pending import Pending

OriginKind = Literal["ssh", "console", "web", "unknown"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a command came from. `opened` is when its connection was made, in seconds since boot; None if unknown.

    `from_here` says that the connection began on this very box, so that it proves nothing about the way in.
    """

    kind: OriginKind
    opened: float | None
    text: str
    from_here: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """`why` is a sentence for the audit log and the person; `hint` is the way out of a refusal."""

    allowed: bool
    why: str
    hint: str = ""


def may_confirm(pending: Pending, actor: str, origin: Origin) -> Decision:
    """The same person, at the console or over a connection opened after the policy was loaded."""
    if not actor or actor != pending.actor:
        return Decision(
            False,
            f"generation {pending.generation} was applied by {pending.actor or 'nobody known'}, not by you",
            "the person who applied it must confirm",
        )
    if origin.kind == "console":
        return Decision(True, "confirmed at the local console, which needs no network")
    if origin.kind == "unknown" or origin.opened is None:
        return Decision(
            False,
            "it cannot be seen over which connection you came",
            "confirm in a new SSH session without tmux or screen, or on the local console; "
            "in the lab: `clinicgate lab apply SITE`, then `clinicgate lab confirm`",
        )
    if origin.from_here:
        return Decision(
            False,
            "your connection begins on the gateway itself, so it does not show that you can still get in",
            "open the session from your own computer",
        )
    if origin.opened <= pending.applied_boot:
        return Decision(
            False,
            "your connection is older than the policy, so it does not show that a new one gets through",
            "open a new session now and confirm there; old sessions outlive even a policy that locks you out",
        )
    return Decision(True, f"confirmed over a new connection ({origin.text})")
