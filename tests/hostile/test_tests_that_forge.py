"""Tests run the project's own code: nothing that it writes may change what the scanners see, or how they are judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

EVIL = "import subprocess\n\n\ndef run(words):\n    return subprocess.call(words, shell=True)\n"
TEST = "def test_a():\n    assert True\n"
YAML = {
    "stages": {
        **dict.fromkeys(("lint", "format", "type", "secrets", "sca", "sbom", "ci"), False),
        "sast": {"tools": ["bandit"]},
        "test": {"tools": ["pytest"], "coverage": 0},
    },
    "environment": {"install": "none"},
}
# On a machine that has no sandbox to offer: elsewhere the tree is read-only for the tests as well.
BARE = (
    "import sys; from py_secure_ci.running import runner; from py_secure_ci.running.sandbox import Level; "
    "runner.strongest = lambda _: Level.PLAIN; from py_secure_ci.cli import main; sys.exit(main(sys.argv[1:]))"
)
MOVED_BASE = """\
import subprocess

subprocess.run(["git", "update-ref", "refs/heads/main", "HEAD"], check=True)
"""
FORGED_OBJECT = """\
import os, pathlib, subprocess, zlib

def ask(*words):
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout.strip()

def forge(name):
    then = ask("rev-parse", name)
    data = subprocess.run(["git", "cat-file", "--batch"], input=ask("rev-parse", name.replace("main", "HEAD")).encode(),
                          check=True, capture_output=True).stdout
    head, _, body = data.partition(b"\\n")
    _, kind, size = head.split()
    place = pathlib.Path(".git/objects", then[:2], then[2:])
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    place.write_bytes(zlib.compress(kind + b" " + size + b"\\0" + body[: int(size)]))

for name in ("main:app.py", "main^{tree}"):
    try:
        forge(name)
    except Exception:  # it is loaded twice, and what it asks for is forged by then
        pass
"""
HIDDEN = """\
import atexit, pathlib

here = pathlib.Path(__file__).parent
text = (here / "app.py").read_text()
(here / "app.py").write_text("X = 1\\n")
atexit.register((here / "app.py").write_text, text)
"""
SUPPRESSED = """\
import pathlib

app = pathlib.Path(__file__).parent / "app.py"
text = app.read_text()
app.write_text(text.replace("shell=True)", "shell=True)  # py-secure-ci: ignore[bandit/B602] so it is"))
"""


def project_of(kit: Any, folder: Path, conftest: str) -> Any:
    """A repository whose branch adds a finding; its tests run `conftest`."""
    one = kit.Project(folder)
    one.write({".py-secure-ci.yml": json.dumps(YAML), "app.py": "X = 1\n", "test_a.py": TEST}).commit()
    one.git("checkout", "-q", "-b", "change")
    one.write({"app.py": EVIL, "conftest.py": conftest})
    one.git("add", "-A")
    one.git("commit", "-q", "-m", "change")
    return one


def ended(kit: Any, one: Any, *words: str) -> Any:
    """What a run says; unlike others these change their tree."""
    started = [sys.executable, "-c", BARE, *one.argv()[3:]]
    said = subprocess.run(
        [*started, *words], cwd=one.root.parent, env=one.environment(), capture_output=True, timeout=120, check=False
    )
    return kit.Ran(said.returncode, said.stdout.decode(), said.stderr.decode(), one.output)


def blocked(ran: Any) -> None:
    assert ran.status in (1, 3), ran.stdout + ran.stderr
    assert ran.outcome("pytest")["kind"] == "completed", ran.report  # the project's code did run
    found = {(one["tool"], one["rule"]): one for one in ran.report["verdict"]["findings"]}
    assert found["bandit", "B602"]["fingerprint"] in ran.report["verdict"]["blocking"], ran.report["verdict"]


@pytest.mark.parametrize("words", [(), ("--no-cache",)], ids=["cache", "no cache"])
@pytest.mark.parametrize(
    ("conftest", "base"),
    [
        pytest.param(MOVED_BASE, ("--base", "main"), id="moves the base"),
        pytest.param(FORGED_OBJECT, ("--base", "main"), id="forges objects of the base"),
        pytest.param(HIDDEN, (), id="hides the file while scanners read"),
        pytest.param(SUPPRESSED, (), id="writes a comment that suppresses"),
    ],
)
def test_a_change_cannot_pass_by_its_own_tests(
    conftest: str, base: tuple[str, ...], words: tuple[str, ...], kit: Any, tmp_path: Path
) -> None:
    one = project_of(kit, tmp_path / "project", conftest)
    blocked(ended(kit, one, *base, *words))


@pytest.mark.parametrize("words", [(), ("--no-cache",)], ids=["what is known is kept", "nothing is kept"])
def test_a_repository_that_can_no_longer_be_read_ends_in_a_report(
    words: tuple[str, ...], kit: Any, tmp_path: Path
) -> None:
    before = project_of(kit, tmp_path / "before" / "project", "")
    assert ended(kit, before, "--base", "main", *words).status == 1  # the same base, of which the findings are kept
    one = project_of(kit, tmp_path / "project", FORGED_OBJECT)
    ran = ended(kit, one, "--base", "main", *words)
    kit.no_traceback(ran)
    blocked(ran)
    if not words:
        assert ran.status == 3
        assert ran.status_word == "INCOMPLETE"
        (gap,) = [gap for gap in ran.report["report"]["gaps"] if gap["subject"] == "the repository"]
        assert "does not hold what its name says" in gap["reason"]


def test_tests_cannot_write_the_baseline(kit: Any, tmp_path: Path) -> None:
    one = project_of(kit, tmp_path / "project", "")
    first = ended(kit, one, "--stage", "sast")
    made = subprocess.run(
        [sys.executable, "-m", "py_secure_ci", "baseline", "write", str(one.root), "--report", str(first.output / "report.json")],
        cwd=tmp_path, env=one.environment(), capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    written = one.root / ".py-secure-ci-baseline"
    text = written.read_text("utf-8")
    assert "B602" in text, made.stdout + made.stderr
    written.unlink()
    one.write({"conftest.py": f"import pathlib\npathlib.Path({str(written)!r}).write_text({text!r})\n"})
    blocked(ended(kit, one))


OTHERS = """\
import pathlib, subprocess

here = pathlib.Path(__file__).resolve().parent
(here.parent / "b" / "app.py").write_text("X = 1\\n")
subprocess.run(["git", "update-ref", "refs/heads/main", "HEAD"], cwd=here)
"""


def test_the_tests_of_one_project_cannot_hide_the_code_of_another(kit: Any, tmp_path: Path) -> None:
    one = kit.Project(tmp_path / "project")
    several = {**YAML, "projects": [{"path": "a"}, {"path": "b"}]}
    one.write(
        {".py-secure-ci.yml": json.dumps(several), "a/test_a.py": TEST, "b/app.py": "X = 1\n", "b/test_b.py": TEST}
    )
    one.commit().git("checkout", "-q", "-b", "change")
    one.write({"a/conftest.py": OTHERS, "b/app.py": EVIL})
    one.git("add", "-A")
    one.git("commit", "-q", "-m", "change")
    ran = ended(kit, one, "--base", "main", "--no-cache")
    kit.no_traceback(ran)
    assert ran.status == 3, ran.stdout + ran.stderr
    assert "changed before this project was checked: app.py" in " ".join(ran.stdout.split())
