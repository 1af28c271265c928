"""The lab's certificates: trusted through the root, for their names only, strict enough for any program."""

import ssl
import stat
import subprocess

import pytest

from gateway.lab import authority
from gateway.lab.errors import LabError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    authority.make(folder / "root.pem", folder / "server.pem", ["example.com", "*.example.com"])
    return folder


def handshake(folder, name):
    """A TLS handshake in memory, by the strictest rules Python has."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=folder / "root.pem")
    server.load_cert_chain(folder / "server.pem")
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ends[0].getpeercert()


def test_servers_are_trusted_for_their_names_and_one_more_label(made):
    assert ("DNS", "example.com") in handshake(made, "example.com")["subjectAltName"]
    assert handshake(made, "www.example.com")


def test_a_server_cannot_sign_for_others(made):
    command = ["openssl", "x509", "-in", str(made / "server.pem"), "-noout", "-ext", "basicConstraints"]
    assert "CA:FALSE" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_servers_are_not_trusted_for_other_names(made):
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(made, "example.org")


def test_the_servers_key_is_roots_alone_and_the_authoritys_is_gone(made):
    assert stat.S_IMODE((made / "server.pem").stat().st_mode) == 0o600
    assert "PRIVATE KEY" not in (made / "root.pem").read_text()
    assert {path.name for path in made.iterdir()} == {"root.pem", "server.pem"}


def test_a_refusal_of_openssl_is_told(tmp_path):
    with pytest.raises(LabError, match="openssl req"):
        authority.make(tmp_path / "no" / "root.pem", tmp_path / "server.pem", ["example.com"])


def test_a_missing_openssl_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match="package openssl"):
        authority.make(tmp_path / "root.pem", tmp_path / "server.pem", ["example.com"])
