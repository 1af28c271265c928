"""nftables of a lab kernel that was built with less than the product's kernels have.

May live here: that one difference. May not: anything a check judges.
"""

import re

from gateway.enforcer.kernel_nft import KernelNft, NftError

COUNTER = re.compile(r'counter name "[^"]+"')
NAMED_COUNTER = "table inet named {\ncounter c { }\nchain x { counter name c;\n}\n}\n"


class LabNft(KernelNft):
    """nftables of the lab kernel, for use inside the gateway's namespace.

    Before Linux 6.2 a kernel can be built without references to named counters (CONFIG_NFT_OBJREF). In such a one rules
    count into counters of their own: the only difference from the production text, and none for what packets do.
    """

    def __init__(self) -> None:
        super().__init__()
        try:
            super()._run(NAMED_COUNTER, dry_run=True)
            self.named_counters = True
        except NftError:
            self.named_counters = False

    def _run(self, text: str, *, dry_run: bool) -> None:
        super()._run(text if self.named_counters else COUNTER.sub("counter", text), dry_run=dry_run)
