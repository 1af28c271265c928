"""The configuration, as Unbound itself reads it."""

import subprocess
from pathlib import Path

import pytest

from gateway.resolver.unbound_config import Places, config_text


@pytest.mark.parametrize("strict", [True, False])
def test_unbound_accepts_it_and_validates_as_told(tmp_path: Path, strict: bool) -> None:
    file = tmp_path / "unbound.conf"
    file.write_text(config_text(Places(), 5300, strict=strict))
    done = subprocess.run(
        ["/usr/sbin/unbound-checkconf", "-o", "val-permissive-mode", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "no" if strict else "yes"), done.stderr


def test_it_listens_to_this_machine_alone_and_obeys_nobody() -> None:
    lines = config_text(Places(), 5300, strict=True).splitlines()
    assert [line for line in lines if "interface" in line or "access-control" in line] == [
        "  interface: 127.0.0.1",
        "  access-control: 127.0.0.1/32 allow",
    ]
    assert "  control-enable: no" in lines
