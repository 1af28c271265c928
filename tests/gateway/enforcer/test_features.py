"""Asking the kernel what it has: an answer in any case, and nothing left behind."""

import pytest

from gateway.enforcer import features
from gateway.enforcer.kernel_nft import KernelNft, NftError

pytestmark = pytest.mark.netns


class Refusing:
    """A kernel that refuses every ruleset: one that cannot be had here."""

    def check(self, text: str) -> None:
        raise NftError(features_fault())


def features_fault():
    from gateway.enforcer.kernel_nft import Fault

    return (Fault("not supported", 1, "", ""),)


def test_every_question_is_answered_and_leaves_nothing(net) -> None:
    found = features.ask(KernelNft())
    assert set(found) == {"flow_offload", "nft_queue", "nft_log", "nft_nat", "ct_accounting", "vlan"}
    assert found["nft_log"]
    assert found["nft_nat"]
    assert KernelNft().listing() == ""
    assert "vlan" not in net.run("ip", "link")


def test_a_kernel_without_anything_is_no_error(net) -> None:
    found = features.ask(Refusing())
    assert not any(found[name] for name in ("flow_offload", "nft_queue", "nft_log", "nft_nat"))


def test_the_compiler_is_told_of_offload_only_with_the_interfaces_there_are(net) -> None:
    net.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    told = features.for_compile({"flow_offload": True})
    assert told.flow_offload
    assert set(told.interfaces) >= {"eth0", "eth1"}
    assert "lo" not in told.interfaces
    assert not features.for_compile({}).flow_offload
