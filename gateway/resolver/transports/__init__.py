"""Encrypted ways to an upstream: DNS over TLS, HTTPS and QUIC, each with `await ask(octets) -> octets` and `close()`.

The address comes from the site, so no name is ever looked up to get there; the certificate must carry the upstream's
name and be signed by an authority of the system (or of SSL_CERT_FILE), and no setting turns that off. Messages pass as
octets: whether a reply belongs to its question is for the session to say, as with any other upstream.

These modules import dnspython's transports, which cost 20 MB and a quarter of a second: `carrier.py` imports them in a
thread, when the site names such an upstream, and not before.

May live here: connections, their reuse, bounds and ends. May not: which upstream is asked, what a reply means.
"""
