"""Whom we believe: the system's certificate authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR.

May live here: that. May not: a way to believe anybody else.
"""

import ssl
from pathlib import Path

from gateway.resolver.transports.octets import TransportFailedError


def context(*protocols: str) -> ssl.SSLContext:
    """Checks certificate and name; `protocols` are offered by ALPN. Reads files."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 section 3.1.1
    if protocols:
        made.set_alpn_protocols(list(protocols))
    return made


def authorities() -> str:
    """The file or folder the authorities are in, for a library that does not ask OpenSSL."""
    known = ssl.get_default_verify_paths()  # typed as if one of them were always there
    found = next((str(place) for place in (known.cafile, known.capath) if place), "")
    if not found or not Path(found).exists():
        raise TransportFailedError("this machine has no certificate authorities; install the package ca-certificates")
    return found
