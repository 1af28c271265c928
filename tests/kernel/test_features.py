"""On this machine's own kernel, too, the enforcer believes what is true (checks_features.py: in the lab kernel)."""

import os

import pytest

from gateway.enforcer import features
from gateway.enforcer.kernel_nft import KernelNft
from gateway.lab import netns
from tests.kernel import truth


@pytest.mark.netns
def test_the_enforcer_believes_what_this_kernel_can_do() -> None:
    namespace = netns.make()
    try:
        with netns.inside(namespace):
            believed = features.ask(KernelNft())
    finally:
        os.close(namespace)
    assert believed == truth.found_out()
