"""The workflows of docs/scale.md, run by real runners on a repository of several projects: the bytes of one machine.

`SCALE_REPOSITORY=FOLDER scripts/test --all tests/bundle/test_scale.py` does the same to a clone of another one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

HOME = "https://github.com/org/py-secure-ci.git"
FILES = {
    ".py-secure-ci.yml": (
        "version: 1\nenvironment: {install: none}\nstages: {sca: false}\npolicy: {fail_on: {quality: none}}\n"
        "projects:\n  - services/*\n  - {path: libs/core, stages: {test: {coverage: 50}}}\n"
    ),
    ".gitignore": ".gitlab-ci-local/\n",
    "tool.py": "import sys\n\nprint(sys.argv)\n",
    "services/api/api.py": "import subprocess\n\n\ndef go(x: str) -> None:\n    subprocess.call(x, shell=True)\n",
    "services/web/.py-secure-ci.yml": "version: 1\nstages: {type: false, test: false, sca: false}\n",
    "services/web/web.py": "import pickle\n\n\ndef load(x: bytes) -> object:\n    return pickle.loads(x)\n",
    "libs/core/pyproject.toml": '[project]\nname = "core"\nversion = "1"\n',
    "libs/core/core.py": "def half(x: int) -> int:\n    if x < 0:\n        return 0\n    return x // 2\n",
    "libs/core/test_core.py": "from core import half\n\n\ndef test_half() -> None:\n    assert half(4) == 2\n",
    "libs/core/test_more.py": "from core import half\n\n\ndef test_below() -> None:\n    assert half(-1) == 1\n",
}
# Of another repository: what needs no environment of its own.
ANOTHER = os.environ.get("SCALE_REPOSITORY", "")
SETTINGS = "version: 1\nenvironment: {install: none}\nstages: {sca: false, test: false}\n"
# What tells of the clock, or is of the parts.
DIFFERENT = {"timings.json", "tests.json", "evidence.intoto.json", ".gitignore", "plan.json"}


def page(title: str, kit: Any) -> str:
    """The YAML of a section of the page."""
    section = (kit.root / "docs" / "scale.md").read_text().partition(f"### {title}\n")[2]
    found = re.search(r"^```yaml\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def repository(tmp_path: Path, kit: Any) -> Path:
    """A small repository of several projects, or a clone of the one that was named."""
    folder = tmp_path / "consumer"
    if ANOTHER:
        kit.git(tmp_path, "clone", "--quiet", "--no-local", ANOTHER, str(folder))
        kit.git(folder, "remote", "set-url", "origin", "git@gitlab.example.com:grp/proj.git")
        (folder / ".py-secure-ci.yml").write_text(SETTINGS)
        kit.commit_all(folder)
        return folder
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    kit.git(tmp_path, "init", "--quiet", "--initial-branch=main", str(folder))
    kit.git(folder, "remote", "add", "origin", "git@gitlab.example.com:grp/proj.git")
    kit.commit_all(folder)
    return folder


def texts(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in DIFFERENT and not re.fullmatch(r"part-.*\.json", path.name)
        if "parts" not in path.relative_to(folder).parts
    }


def check_same(merged: Path, single: Path) -> None:
    assert json.loads((merged / "report.json").read_text())["verdict"]["status"] == "FAIL"
    assert texts(merged).keys() == texts(single).keys()
    different = [name for name, text in texts(merged).items() if text != texts(single)[name]]
    assert not different
    if not ANOTHER:
        check_projects(merged)


def check_projects(merged: Path) -> None:
    projects = {str(path.parent.relative_to(merged)) for path in merged.rglob("report.json")}
    assert projects == {".", "root", "projects/libs/core", "projects/services/api", "projects/services/web"}
    sarif = json.loads((merged / "py-secure-ci.sarif").read_text())
    names = [run["automationDetails"]["id"] for run in sarif["runs"]]
    assert len(names) == len(set(names))
    assert {"py-secure-ci/bandit/", "py-secure-ci/bandit/services/api/", "py-secure-ci/pytest/libs/core/"} <= set(names)


@pytest.fixture
def on_github(act: Any, repository: Path, kit: Any) -> Callable[..., Any]:
    """Run the page's workflow and, beside it, a job that does it all; `lost`: the part whose machine dies."""

    def run(lost: str = "") -> Any:
        workflow = yaml.safe_load(page("GitHub", kit))
        workflow["on"] = workflow.pop(True)  # YAML 1.1 takes the key for a word
        part = next(step for step in workflow["jobs"]["part"]["steps"] if "--part" in step.get("run", ""))
        part["run"] = f'test "$PART" != "{lost}" && {part["run"]}'
        steps = workflow["jobs"]["plan"]["steps"]
        single = {"run": 'py-secure-ci run --exit-zero --output-dir "$STUB_OUT/single"'}
        workflow["jobs"]["single"] = {"runs-on": "ubuntu-latest", "needs": "merge", "if": "always()"} | {
            "steps": [*steps[:2], single]
        }
        rewrite = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{act.published}.insteadOf",
            "GIT_CONFIG_VALUE_0": HOME,
        }
        return act.run(repository, yaml.safe_dump(workflow, sort_keys=False), **rewrite)

    return run


