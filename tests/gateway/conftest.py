"""A network namespace to be in, for every test of the gateway."""

from collections.abc import Iterator

import pytest

from tests.gateway.enforcer.nets import Net


@pytest.fixture
def net() -> Iterator[Net]:
    """A fresh namespace; the test's thread is inside."""
    net = Net()
    with net.enter():
        yield net
    net.close()
