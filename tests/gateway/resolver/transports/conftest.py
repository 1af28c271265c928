"""One authority for all tests of a session, and trust in it alone."""

from pathlib import Path

import pytest

from tests.gateway.resolver.transports.servers import certificates


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The authority's certificate; certificate and key of dns.lab.test."""
    return certificates(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def certificate(issued: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's file, while the machine trusts its authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(issued[0]))
    return issued[1]
