"""An address list on its whole way: from a file through the checks and the enforcer into the kernel's set."""

from pathlib import Path

import pytest

from tests.gateway.cli.test_enforce import running  # noqa: F401 - a fixture

pytestmark = pytest.mark.netns
DROP = '\n    drop: {path: drop.json, category: addresses, licence: "free with attribution"}\n'
LINES = """{"cidr":"1.10.16.0/20","sblid":"SBL256894","rir":"apnic"}
{"cidr":"10.20.20.0/24","sblid":"SBL1","rir":"x"}
{"cidr":"203.0.113.0/24","sblid":"SBL2","rir":"x"}
{"type":"metadata","records":3,"copyright":"(c) The Publisher"}
"""


def test_the_set_holds_the_list_and_nothing_of_the_clinics(running, clinicgate, naika, tmp_path: Path):  # noqa: F811
    head, tail = naika.read_text().split("  lists:\n", 1)
    site = tmp_path / "site.yaml"
    site.write_text(f"{head}  lists:{DROP}{tail}")
    (tmp_path / "drop.json").write_text(LINES)
    assert clinicgate("apply", site, "--confirm-within", "60s").returncode == 0
    done = clinicgate("lists", "import", tmp_path / "drop.json")
    assert (done.returncode, done.stdout) == (
        0,
        "drop: new: 1 rules; 2 lines rejected, `clinicgate lists status` says why\n",
    ), done.stderr
    held = running.net.run("nft", "list", "set", "inet", "clinicgate", "feed4")
    assert "1.10.16.0/20" in held and "10.20" not in held and "203.0.113" not in held
    shown = clinicgate("lists", "status").stdout
    assert "terms: (c) The Publisher" in shown and "2 lines rejected: protected, private, or the clinic's own" in shown
