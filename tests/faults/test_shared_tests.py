"""A test suite on several machines: results and coverage are those of one, and a lost share is no green suite."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

from py_secure_ci.cli import main
from py_secure_ci.parts.codec import from_text, plan_id, to_text
from py_secure_ci.parts.model import SharedPlan

OFF = "{lint: false, type: false, format: false, sast: false, secrets: false, sca: false, sbom: false, ci: false"
FILES = {
    ".py-secure-ci.yml": f"version: 1\nenvironment: {{install: none}}\nstages: {OFF}, test: {{coverage: 100}}}}\n",
    "pyproject.toml": "[tool.coverage.run]\nbranch = true\n",
    "m.py": "def f(x):\n    if x:\n        return 1\n    return 2\n",
    "tests/test_a.py": "from m import f\n\n\ndef test_a():\n    assert f(1) == 1\n",
    "tests/test_b.py": "from m import f\n\n\ndef test_b():\n    assert f(0) == 2\n",
}
DIFFERENT = {"timings.json", "tests.json", "evidence.intoto.json", ".gitignore"}


def test_shares_of_a_suite_are_the_suite(tmp_path: Path) -> None:
    root, parts = tmp_path / "p", tmp_path / "parts"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "all")):
        subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)
    assert main(["run", str(root), "--offline", "--output-dir", str(tmp_path / "one")]) == 0  # both together: 100 %
    assert main(["plan", str(root), "--offline", "--jobs", "2", "--output-dir", str(parts)]) == 0
    plan = from_text((parts / "plan.json").read_text(), SharedPlan)
    (suite,) = (share for part in plan.parts for share in part.shares)
    shares = (replace(suite, files=("tests/test_a.py",)), replace(suite, files=("tests/test_b.py",)))
    made = replace(plan, parts=tuple(replace(p, shares=(s,)) for p, s in zip(plan.parts, shares, strict=True)))
    (parts / "plan.json").write_text(to_text(replace(made, id=plan_id(made))))
    for number in (1, 2):
        assert main(["run", str(root), "--part", f"{number}-of-2", "--output-dir", str(parts)]) == 0
    assert main(["merge", str(parts), "--path", str(root), "--output-dir", str(tmp_path / "all")]) == 0
    assert texts(tmp_path / "one") == texts(tmp_path / "all")
    (parts / "part-2-of-2.json").unlink()
    assert main(["merge", str(parts), "--path", str(root), "--output-dir", str(tmp_path / "lost")]) == 3
    (outcome,) = json.loads((tmp_path / "lost" / "report.json").read_text())["report"]["outcomes"]
    assert {gap["subject"] for gap in outcome["gaps"]} == {"tests/test_b.py", "coverage"}
    assert not outcome.get("findings")  # a share's coverage is held against nothing


def texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in DIFFERENT}
