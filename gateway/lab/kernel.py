"""Loading nft text into a namespace of the lab, by libnftables, in this process.

May live here: that one call. May not: what the text says. The gateway's own policy is the enforcer's business; this
is for rigs and benches that have no enforcer.
"""

from gateway.lab import netns
from gateway.lab.errors import LabError


def load_ruleset(namespace: int, text: str) -> None:
    """Loads `text` in one transaction. Raises LabError with the kernel's words."""
    import nftables

    with netns.inside(namespace):
        code, _, words = nftables.Nftables().cmd(text)
    if code != 0:
        raise LabError(f"the kernel refuses the ruleset: {words.strip()[:600]}")
