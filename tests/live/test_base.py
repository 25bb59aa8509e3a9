"""`--base` through the whole product with real tools: where what is known comes from, and who tries to extend it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

ROOT = Path(__file__).parents[2]
GIT = shutil.which("git") or "git"
CONFIG = ".py-secure-ci.yml"
SHELL = "import subprocess\n\n\ndef start(word):\n    subprocess.run('ls ' + word, shell=True, check=False)\n"
EVAL = "def answer(text):\n    return eval(text)\n"
REASON = "the word is one of ours"
OLD, NEW = "-".join(["not", "a", "real", "one"]), "-".join(["made", "up", "too"])


class Repository:
    """A repository of one test, checked by bandit and ruff."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false"]
        done = subprocess.run([GIT, *who, *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, files: dict[str, str | None], message: str = "change") -> str:
        for name, text in files.items():
            path = self.root / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *words: str, name: str = "out", command: str = "run") -> tuple[int, str, dict[str, Any]]:
        out = self.root.parent / name
        more = ["--output-dir", str(out), "--stage", "lint,sast", "--offline"] if command == "run" else []
        argv = [sys.executable, "-m", "py_secure_ci", *command.split(), str(self.root), *more, *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        path = out / "report.json"
        report = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return done.returncode, done.stdout + done.stderr, report


def gate(repository: Repository) -> int:
    """The status of judging the last report again, as GitLab's second job does."""
    report = repository.root.parent / "out" / "report.json"
    argv = [sys.executable, "-m", "py_secure_ci", "gate", str(report), str(repository.root)]
    return subprocess.run(argv, capture_output=True, check=False).returncode


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "project")


def states(report: dict[str, Any]) -> Counter[str]:
    found = Counter(f"{one['tool']}/{one['rule']} {one['state']}" for one in report["verdict"].get("findings", ()))
    found["fixed"] = len(report["verdict"].get("fixed", ()))
    return +found


def source(report: dict[str, Any]) -> str:
    return str(report["report"]["context"].get("base_source", "none"))


def test_a_forged_report_makes_nothing_known(repository: Repository) -> None:
    first = repository.commit({"a.py": "def start(word):\n    return word\n", "b.py": EVAL})
    _, _, honest = repository.run("--no-cache", name="stored")
    repository.commit({"a.py": SHELL})
    status, _, report = repository.run("--no-cache", "--base", first, "--base-report", "stored/report.json", name="x")
    assert source(report) == "worktree"  # the path is not there: told, and the base is checked
    stored = repository.root.parent / "stored" / "report.json"
    status, _, report = repository.run("--no-cache", "--base", first, "--base-report", str(stored))
    assert (status, source(report)) == (1, "report")
    honest_states = states(report)
    assert honest_states["bandit/B307 existing"] == 1
    # What the change brings, as a report of the base would have it.
    brought = [one for one in report["report"]["outcomes"] if one["kind"] == "completed"]
    honest["report"]["outcomes"] = brought
    stored.write_text(json.dumps(honest), encoding="utf-8")
    status, _, report = repository.run("--no-cache", "--base", first, "--base-report", str(stored))
    assert (status, source(report)) == (1, "report")
    assert states(report)["bandit/B602 new"] == honest_states["bandit/B602 new"] == 1


@pytest.mark.parametrize("wrong", ["commit", "config", "broken", "tool"])
def test_a_report_of_something_else_is_told_and_not_used(repository: Repository, wrong: str) -> None:
    first = repository.commit({"b.py": EVAL})
    repository.run("--no-cache", name="stored")
    stored = repository.root.parent / "stored" / "report.json"
    second = repository.commit({"c.py": EVAL})
    data = json.loads(stored.read_text(encoding="utf-8"))
    if wrong == "commit":
        data["report"]["context"]["commit"] = second
    elif wrong == "config":
        data["report"]["context"]["config_digest"] = "0" * 64
    elif wrong == "tool":
        data["report"]["outcomes"] = data["report"]["outcomes"][:1]
    stored.write_text("{" if wrong == "broken" else json.dumps(data), encoding="utf-8")
    status, said, report = repository.run("--no-cache", "--base", first, "--base-report", str(stored))
    assert (status, source(report)) == (1, "worktree")
    assert "used" in said
    assert (states(report)["bandit/B307 existing"], states(report)["bandit/B307 new"]) == (1, 1)


def several(repository: Repository) -> str:
    """Two projects below a root with nothing for any tool; a defect in each, and then one more in one of them."""
    config = (
        "projects: [one, two]\nstages: {type: false, test: false, sca: false, sbom: false, secrets: false, ci: false}\n"
    )
    first = repository.commit({CONFIG: config, "one/a.py": EVAL, "two/a.py": EVAL, "two/b.py": EVAL})
    repository.run("--no-cache", name="stored")
    repository.commit({"one/c.py": SHELL, "two/b.py": "X = 1\n"})
    return first


