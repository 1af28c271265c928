"""The whole configuration of our Unbound, as text: a validating recursive resolver for this machine alone.

Sizes suit a board with 1 GB: caches of 12 MiB (ours stands in front), one thread, few sockets. See unbound.conf(5).

May live here: that text. May not: processes, files, the clock.
"""

from dataclasses import dataclass
from pathlib import Path

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Places:
    """What Debian's packages `unbound` and `dns-root-data` install. `more`: lines for zones of one's own."""

    program: Path = Path("/usr/sbin/unbound")
    anchor: Path = Path("/usr/share/dns/root.key")
    hints: Path = Path("/usr/share/dns/root.hints")
    more: str = ""


def config_text(places: Places, port: int, *, strict: bool) -> str:
    """For `unbound -c`. Not `strict`: what fails validation is answered all the same, because the time may be wrong."""
    return f"""server:
  interface: {ADDRESS}
  port: {port}
  access-control: {ADDRESS}/32 allow
  username: ""
  chroot: ""
  directory: "/"
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  logfile: ""
  verbosity: 0
  hide-identity: yes
  hide-version: yes
  module-config: "validator iterator"
  trust-anchor-file: "{places.anchor}"
  root-hints: "{places.hints}"
  ede: yes
  val-permissive-mode: {"no" if strict else "yes"}
  qname-minimisation: yes
  harden-glue: yes
  harden-dnssec-stripped: {"yes" if strict else "no"}
  aggressive-nsec: {"yes" if strict else "no"}
  edns-buffer-size: 1232
  num-threads: 1
  outgoing-range: 256
  num-queries-per-thread: 256
  incoming-num-tcp: 16
  outgoing-num-tcp: 16
  msg-cache-size: 4m
  rrset-cache-size: 8m
  key-cache-size: 2m
  neg-cache-size: 1m
  infra-cache-numhosts: 2000
{places.more}
remote-control:
  control-enable: no
"""
