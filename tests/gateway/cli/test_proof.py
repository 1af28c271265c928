"""`prove`: exit status, and the three reports on disk."""

import json


def test_a_right_site_has_no_difference_and_a_printable_page(clinicgate, naika, tmp_path):
    done = clinicgate("prove", naika, "--report", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "no difference" in done.stdout
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["differences"] == [] and report["questions"] > 1000
    page = (tmp_path / "out/report.html").read_text()
    assert (
        page.startswith("<!doctype html>") and "<svg" in page and "http" not in page.split("<svg")[0].split("<style")[0]
    )
    assert (tmp_path / "out/report.txt").read_text() == done.stdout
    assert all(f"{tmp_path}/out/report.{kind}" in done.stderr for kind in ("txt", "json", "html"))


def test_a_wrong_site_is_not_proved(clinicgate, broken):
    done = clinicgate("prove", broken)
    assert done.returncode == 1 and done.stdout == ""
