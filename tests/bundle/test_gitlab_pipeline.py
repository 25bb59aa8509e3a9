"""The GitLab template, run by gitlab-ci-local: two jobs, their reports, merge requests, hostile inputs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

SCAN, GATE = "py-secure-ci:scan", "py-secure-ci:gate"
MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "9",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
}


@dataclass(frozen=True)
class GitLab:
    """Runs the pipeline of a repository on this machine, as shell jobs."""

    node: str
    program: str
    source: Path
    cache: str
    kit: Any

    def include(self, folder: Path, inputs: dict[str, Any], how: dict[str, str] | None = None) -> None:
        """Write .gitlab-ci.yml with one include, and commit."""
        given = {"source": str(self.source), "ref": "v1", **inputs}
        if how is None:
            shutil.copy(self.kit.root / "gitlab" / "py-secure-ci.yml", folder / "template.yml")
            how = {"local": "template.yml"}
        (folder / ".gitlab-ci.yml").write_text(yaml.safe_dump({"include": [{**how, "inputs": given}]}))
        (folder / ".gitignore").write_text(".gitlab-ci-local/\npy-secure-ci-report/\n")
        self.kit.commit_all(folder)

    def run(self, folder: Path, *words: str, variables: dict[str, str] | None = None, home: Path | None = None) -> Any:
        """Run the pipeline, or ask something of it."""
        given = {
            "GITLAB_CI": "true",
            "CI_PROJECT_DIR": str(folder),
            "PY_SECURE_CI_CACHE": self.cache,
            **(variables or {}),
        }
        argv = [self.node, self.program, "--force-shell-executor", "--concurrency", "1", *words]
        argv += ["--ignore-predefined-vars", "GITLAB_CI,CI_PROJECT_DIR"]  # it would warn on standard output
        for name, value in given.items():
            argv += ["--variable", f"{name}={value}"]
        return self.kit.execute(argv, cwd=folder, env={"HOME": str(home)} if home else {})


@pytest.fixture
def gitlab(client: Callable[[str], str], published: Path, tools_cache: str, kit: Any) -> GitLab:
    """The gitlab-ci-local of this machine."""
    client("rsync")
    return GitLab(client("node"), client("gitlab-ci-local"), published, tools_cache, kit)


@pytest.fixture
def project(shop: Path, kit: Any) -> Path:
    """examples/shop in a repository that came from a GitLab."""
    kit.git(shop, "remote", "set-url", "origin", "git@gitlab.example.com:grp/proj.git")
    return shop


def report(folder: Path) -> Any:
    """What the scan wrote."""
    return json.loads((folder / "py-secure-ci-report" / "report.json").read_text())


def jobs(output: str) -> set[str]:
    """Names of our jobs in the pipeline as it would run."""
    return {name for name in (SCAN, GATE) if name in output}


def test_the_scan_succeeds_and_the_gate_fails(gitlab: GitLab, project: Path) -> None:
    gitlab.include(project, {"stages": "lint, sast secrets,ci"})
    done = gitlab.run(project)
    assert done.status == 1, done.output + done.errors
    lines = (done.output + done.errors).splitlines()
    assert any("PASS" in line and SCAN in line for line in lines), done.output
    assert any("FAIL" in line and GATE in line for line in lines), done.output
    assert report(project)["verdict"]["status"] == "FAIL"
    assert report(project)["report"]["context"]["host"] == "gitlab"
    quality = json.loads((project / "py-secure-ci-report" / "gl-code-quality-report.json").read_text())
    assert len(quality) == len(report(project)["verdict"]["findings"])


def test_thresholds_that_let_everything_through(gitlab: GitLab, project: Path) -> None:
    gitlab.include(project, {"stages": "lint", "fail-on": "security=none,quality=none", "output-dir": "out"})
    done = gitlab.run(project)
    assert done.status == 0, done.output + done.errors
    assert (project / "out" / "report.json").is_file()


def test_every_report_that_is_handed_over_was_written(gitlab: GitLab, project: Path) -> None:
    gitlab.include(project, {})
    done = gitlab.run(project, "--preview")
    scan = yaml.safe_load(done.output)[SCAN]["artifacts"]["reports"]
    promised = [path for path in flat(scan) if path]
    run = gitlab.run(project)
    missing = [path for path in promised if not list(project.glob(path))]
    assert not missing, run.output + run.errors
    (link,) = json.loads((project / "py-secure-ci-report" / "gl-annotations.json").read_text())["py-secure-ci"]
    assert link["external_link"]["url"].endswith("/artifacts/browse/py-secure-ci-report/")


def flat(value: Any) -> list[str]:
    """Every path in `artifacts: reports:`."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [path for one in value for path in flat(one)]
    return [path for key, one in value.items() if key != "coverage_format" for path in flat(one)]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}, {SCAN, GATE}),
        (MERGE_REQUEST, {SCAN, GATE}),
        ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "f", "CI_OPEN_MERGE_REQUESTS": "grp/proj!9"}, set()),
    ],
    ids=["branch", "merge request", "branch with a merge request"],
)
def test_one_pipeline_for_a_change(
    gitlab: GitLab, project: Path, variables: dict[str, str], expected: set[str]
) -> None:
    gitlab.include(project, {})
    done = gitlab.run(project, "--list", variables=variables)
    assert done.status == 0, done.errors
    assert jobs(done.output) == expected


