"""A stored report of the merge base is a file that a stranger may have written: it makes nothing known that was not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

OFF = dict.fromkeys(("lint", "format", "type", "test", "secrets", "sast", "sbom", "ci"), False)
YAML = json.dumps({"stages": {**OFF, "sca": {"tools": ["pip-audit"], "advisories": {"on_stale": "warn"}}}})
OLD, BROUGHT = "jinja2==2.10\n", "jinja2==2.10\nurllib3==1.24.1\n"


def rules(ran: Any, state: str) -> set[str]:
    return {one["advisory"]["package"] for one in ran.report["verdict"]["findings"] if one["state"] == state}


def test_a_report_cannot_make_a_package_known_that_was_not_pinned(kit: Any, tmp_path: Path) -> None:
    one = kit.Project(tmp_path / "project")
    one.write({".py-secure-ci.yml": YAML, "a.py": "X = 1\n", "requirements.txt": OLD}).commit()
    stored = tmp_path / "stored.json"
    honest = one.run("--no-cache").report
    stored.write_text(json.dumps(honest), "utf-8")
    one.git("checkout", "-q", "-b", "change")
    one.write({"requirements.txt": BROUGHT})
    one.git("commit", "-q", "-a", "-m", "change")
    words = ("--no-cache", "--base", "main", "--base-report", str(stored))
    ran = one.run(*words)
    assert ran.report["report"]["context"]["base_source"] == "report"
    assert (rules(ran, "existing"), rules(ran, "new")) == ({"jinja2"}, {"urllib3"})
    for version in ("1.24.1", None):  # as the change has it; or as if it were one of the packages that are there
        forged = json.loads(json.dumps(honest))
        forged["report"]["outcomes"] = json.loads(json.dumps(ran.report["report"]["outcomes"]))
        for finding in forged["report"]["outcomes"][0]["findings"]:
            if version is None:
                finding["advisory"].update(package="jinja2", version="2.10")
        stored.write_text(json.dumps(forged), "utf-8")
        again = one.run(*words)
        kit.no_traceback(again)
        assert again.status == 1, again.stdout
        assert (rules(again, "existing"), rules(again, "new")) == ({"jinja2"}, {"urllib3"})
