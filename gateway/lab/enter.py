"""Running a program on a host of the lab, as if one sat at that device.

May live here: the namespaces, files and variables such a program gets. May not: what is run.

The program is in the host's network namespace and in a mount namespace of its own, where /etc/resolv.conf, /etc/hosts
and /sys are the host's: nothing is written to /etc/netns or anywhere else on the machine.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from gateway.lab.errors import LabError
from gateway.lab.folder import DEFAULT_LAB, Folder, RecordedHost, read_record
from gateway.paths import RUN_VARIABLE, STATE_VARIABLE

# Arguments of the script: resolv.conf, hosts, the host's name, then the command. A machine without one of the files in
# /etc keeps being without.
ENTER = """
for file in resolv.conf hosts; do
    [ ! -e "/etc/$file" ] || mount --bind "$1/$file" "/etc/$file" || exit 125
done
mount -t sysfs sysfs /sys 2>/dev/null
hostname "$2" 2>/dev/null
shift 2
exec "$@"
"""


def run_in(host: str, argv: Sequence[str], lab: str = DEFAULT_LAB) -> int:
    """Runs `argv` on that host with our own terminal; answer: its exit status (128 + number when a signal ended it).

    Raises LabError when there is no such lab or host, or no such program."""
    if not argv:
        raise LabError("nothing to run; write the command after --")
    folder = Folder(lab)
    record = read_record(folder)
    if record is None:
        raise LabError(f"no lab {lab} here; `clinicgate lab up SITE` makes one")
    place = record.host(host)
    if place is None:
        raise LabError(f"no host {host[:40]!a} in the lab; it has {', '.join(h.name for h in record.hosts)}")
    child = subprocess.Popen(command(folder, place, argv), env=environment(folder, place, os.environ))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the program's
    try:
        status = child.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return status if status >= 0 else 128 - status


def command(folder: Folder, host: RecordedHost, argv: Sequence[str]) -> list[str]:
    """The command line that enters the host and then becomes `argv`."""
    etc = folder.etc(host.name, "hosts").parent
    return [
        "nsenter", f"--net=/run/netns/{host.namespace}", "--",
        "unshare", "--mount", "--uts", "--propagation", "slave", "--",
        "sh", "-c", ENTER, "enter", str(etc), host.name, *argv,
    ]  # fmt: skip


def environment(folder: Folder, host: RecordedHost, inherited: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables, trust in the lab's authority, and on the gateway the way to its enforcer."""
    authority = str(folder.authority)
    added = dict.fromkeys(("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"), authority)
    if host.kind == "gateway":
        added |= {STATE_VARIABLE: str(folder.gateway.state), RUN_VARIABLE: str(folder.gateway.run)}
    return {**inherited, **added}
