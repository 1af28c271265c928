"""Which person is behind the peer of our socket.

For the audit log and for `confirm` the person is found further back than the uid, because everybody is root after sudo:
the login the process belongs to, else who called sudo, else the uid itself.

May live here: that search. May not: roles (gateway/access.py), which command a role may use (gate.py).
"""

from pathlib import Path

from gateway.access import ROOT, Peer, user_name
from gateway.enforcer import processes
from gateway.enforcer.processes import PROC


def person(peer: Peer, proc: Path = PROC) -> str:
    """The user name (or `uid:N`) of the login behind the peer. SUDO_UID is believed only from root."""
    login = processes.login_uid(peer.pid, proc)
    if login is None and peer.uid == ROOT:
        asked = processes.environment(peer.pid, "SUDO_UID", proc) or ""
        login = int(asked) if asked.isdecimal() and len(asked) < 11 else None
    return user_name(peer.uid if login is None else login)
