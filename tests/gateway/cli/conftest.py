"""What the command tests share: the example files, and running a command."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.cli import main

EXAMPLES = Path(__file__).parents[3] / "ruleset/examples"


@pytest.fixture
def naika() -> Path:
    return EXAMPLES / "naika-clinic.yaml"


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def clinicgate(capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """`clinicgate(*words)`: exit status and both outputs."""

    def run(*words: object) -> Done:
        capfd.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as ended:  # argparse, and a site file with problems
            status = ended.code if isinstance(ended.code, int) else 1
        captured = capfd.readouterr()
        return Done(status, captured.out, captured.err)

    return run


@pytest.fixture
def broken(tmp_path: Path, naika: Path) -> Path:
    """A site with three mistakes of three kinds."""
    text = naika.read_text()
    text = text.replace("{zone: mgmt, label", "{zone: mgmnt, label").replace("packs: [jp]", "packs: [jp]\nfoo: 1")
    text = text.replace("expires: 2027-12-31}", "expires: 2020-12-31}")
    path = tmp_path / "site.yaml"
    path.write_text(text)
    return path
