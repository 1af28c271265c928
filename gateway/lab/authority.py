"""The lab's certificate authority: one root, one certificate for all servers of the lab's internet.

May live here: two calls of openssl(1). May not: which names there are (names.py). The root's key is thrown away at
once, so that nothing else can ever be signed with it.
"""

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from gateway.lab.errors import LabError

DAYS = 30
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
OPENSSL_SECONDS = 30


def make(authority: Path, certificate: Path, names: Iterable[str]) -> None:
    """Writes the root's certificate, and certificate and key of the servers in one file (mode 0600).

    `names` are DNS names, `*.` in front stands for one more label (RFC 6125). Raises LabError."""
    with tempfile.TemporaryDirectory(prefix="cg-authority-") as place:
        folder = Path(place)
        _openssl(
            ["req", "-x509", *KEY, "-days", str(DAYS), "-subj", "/CN=clinicgate lab authority",
             "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
             "-addext", "subjectKeyIdentifier=hash",
             "-keyout", str(folder / "root.key"), "-out", str(authority)]
        )  # fmt: skip
        (folder / "server.cnf").write_text(_config(names), encoding="ascii")
        _openssl(
            ["req", "-x509", *KEY, "-days", str(DAYS), "-config", str(folder / "server.cnf"),
             "-CA", str(authority), "-CAkey", str(folder / "root.key"),
             "-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem")]
        )  # fmt: skip
        certificate.touch(mode=0o600)
        certificate.write_bytes((folder / "server.pem").read_bytes() + (folder / "server.key").read_bytes())


def _config(names: Iterable[str]) -> str:
    alternatives = "\n".join(f"DNS.{number} = {name}" for number, name in enumerate(names, 1))
    return (
        "[req]\nprompt = no\ndistinguished_name = dn\nx509_extensions = ext\n"
        "[dn]\nCN = server.lab.test\n"
        "[ext]\nbasicConstraints = critical,CA:FALSE\nkeyUsage = critical,digitalSignature\n"
        "extendedKeyUsage = serverAuth\nsubjectAltName = @names\n"
        "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid:always\n"
        f"[names]\n{alternatives}\n"
    )


def _openssl(arguments: list[str]) -> None:
    try:
        done = subprocess.run(
            ["openssl", *arguments], capture_output=True, text=True, timeout=OPENSSL_SECONDS, check=False
        )
    except FileNotFoundError:
        raise LabError("the program openssl is missing; install the Debian package openssl") from None
    if done.returncode != 0:
        raise LabError(f"openssl {arguments[0]}: {done.stderr.strip()[-300:]}")
