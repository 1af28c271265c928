"""What the enforcer's tests share: a started core on the links of the small clinic."""

from pathlib import Path

import pytest

from gateway.enforcer import startup
from gateway.enforcer.change import Who
from gateway.enforcer.confirm import Origin
from gateway.enforcer.core import Core
from gateway.enforcer.kernel_nft import KernelNft
from gateway.paths import Paths
from tests.gateway.enforcer.nets import Net, gateway_links


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "state", tmp_path / "run")


@pytest.fixture
def core(net: Net, paths: Paths) -> Core:
    """A core after its first start (the closed policy is loaded), on the small clinic's links."""
    gateway_links(net)
    core = Core(paths, KernelNft())
    startup.start(core)
    return core


@pytest.fixture
def admin() -> Who:
    """Somebody at the console, who may confirm what he applied."""
    return Who("admin", Origin("console", None, "local console 4:1"))
