"""Where the page listens: local at once, the management zone when the enforcer names it, nowhere else; a clean end."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.paths import Paths
from tests.webui.seed import alive, enforcer, seed_empty
from webui.listen import PORT, SettingError, listen_on, port_from, wanted_addresses

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def webui(tmp_path: Path, command: list[str] | None = None, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m webui`, ended by the test or at the end."""
    env = {**os.environ, "CLINICGATE_STATE": str(tmp_path), "CLINICGATE_RUN": str(tmp_path), **environment}
    process = subprocess.Popen(
        command or [sys.executable, "-m", "webui"], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def said(process: subprocess.Popen[str], words: str) -> str:
    """The next line with these words; everything before it is passed over."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it ended without saying {words!r}")


def get(port: int, host: str = "127.0.0.1") -> int:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/health.json")
        return connection.getresponse().status
    finally:
        connection.close()


def test_it_serves_locally_without_an_enforcer_and_ends_with_0(tmp_path: Path):
    port = free_port()
    with webui(tmp_path, CLINICGATE_UI_PORT=str(port)) as process:
        assert said(process, "listening") == f"webui: http://127.0.0.1:{port}/ listening\n"
        assert get(port) == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    with pytest.raises(OSError, match="refused"):
        get(port)


IN_A_NAMESPACE = [
    "unshare", "--net", "sh", "-c",
    'ip link set lo up; for a in "$@"; do ip addr add "$a" dev lo nodad; done; exec "$PYTHON" -m webui', "sh",
    "10.10.10.1/24", "2001:db8:10:10::1/64", "10.10.20.1/24", "2001:db8:10:20::1/64",
]  # fmt: skip


def get_inside(process: subprocess.Popen[str], host: str, port: int) -> str:
    """The status of an answer, or the error, as seen inside the process's network namespace."""
    code = "import sys, http.client as h; c = h.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=10)\n"
    code += (
        "try: c.request('GET', '/health.json'); print(c.getresponse().status)\nexcept OSError as e: print(e.strerror)"
    )
    command = ["nsenter", "--net", f"--target={process.pid}", sys.executable, "-c", code, host, str(port)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.netns
def test_it_listens_on_the_management_zone_and_on_no_other(tmp_path: Path):
    site = (ROOT / "ruleset" / "examples" / "naika-clinic.yaml").read_text()
    with webui(tmp_path, IN_A_NAMESPACE, PYTHON=sys.executable) as process:
        said(process, "127.0.0.1:8080/ listening")
        assert get_inside(process, "10.10.10.1", PORT) == "Connection refused"
        with enforcer(Paths(tmp_path, tmp_path).enforcer_socket, site={"generation": 3, "site_text": site}):
            said(process, "http://10.10.10.1:8080/ listening")
            said(process, "http://[2001:db8:10:10::1]:8080/ listening")
            assert get_inside(process, "10.10.10.1", PORT) == "200"
            assert get_inside(process, "2001:db8:10:10::1", PORT) == "200"
            assert get_inside(process, "10.10.20.1", PORT) == "Connection refused"
            assert get_inside(process, "2001:db8:10:20::1", PORT) == "Connection refused"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_the_host_setting_overrules_and_is_not_asked_about(tmp_path: Path):
    alive(Paths(tmp_path, tmp_path))
    seed_empty(tmp_path / "events.sqlite")
    port = free_port()
    with webui(tmp_path, CLINICGATE_UI_PORT=str(port), CLINICGATE_UI_HOST="127.0.0.9") as process:
        said(process, f"127.0.0.9:{port}/ listening")
        assert get(port, "127.0.0.9") == 200
        with pytest.raises(OSError, match="refused"):
            get(port)


def test_a_wrong_port_is_named_with_a_way_out(tmp_path: Path):
    with webui(tmp_path, CLINICGATE_UI_PORT="80a") as process:
        assert "CLINICGATE_UI_PORT is '80a': it must be a port number" in said(process, "webui:")
        assert process.wait(10) == 2


@pytest.mark.parametrize(
    ("environment", "port"), [({}, PORT), ({"CLINICGATE_UI_PORT": ""}, PORT), ({"CLINICGATE_UI_PORT": "81"}, 81)]
)
def test_the_port(environment: Mapping[str, str], port: int):
    assert port_from(environment) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "８０", "1e3", " "])
def test_no_port(text: str):
    with pytest.raises(SettingError, match="1 to 65535"):
        port_from({"CLINICGATE_UI_PORT": text})


def test_an_address_that_is_not_ours_is_an_error_and_leaves_no_socket():
    with pytest.raises(OSError, match="assign"):
        listen_on("192.0.2.1", 0)


def test_without_an_enforcer_nothing_is_wanted_anew(tmp_path: Path):
    assert wanted_addresses(Paths(tmp_path, tmp_path), {}) is None
