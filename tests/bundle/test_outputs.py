"""Every machine-readable output of a real run, by the validator or schema of whoever reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

pytestmark = pytest.mark.slow

# What GitHub refuses, of the official validator's rules; GH1004 is left out: its limits (5 runs, 1,000 results) are
# below what GitHub takes today, which tests/formats checks.
GITHUB = {
    "GH1001": "ProvideRequiredLocationProperties",
    "GH1002": "InlineThreadFlowLocations",
    "GH1003": "ProvideRequiredRegionProperties",
    "GH1005": "LocationsMustBeRelativeUrisOrFilePaths",
    "GH1006": "ProvideCheckoutPath",
    "GH1007": "ProvideFullyFormattedMessageStrings",
}
# Not ours to hand on: looked for beside the checkout.
SCHEMAS = {
    "gl-code-quality-report.json": "gitlab-codequality.handwritten.json",
    "gl-sast-report.json": "gitlab-sast-report-15.derived.json",
    "gl-secret-detection-report.json": "gitlab-secret-detection-report-15.derived.json",
    "gl-dependency-scanning-report.json": "gitlab-dependency-scanning-report-15.derived.json",
}
REFERENCED = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json", "cryptography-defs.SNAPSHOT.schema.json")


def schema(name: str) -> Any:
    """A schema from the folder beside the checkout; skips the test where there is none."""
    places = (folder / "shared" / "schemas" / name for folder in Path(__file__).parents)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        pytest.skip(f"the schema {name} is not at hand")
    return json.loads(found.read_text())


@pytest.fixture(scope="module")
def outputs(kit: Any, tools_cache: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Verdict -> output folder: examples/shop (FAIL), examples/clean (PASS), and shop with a damaged file (INCOMPLETE)."""
    made = {}
    for verdict, example, status in (("PASS", "clean", 0), ("FAIL", "shop", 1), ("INCOMPLETE", "shop", 3)):
        project = tmp_path_factory.mktemp(verdict) / "project"
        copy = kit.execute(["cp", "-R", str(kit.root / "examples" / example), str(project)], cwd=kit.root)
        assert copy.status == 0, copy.errors
        if verdict == "INCOMPLETE":
            (project / "shop" / "broken.py").write_text("def broken(:\n")
        kit.git(project, "init", "--quiet", "--initial-branch=main")
        kit.git(project, "remote", "add", "origin", "git@gitlab.example.com:grp/proj.git")
        kit.commit_all(project)
        done = kit.execute(
            [str(kit.root / "scripts" / "py-secure-ci"), "run", "--offline"],
            cwd=project, env={"PY_SECURE_CI_CACHE": tools_cache},
        )  # fmt: skip
        assert done.status == status, done.output + done.errors
        made[verdict] = project / "py-secure-ci-report"
    return made


def rules(folder: Path) -> Path:
    """The validator's configuration: GitHub's rules on, and no links followed."""
    keys = [f"{rule}.{name}" for rule, name in GITHUB.items()]
    rows = [(key, "Error") for key in keys] + [("SARIF2006.UrisShouldBeReachable", "Disabled")]
    text = "".join(
        f'<Properties Key="{key}.Options"><Property Key="RuleEnabled" Value="{value}" Type="Driver.RuleEnabledState" />'
        "</Properties>"
        for key, value in rows
    )
    path = folder / "rules.xml"
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?><Properties>{text}</Properties>')
    return path


def validate(kit: Any, program: str, file: Path, folder: Path) -> list[tuple[str, str, str]]:
    """(rule, level, message) of all that the official validator says in errors and warnings."""
    said = folder / "said.sarif"
    words = ["validate", str(file), "--rule-kind", "Sarif;Ghas", "--config", str(rules(folder))]
    words += ["--level", "Error;Warning", "--output", str(said), "--log", "ForceOverwrite"]
    done = kit.execute([program, *words], cwd=folder, env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
    assert said.is_file(), done.output + done.errors
    (run,) = json.loads(said.read_text(encoding="utf-8-sig"))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is True
    return [(one["ruleId"], one.get("level", "warning"), str(one["message"])) for one in run["results"]]


@pytest.mark.parametrize("name", ["py-secure-ci.sarif", "audit.sarif"])
@pytest.mark.parametrize("verdict", ["PASS", "FAIL", "INCOMPLETE"])
def test_the_official_validator_has_nothing_to_say(
    outputs: dict[str, Path], client: Callable[[str], str], kit: Any, tmp_path: Path, verdict: str, name: str
) -> None:
    assert validate(kit, client("sarif-multitool"), outputs[verdict] / name, tmp_path) == []


def test_the_validator_does_refuse_what_is_wrong(
    outputs: dict[str, Path], client: Callable[[str], str], kit: Any, tmp_path: Path
) -> None:
    log = json.loads((outputs["FAIL"] / "py-secure-ci.sarif").read_text())
    for run in log["runs"]:
        for result in run["results"]:
            del result["locations"][0]["physicalLocation"]["region"]
    (tmp_path / "wrong.sarif").write_text(json.dumps(log))
    said = validate(kit, client("sarif-multitool"), tmp_path / "wrong.sarif", tmp_path)
    assert {rule for rule, _, _ in said} & {"GH1003"}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
@pytest.mark.parametrize("verdict", ["PASS", "FAIL", "INCOMPLETE"])
def test_gitlab_files_fit_their_schemas(outputs: dict[str, Path], verdict: str, name: str) -> None:
    rules = schema(SCHEMAS[name])
    data = json.loads((outputs[verdict] / name).read_text())
    validator = jsonschema.validators.validator_for(rules)(rules)
    assert [error.message for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("sbom.cdx.json", "bom-1.6.SNAPSHOT.schema.json"), ("sbom.spdx.json", "spdx-2.3.1.schema.json")],
)
@pytest.mark.parametrize("verdict", ["PASS", "FAIL", "INCOMPLETE"])
def test_sboms_fit_the_official_schemas(outputs: dict[str, Path], verdict: str, pattern: str, name: str) -> None:
    rules = schema(name)
    others = [(one, schema(one)) for one in REFERENCED]
    known = Registry().with_resources([(data.get("$id", one), Resource.from_contents(data)) for one, data in others])
    validator = jsonschema.validators.validator_for(rules)(rules, registry=known)
    data = json.loads((outputs[verdict] / pattern).read_text())
    assert [error.message[:300] for error in validator.iter_errors(data)] == []