def test_four_machines_of_github_write_what_one_would(on_github: Callable[..., Any]) -> None:
    run = on_github()
    artifacts = run.kept / "artifacts"
    names = {path.name for path in artifacts.iterdir()}
    parts = {f"py-secure-ci-part-{number}-of-4" for number in (1, 2, 3, 4)}
    assert names == {"py-secure-ci-plan", "py-secure-ci-report", *parts}, run.log
    check_same(artifacts / "py-secure-ci-report", run.kept / "single")
    assert run.status == 1


def test_a_lost_machine_of_github_makes_it_incomplete(on_github: Callable[..., Any]) -> None:
    run = on_github(lost="2-of-4")
    report = json.loads((run.kept / "artifacts" / "py-secure-ci-report" / "report.json").read_text())
    assert report["verdict"]["status"] == "INCOMPLETE", run.log
    assert any("part 2-of-4" in one["subject"] for one in report["report"]["gaps"])
    assert run.status == 1


@pytest.fixture
def on_gitlab(
    client: Callable[[str], str], repository: Path, published: Path, tools_cache: str, kit: Any
) -> Callable[..., Any]:
    """The same on GitLab's side."""
    client("rsync")
    node, program = client("node"), client("gitlab-ci-local")

    def run(lost: str = "") -> Any:
        pipeline = yaml.safe_load(page("GitLab", kit))
        part = pipeline["py-secure-ci:part"]
        part["script"] = [f'test "$PY_SECURE_CI_PART" != "{lost}"', *part["script"]]
        (repository / ".gitlab-ci.yml").write_text(yaml.safe_dump(pipeline, sort_keys=False))
        kit.commit_all(repository)
        argv = [node, program, "--force-shell-executor", "--concurrency", "1"]
        argv += ["--ignore-predefined-vars", "GITLAB_CI,CI_PROJECT_DIR"]
        given = {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(repository), "PY_SECURE_CI_CACHE": tools_cache}
        for name, value in given.items():
            argv += ["--variable", f"{name}={value}"]
        rewrite = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{published}.insteadOf",
            "GIT_CONFIG_VALUE_0": HOME,
        }
        return kit.execute(argv, cwd=repository, env=rewrite)

    return run


def test_four_machines_of_gitlab_write_what_one_would(
    on_gitlab: Callable[..., Any], repository: Path, tools_cache: str, kit: Any, tmp_path: Path
) -> None:
    done = on_gitlab()
    merged = repository / "py-secure-ci-report"
    assert (merged / "report.json").is_file(), done.output + done.errors
    context = json.loads((merged / "report.json").read_text())["report"]["context"]
    launcher = [
        str(kit.root / "scripts" / "py-secure-ci"),
        "run",
        "--exit-zero",
        "--output-dir",
        str(tmp_path / "single"),
    ]
    here = {
        "GITLAB_CI": "true",
        "PY_SECURE_CI_CACHE": tools_cache,
        "CI_COMMIT_REF_NAME": context.get("branch", ""),
        "CI_PROJECT_URL": context.get("repository_uri", ""),
    }
    kit.execute(launcher, cwd=repository, env=here)
    check_same(merged, tmp_path / "single")


def test_a_lost_machine_of_gitlab_makes_it_incomplete(on_gitlab: Callable[..., Any], repository: Path) -> None:
    done = on_gitlab(lost="3-of-4")
    path = repository / "py-secure-ci-report" / "report.json"
    assert path.is_file(), done.output + done.errors
    report = json.loads(path.read_text())
    assert report["verdict"]["status"] == "INCOMPLETE"
    assert any("part 3-of-4" in one["subject"] for one in report["report"]["gaps"])
    assert done.status != 0
