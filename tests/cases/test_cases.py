"""Every case in this folder holds. `CLINICGATE_REGENERATE=1` writes the answers into the files and shows the change."""

import difflib
import os
import subprocess

import pytest

from ruleset.invariants import check
from tests.cases.case_file import ANSWERED, FOLDER, read_case, rewritten, work_out

CASES = sorted(FOLDER.glob("*.case"))
REGENERATE = os.environ.get("CLINICGATE_REGENERATE") == "1"

pytestmark = pytest.mark.filterwarnings("error")
by_name = pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)


@by_name
def test_case(path, capsys):
    case = read_case(path)
    written, true = path.read_text(), rewritten(case, work_out(case))
    change = "".join(difflib.unified_diff(written.splitlines(True), true.splitlines(True), path.name, "now", n=1))
    if REGENERATE and change:
        path.write_text(true)
        with capsys.disabled():
            print(f"\n{change}")
        return
    assert written == true, f"\n{change}"
    assert any(s.word in ANSWERED for s in case.sections), "the case expects nothing"


@by_name
def test_no_case_breaks_a_rule_of_the_house(path):
    answered = work_out(read_case(path))
    assert answered.ruleset is None or check(answered.loaded.resolved, answered.ruleset) == []


@pytest.mark.netns
@by_name
def test_the_kernel_takes_the_text_of_the_case(path):
    answered = work_out(read_case(path))
    if answered.ruleset is None:
        assert answered.loaded.problems, "no ruleset and no problem"
        return
    if answered.ruleset.flowtables:
        pytest.skip("a flow table needs the full kernel and the interfaces themselves")
    done = subprocess.run(
        ["unshare", "--net", "nft", "-f", "-"],
        input=answered.nft,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
