"""Whom we believe."""

import ssl

import pytest

from gateway.resolver.transports.octets import TransportFailedError
from gateway.resolver.transports.trust import authorities, context


def test_certificate_and_name_are_always_checked():
    made = context("dot")
    assert made.verify_mode is ssl.CERT_REQUIRED and made.check_hostname
    assert made.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_file_of_authorities_replaces_the_system_ones(certificate, issued):
    assert authorities() == str(issued[0])


def test_no_authorities_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    with pytest.raises(TransportFailedError, match="ca-certificates"):
        authorities()