def test_a_merge_request_is_compared_with_its_target(gitlab: GitLab, project: Path, kit: Any) -> None:
    gitlab.include(project, {"stages": "lint"})
    base = kit.git(project, "rev-parse", "HEAD")
    kit.git(project, "checkout", "--quiet", "-b", "feature")
    (project / "shop" / "more.py").write_text('"""Nothing to say."""\n')
    kit.commit_all(project)
    done = gitlab.run(project, variables={**MERGE_REQUEST, "CI_MERGE_REQUEST_DIFF_BASE_SHA": base})
    assert done.status == 0, done.output + done.errors
    assert report(project)["report"]["context"]["base"] == base


@pytest.mark.parametrize("name", ["path", "config", "base", "base-report", "fail-on", "install", "stages", "source"])
@pytest.mark.parametrize("value", ['a"; touch pwned; #', "$(touch pwned)", "`touch pwned` it's: {a} # b", "-x$HOME"])
def test_a_hostile_input_stays_data(gitlab: GitLab, project: Path, name: str, value: str) -> None:
    gitlab.include(project, {"stages": "lint", name: value})
    done = gitlab.run(project)
    assert not list(project.rglob("pwned")), done.output
    # A kept report that is not there is told, and the run goes on without it.
    assert done.status != 0 or (
        name == "base-report" and any(value in note for note in report(project)["report"]["notes"])
    ), done.output


def test_as_a_component_and_from_another_project(
    gitlab: GitLab, project: Path, kit: Any, tmp_path: Path, client: Callable[[str], str]
) -> None:
    layout = tmp_path / "component"
    made = kit.execute([str(kit.root / "scripts" / "release"), "component", str(layout)], cwd=kit.root)
    assert made.status == 0, made.output + made.errors
    kit.git(layout, "init", "--quiet", "--initial-branch=main")
    kit.commit_all(layout)
    kit.git(layout, "tag", "1.0.0")
    home = tmp_path / "home"
    home.mkdir()
    places: tuple[str, ...] = (
        "ssh://git@gitlab.example.com:22/grp/py-secure-ci.git",
        "git@gitlab.example.com:grp/py-secure-ci.git",
    )
    places += ("git@gitlab.example.com:grp/py-secure-ci", "https://gitlab.example.com/grp/py-secure-ci.git")
    instead = "".join(f"\tinsteadOf = {place}\n" for place in places)
    (home / ".gitconfig").write_text(f'[url "{layout}"]\n{instead}[safe]\n\tdirectory = *\n')
    inputs = {"stages": "lint", "fail-on": "quality=none"}
    component = {"component": "$CI_SERVER_FQDN/grp/py-secure-ci/py-secure-ci@1.0.0"}
    elsewhere = {"project": "grp/py-secure-ci", "ref": "1.0.0", "file": "/templates/py-secure-ci.yml"}
    for how in (component, elsewhere):
        gitlab.include(project, inputs, how)
        done = gitlab.run(project, home=home)
        assert done.status == 0, done.output + done.errors


def test_the_expanded_pipeline_is_valid(
    gitlab: GitLab, project: Path, client: Callable[[str], str], kit: Any, tmp_path: Path
) -> None:
    checker = client("check-jsonschema")
    for reports in ("native", "sarif"):
        gitlab.include(project, {"security-reports": reports})
        preview = tmp_path / f"{reports}.yml"
        preview.write_text(gitlab.run(project, "--preview").output)
        words = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(preview)]
        done = kit.execute([checker, *words], cwd=project)
        assert done.status == 0, done.output
