"""Where the block page listens: the zones that answer with it, in both families, as long as the site says so."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.paths import Paths
from ruleset.compile_page import PAGE_PORT
from tests.webui.seed import enforcer
from tests.webui.test_listen import IN_A_NAMESPACE, ROOT, said, webui
from webui.blocked.listen import Site

EXAMPLE = yaml.safe_load((ROOT / "ruleset" / "examples" / "naika-clinic.yaml").read_text())


def site(*zones: str, generation: int = 3) -> dict[str, Any]:
    """The answer of the enforcer to `site`, for a clinic where those zones answer with the page."""
    data = EXAMPLE | {"dns": EXAMPLE["dns"] | {"zones": {zone: {"block": "page"} for zone in zones}}}
    return {"generation": generation, "site_text": yaml.safe_dump(data, allow_unicode=True)}


def test_the_site_says_where_and_what_may_be_told(tmp_path: Path):
    paths = Paths(tmp_path, tmp_path)
    looking = Site(paths)
    assert looking.look() is None, "nobody can say"
    with enforcer(paths.enforcer_socket, site=site("pc", "guest")):
        found = looking.look()
        assert found is not None
        where, clinic = found
        assert where == dict.fromkeys(("10.10.20.1", "2001:db8:10:20::1", "10.10.80.1", "2001:db8:10:80::1"), PAGE_PORT)
        assert clinic.visitors == {"10.10.80.1", "2001:db8:10:80::1"}
        assert clinic.technician == EXAMPLE["clinic"]["contacts"]["technician"]["label"]
        assert set(clinic.lists) == set(EXAMPLE["dns"]["lists"])
        again = looking.look()
        assert again is not None and again[1] is clinic, "nothing new, so nothing is read again"
    with enforcer(paths.enforcer_socket, site=site(generation=4)):
        found = looking.look()
        assert found is not None and found[0] == {}
    with enforcer(paths.enforcer_socket, site={"generation": 5, "site_text": "{"}):
        assert looking.look() is None


def fetch(process: subprocess.Popen[str], address: str) -> str:
    """The status code that curl gets inside the process's network namespace, or why it got none."""
    shown = f"[{address}]" if ":" in address else address
    command = ["nsenter", "--net", f"--target={process.pid}", "curl", "--silent", "--max-time", "30"]
    command += ["--output", "/dev/null", "--write-out", "%{http_code} %{errormsg}", f"http://{shown}:{PAGE_PORT}/"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.netns
def test_it_listens_where_names_are_answered_with_the_page_and_follows_the_site(tmp_path: Path):
    socket = Paths(tmp_path, tmp_path).enforcer_socket
    with webui(tmp_path, IN_A_NAMESPACE, PYTHON=sys.executable) as process:
        said(process, "127.0.0.1:8080/ listening")
        with enforcer(socket, site=site("pc")):
            said(process, f"block page at 10.10.20.1: listening on port {PAGE_PORT}")
            said(process, f"block page at 2001:db8:10:20::1: listening on port {PAGE_PORT}")
            assert fetch(process, "10.10.20.1").startswith("403")
            assert fetch(process, "2001:db8:10:20::1").startswith("403")
            assert "onnect" in fetch(process, "10.10.10.1")
        with enforcer(socket, site=site("mgmt", generation=4)):
            said(process, "block page at 10.10.20.1: closed")
            said(process, f"block page at 10.10.10.1: listening on port {PAGE_PORT}")
            assert "onnect" in fetch(process, "10.10.20.1")
            assert fetch(process, "10.10.10.1").startswith("403")
        process.terminate()
        assert process.wait(30) == 0
