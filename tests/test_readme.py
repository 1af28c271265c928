"""What the README shows is true: its site file is right, and the files it names are there."""

import re
from datetime import UTC, datetime
from pathlib import Path

from ruleset.compile import compile_ruleset
from ruleset.invariants import check
from ruleset.live import NOTHING_LIVE
from ruleset.load import load_site

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_the_site_file_of_the_readme_is_right():
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    result = load_site(text.encode(), "README.md", NOW)
    assert result.problems == [] and result.resolved is not None
    assert check(result.resolved, compile_ruleset(result.resolved, NOTHING_LIVE, NOW)) == []


def test_every_file_the_readme_names_is_there():
    named = set(re.findall(r"`((?:tests|ruleset|gateway|webui)/[\w./-]+)`", README))
    assert len(named) > 10
    assert not [name for name in named if not (ROOT / name).exists()]


def test_every_role_of_the_model_stands_in_its_table():
    from typing import get_args

    from ruleset.model_base import Role

    table = README.split("| role |")[1].split("\n\n")[0]
    assert all(f"`{role}`" in table for role in get_args(Role))
