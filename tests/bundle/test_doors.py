"""The same project through every door gives the same report.json, but for where it was checked."""

from __future__ import annotations

import difflib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

# Of the context: where and on which branch it ran. Everything else must agree.
ELSEWHERE = {
    "host",
    "branch",
    "repository_uri",
    "project",
    "base",
    "base_source",
    "commit",
    "commit_time",
}  # the commit: act commits its workflow once more
STAGES = "lint format type test sast secrets sca sbom ci"


def comparable(text: str) -> Any:
    """A report without what tells where it was made."""
    report = json.loads(text)
    context = report["report"]["context"]
    report["report"]["context"] = {key: value for key, value in context.items() if key not in ELSEWHERE}
    return report


def difference(one: Any, other: Any) -> str:
    """The lines in which two reports differ."""
    first, second = (json.dumps(report, indent=1, sort_keys=True).splitlines() for report in (one, other))
    return "\n".join(difflib.unified_diff(first, second, n=6, lineterm=""))


@pytest.fixture
def same(shop: Path, kit: Any, tmp_path: Path) -> Any:
    """Makes copies of one repository, every CI file in it, that are all called `consumer`."""
    shutil.copy(kit.root / "gitlab" / "py-secure-ci.yml", shop / "template.yml")
    (shop / ".gitignore").write_text(".gitlab-ci-local/\npy-secure-ci-report/\n")
    kit.git(shop, "remote", "set-url", "origin", "git@gitlab.example.com:grp/proj.git")

    def copy(name: str) -> Path:
        folder = tmp_path / name / "consumer"
        shutil.copytree(shop, folder)
        return folder

    return copy


def write_ci_files(folder: Path, source: Path, kit: Any) -> None:
    """The files of both platforms: a file more or less would be a difference."""
    inputs = {"source": str(source), "ref": "v1", "offline": True}
    (folder / ".gitlab-ci.yml").write_text(yaml.safe_dump({"include": [{"local": "template.yml", "inputs": inputs}]}))
    workflow = folder / ".github" / "workflows" / "test.yml"
    workflow.write_text(
        "on: push\njobs:\n  check:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n"
        f'      - uses: org/py-secure-ci@v1\n        with: {{offline: "true", python: {sys.executable}}}\n'
    )
    kit.commit_all(folder)


def test_three_doors_one_report(same: Any, act: Any, client: Any, published: Path, tools_cache: str, kit: Any) -> None:
    github, gitlab, here = same("github"), same("gitlab"), same("here")
    for folder in (github, gitlab, here):
        write_ci_files(folder, published, kit)
    run = act.run(github, (github / ".github" / "workflows" / "test.yml").read_text())
    (artifact,) = (run.kept / "artifacts").iterdir()
    argv = [client("node"), client("gitlab-ci-local"), "--force-shell-executor", "--concurrency", "1"]
    given = {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(gitlab), "PY_SECURE_CI_CACHE": tools_cache}
    client("rsync")
    python = {"PY_SECURE_CI_PYTHON": sys.executable}
    piped = kit.execute(
        [*argv, *(word for pair in given.items() for word in ("--variable", "=".join(pair)))], cwd=gitlab, env=python
    )
    launcher = str(published / "scripts" / "py-secure-ci")
    typed = kit.execute([launcher, "run", "--offline"], cwd=here, env={**python, "PY_SECURE_CI_CACHE": tools_cache})
    assert typed.status == 1, typed.output + typed.errors
    reports = {
        "command line": comparable((here / "py-secure-ci-report" / "report.json").read_text()),
        "GitHub": comparable((artifact / "report.json").read_text()),
        "GitLab": comparable((gitlab / "py-secure-ci-report" / "report.json").read_text()),
    }
    assert piped.status == 1, piped.output + piped.errors
    for door in ("GitHub", "GitLab"):
        assert not difference(reports["command line"], reports[door]), door
    assert {one["tool"]["stage"] for one in reports["GitHub"]["report"]["outcomes"]} == set(STAGES.split())