MORE = Counter({"bandit/B307 existing": 2, "bandit/B602 new": 1, "bandit/B404 new": 1, "fixed": 1})


def test_a_kept_report_over_several_projects_is_that_of_each(repository: Repository) -> None:
    first = several(repository)
    stored = repository.root.parent / "stored" / "report.json"
    status, _, report = repository.run("--no-cache", "--base", first, "--base-report", str(stored))
    assert (status, source(report), states(report)) == (1, "report", MORE)
    sarif = json.loads((repository.root.parent / "out" / "py-secure-ci.sarif").read_text(encoding="utf-8"))
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for run in sarif["runs"] for one in run["results"]]  # fmt: skip
    assert sorted(set(places)) == ["one/a.py", "one/c.py", "two/a.py"]
    # Without the reports of single projects beside it there is nothing to tell one project's findings from another's.
    shutil.rmtree(stored.parent / "projects")
    status, said, report = repository.run("--no-cache", "--base", first, "--base-report", str(stored))
    assert (status, source(report), states(report)) == (1, "worktree", MORE)
    assert "so it was not used" in " ".join(said.split())


def test_a_baseline_of_several_projects_is_a_file_in_each(repository: Repository) -> None:
    several(repository)
    stored = repository.root.parent / "stored" / "report.json"
    assert repository.run("--report", str(stored), command="baseline write")[0] == 0
    assert not (repository.root / ".py-secure-ci-baseline").exists()
    status, _, report = repository.run("--no-cache")
    assert (status, source(report), states(report)) == (1, "baseline", MORE)


def test_a_report_that_was_merged_of_parts_is_kept_like_any_other(repository: Repository) -> None:
    first = repository.commit({"a.py": EVAL, "b.py": EVAL})
    folder = repository.root.parent / "parts"
    words = ["--stage", "lint,sast", "--offline", "--no-cache"]
    for command in (
        ["plan", str(repository.root), *words, "--jobs", "2", "--output-dir", str(folder)],
        *(["run", str(repository.root), *words, "--part", f"{n}-of-2", "--plan", str(folder / "plan.json"), "--output-dir", str(folder)] for n in (1, 2)),
        ["merge", str(folder), "--path", str(repository.root), "--output-dir", str(folder / "whole"), "--exit-zero"],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "py_secure_ci", *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stdout + done.stderr)
    repository.commit({"b.py": "X = 1\n", "c.py": SHELL})
    stored = folder / "whole" / "report.json"
    status, _, report = repository.run("--no-cache", "--base", first, "--base-report", str(stored))
    assert (status, source(report)) == (1, "report")
    assert states(report) == Counter(
        {"bandit/B307 existing": 1, "bandit/B602 new": 1, "bandit/B404 new": 1, "fixed": 1}
    )


def test_a_kept_report_without_a_base_is_told(repository: Repository) -> None:
    repository.commit({"b.py": EVAL})
    status, said, report = repository.run("--base-report", "kept.json")
    assert (status, source(report)) == (1, "none")
    assert "kept.json was not used: there is no base that it could be the report of" in " ".join(said.split())


def test_a_baseline_cannot_know_what_is_not_there_yet(repository: Repository) -> None:
    repository.commit({"a.py": EVAL})
    repository.run()
    assert repository.run("--report", str(repository.root.parent / "out" / "report.json"), command="baseline write")[0] == 0  # fmt: skip
    first = repository.commit({})
    repository.commit({"c.py": SHELL})
    repository.run()
    repository.run("--report", str(repository.root.parent / "out" / "report.json"), command="baseline write")
    repository.git("checkout", "-q", first, "--", "a.py")
    seeded = (repository.root / ".py-secure-ci-baseline").read_text(encoding="utf-8")
    repository.git("checkout", "-q", "--detach", first)
    repository.commit({".py-secure-ci-baseline": seeded}, "entries for a defect that comes later")
    status, said, report = repository.run("--base", first)
    assert (status, source(report)) == (1, "baseline")
    assert "stand for nothing that is found" in " ".join(said.split())
    assert gate(repository) == 1


@pytest.mark.parametrize("way", ["worktree", "baseline"])
def test_a_suppression_that_goes_leaves_its_finding(repository: Repository, way: str) -> None:
    silenced = SHELL.replace("check=False)", f"check=False)  # py-secure-ci: ignore[bandit/B602] {REASON}")
    first = repository.commit({"a.py": silenced})
    assert repository.run("--no-cache")[0] == 0
    if way == "baseline":
        repository.run("--report", str(repository.root.parent / "out" / "report.json"), command="baseline write")
        first = repository.commit({})
    repository.commit({"a.py": SHELL})
    status, _, report = repository.run("--no-cache", "--base", first)
    assert (status, source(report)) == (1, way)
    assert states(report)["bandit/B602 existing"] == 1
    assert gate(repository) == 1


