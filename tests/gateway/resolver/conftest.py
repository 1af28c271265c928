"""A resolver with an upstream, on loopback addresses of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.resolver.world import Authority, FakeEnforcer, Running, config


@pytest.fixture
def authority() -> Iterator[Authority]:
    made = Authority()
    made.records["www.example"] = ["192.0.2.1"]
    yield made
    made.close()


@pytest.fixture
def enforcer(tmp_path: Path) -> Iterator[FakeEnforcer]:
    made = FakeEnforcer(tmp_path / "enforcer.sock")
    yield made
    made.close()


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Running]:
    """Running, without a configuration."""
    made = Running(tmp_path)
    yield made
    made.close()


@pytest.fixture
def running(idle: Running, authority: Authority) -> Running:
    """Serving both zones."""
    assert idle.adopt(config(authority))
    return idle