def test_another_password_in_the_same_place_is_new(repository: Repository) -> None:
    first = repository.commit({"a.py": f"password = '{OLD}'\n"})
    repository.commit({"a.py": f'\n\npassword = "{OLD}"\n'})
    assert states(repository.run("--base", first)[2])["bandit/B105 existing"] == 1
    repository.commit({"a.py": f"password = '{NEW}'\n"})
    assert states(repository.run("--base", first)[2]) == Counter({"bandit/B105 new": 1, "fixed": 1})


def test_a_renamed_function_and_a_raised_action_are_no_news(repository: Repository) -> None:
    steps = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v3\n"
    flow = ".github/workflows/a.yml"
    first = repository.commit({"a.py": SHELL + "\n\n" + EVAL, flow: steps})
    renamed = (SHELL + "\n\n" + EVAL).replace("def start", "def begin").replace("def answer", "async def reply")
    repository.commit({"a.py": renamed, flow: steps.replace("@v3", "@v4")})
    status, _, report = repository.run("--no-cache", "--base", first, "--stage", "lint,sast,ci")
    known = states(report)
    assert {one.partition(" ")[2] for one in known} == {"existing"}
    assert known["zizmor/unpinned-uses existing"] == known["bandit/B602 existing"] == known["bandit/B307 existing"] == 1
    assert status == 0
    repository.commit({"a.py": renamed.replace("eval(text)", "eval(text.strip())")})
    status, _, report = repository.run("--no-cache", "--base", first, "--stage", "lint,sast,ci")
    assert (status, states(report)["bandit/B307 new"], states(report)["fixed"]) == (1, 1, 1)


def test_without_history_everything_is_new_and_it_is_told(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.py": SHELL})
    repository.commit({"b.py": "X = 1\n"})
    shallow = tmp_path / "shallow"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.root}", str(shallow))
    repository.root = shallow
    for base in ("HEAD~1", "nowhere"):
        status, said, report = repository.run("--base", base)
        assert (status, states(report)["bandit/B602 new"], source(report)) == (1, 1, "none")
        assert f"the base {base} is not here (a shallow clone? fetch it): every finding" in " ".join(said.split())
        assert (
            report["verdict"]["compared"]
            == f"Every finding counts as new: the base {base} is not here (a shallow clone? fetch it)."
        )


def series(repository: Repository) -> None:
    """Edits, renames, moves, formatting, line ends, defects that come and go, reverts and a merge."""
    two = SHELL + "\n\n" + EVAL
    steps: list[dict[str, str | None]] = [
        {"a.py": two, "b.py": EVAL, "pkg/c.py": "X = 1\n"},
        {"a.py": "# a comment\n" * 50 + two},
        {"a.py": None, "pkg/a.py": "# a comment\n" * 50 + two},
        {"pkg/a.py": two.replace("'", '"')},
        {"pkg/a.py": EVAL + "\n\n" + SHELL.replace("import subprocess\n\n\n", "import subprocess\n\n\n")},
        {"pkg/a.py": two.replace("\n", "\r\n")},
        {"b.py": EVAL + "\n\ndef more(text):\n    exec(text)\n"},
        {"b.py": EVAL},
        {"b.py": EVAL.replace("    return eval(text)", "    assert text\n    return eval(text)")},
        {"b.py": "def answer(text):\n    assert text\n    return eval(\n        text,\n    )\n"},
        {"pkg/c.py": EVAL + "\n\n" + EVAL.replace("answer", "other")},
        {"pkg/c.py": None},
        {"pkg/a.py": "import os\n" + two, "d.py": "import os\n"},
    ]
    for number, files in enumerate(steps):
        repository.commit(files, f"step {number}")
    repository.git("checkout", "-q", "-b", "side", "HEAD~3")
    repository.commit({"side.py": SHELL}, "side")
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "-m", "merge", "side")
    repository.git("revert", "--no-edit", "HEAD~1")


@pytest.mark.slow
def test_every_way_agrees_with_full_scans_over_a_series(repository: Repository) -> None:
    series(repository)
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "history_check"), str(repository.root), "--commits", "14",
         "--stages", "lint,sast", "--verbose"], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ") and "commit" not in line]
    assert len(rows) >= 12
    assert sum("| same |" in row for row in rows) >= len(rows) - 3, done.stdout
    assert any("| 1 / 0 |" in row for row in rows)
    assert any("| 0 / 1 |" in row for row in rows)
