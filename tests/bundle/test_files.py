"""The files of the three front doors: valid, pinned, injection-free, and of one mind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from py_secure_ci import cli
from py_secure_ci.commands import init

ROOT = Path(__file__).parent.parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
SPEC, JOBS = yaml.safe_load_all((ROOT / "gitlab" / "py-secure-ci.yml").read_text())
GITLAB = SPEC["spec"]["inputs"]
STEPS = ACTION["runs"]["steps"]
# What a door has for itself: the platform's own business, and none of py-secure-ci's.
ONLY_ACTION = {"upload-sarif", "artifact", "cache", "python-version", "python"}
ONLY_GITLAB = {"stage", "job-prefix", "image", "source", "ref", "security-reports"}
# Options of `run` that a door decides for itself, or leaves to the YAML file and to people.
ONLY_COMMAND_LINE = {"exit-zero", "format", "history", "no-cache", "jobs", "timings", "help"}
# A fix is somebody's edit, which a gate never makes; its companion goes with it.
ONLY_COMMAND_LINE |= {"fix", "allow-dirty"}
# A part gives no verdict and no report, which are all that a door hands on: docs/scale.md has workflows of its own for parts.
ONLY_COMMAND_LINE |= {"part", "plan"}
WORKFLOWS = [ROOT / "action.yml", *sorted((ROOT / ".github").rglob("*.yml"))]
USES = re.compile(r"uses: (?P<name>[\w./-]+)@(?P<ref>\S+)(?P<remark>.*)")


def run_options() -> set[str]:
    """Long options of `py-secure-ci run`, without dashes, and its argument."""
    commands = next(action for action in cli._parser()._actions if action.dest == "command").choices
    assert isinstance(commands, dict)
    actions = commands["run"].made()._actions
    options = {word[2:] for action in actions for word in action.option_strings if word.startswith("--")}
    return options | {action.dest for action in actions if not action.option_strings}


def test_the_action_is_a_thin_edge() -> None:
    text = (ROOT / "action.yml").read_text()
    assert len(text.splitlines()) < 100
    assert all("${{" not in step.get("run", "") for step in STEPS)


def test_every_input_reaches_the_script_and_nothing_else_does() -> None:
    script = (ROOT / "scripts" / "action").read_text()
    parts = {
        "prepare": script.split("prepare() {")[1].split("\n}")[0],
        "run": script.split("\nrun() {")[1].split("\n}")[0],
    }
    for name, body in parts.items():
        (step,) = [step for step in STEPS if step.get("id") == name]
        assert set(re.findall(r"\bIN_\w+", body)) == {key for key in step["env"] if key.startswith("IN_")}
    given = {match for step in STEPS for match in re.findall(r"inputs\.([\w-]+)", yaml.safe_dump(step))}
    assert given == set(ACTION["inputs"])


def test_the_doors_offer_what_the_command_line_offers() -> None:
    offered = {word if word != "stage" else "stages" for word in run_options() - ONLY_COMMAND_LINE}
    assert set(ACTION["inputs"]) - ONLY_ACTION == offered
    assert set(GITLAB) - ONLY_GITLAB == offered


def test_the_doors_agree_on_defaults() -> None:
    for name in set(ACTION["inputs"]) - ONLY_ACTION:
        assert str(ACTION["inputs"][name]["default"]).lower() == str(GITLAB[name]["default"]).lower(), name


@pytest.mark.parametrize(
    ("page", "inputs"), [("github.md", ACTION["inputs"]), ("gitlab.md", GITLAB), ("github.md", ACTION["outputs"])]
)
def test_every_input_and_output_has_a_row_in_the_documentation(page: str, inputs: dict[str, Any]) -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.*?) \|", (ROOT / "docs" / page).read_text(), re.MULTILINE))
    assert set(inputs) <= set(rows)
    for name, one in inputs.items():
        if "default" in one:
            assert rows[name] == (f"`{str(one['default']).lower()}`" if one["default"] not in ("", None) else ""), name


def test_actions_are_pinned_by_commit_and_everywhere_to_the_same() -> None:
    pins: dict[str, set[str]] = {}
    texts = [path.read_text() for path in WORKFLOWS] + [init.template("github.yml")]
    for match in USES.finditer("\n".join(texts)):
        if match["name"].startswith("org/"):
            continue
        assert re.fullmatch(r"[0-9a-f]{40}", match["ref"]), match[0]
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", match["remark"]), match[0]
        pins.setdefault("/".join(match["name"].split("/")[:2]), set()).add(match["ref"])
    assert pins
    assert all(len(refs) == 1 for refs in pins.values()), pins


def test_no_job_has_rights_that_it_did_not_ask_for() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {}, path
        assert all("permissions" in job and "timeout-minutes" in job for job in workflow["jobs"].values()), path


def test_gitlab_inputs_are_variables_never_script() -> None:
    for name, job in JOBS.items():
        assert name.startswith(".") or "variables" not in job
        assert "$[[" not in str(job.get("script", "")), name
    assert not set(JOBS) & {"default", "image", "stages", "variables", "workflow", "before_script", "include"}
    assert all(not set(job) & {"before_script", "after_script"} for job in JOBS.values())


def test_every_gitlab_input_is_bounded() -> None:
    for name, one in GITLAB.items():
        assert {"regex", "options"} & set(one) or one.get("type") == "boolean", name
        if "regex" in one:
            assert not re.search(one["regex"], "a\nb: c"), name


def test_zizmor_has_nothing_to_say(client: Callable[[str], str], kit: Any, tmp_path: Path) -> None:
    made = tmp_path / ".github" / "workflows" / "init.yml"
    made.parent.mkdir(parents=True)
    text = init.template("github.yml")
    made.write_text(text.replace("@v1", "@" + "0123456789" * 4))
    words = ["--offline", "--no-progress", "--quiet", "--persona", "auditor", str(ROOT / "action.yml")]
    done = kit.execute([client("zizmor"), *words, str(ROOT / ".github"), str(kit.stubs), str(made)], cwd=ROOT)
    assert done.status == 0, done.output


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("github-actions", "action.yml"),
        ("github-workflows", ".github/workflows/*.yml"),
        ("dependabot", ".github/dependabot.yml"),
    ],
)
def test_the_schemas_agree(client: Callable[[str], str], kit: Any, schema: str, pattern: str) -> None:
    files = [str(path) for path in ROOT.glob(pattern)]
    done = kit.execute([client("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *files], cwd=ROOT)
    assert files
    assert done.status == 0, done.output


def test_action_validator_agrees(client: Callable[[str], str], kit: Any) -> None:
    words = [client("node"), client("action-validator"), str(ROOT / "action.yml")]
    done = kit.execute(words, cwd=ROOT)
    assert done.status == 0, done.output + done.errors


def test_shellcheck_has_nothing_to_say(client: Callable[[str], str], kit: Any, tmp_path: Path) -> None:
    # The launcher is Python as well: its shell part, which ends in `exec`, is what there is to check.
    launcher = tmp_path / "launcher"
    launcher.write_text(
        (ROOT / "scripts" / "py-secure-ci").read_text().split("\n'''\n")[0].replace("''':'\n", "") + "\n"
    )
    files = [launcher, *(ROOT / name for name in ("scripts/action", "scripts/image", "container/py-secure-ci"))]
    for name, job in JOBS.items():
        if "script" in job:
            script = tmp_path / re.sub(r"\W", "_", name)
            script.write_text("#!/bin/sh\n" + "\n".join(job["script"]))
            files.append(script)
    done = kit.execute([client("shellcheck"), *map(str, files)], cwd=ROOT)
    assert done.status == 0, done.output


def test_pre_commit_takes_the_manifest(client: Callable[[str], str], kit: Any) -> None:
    done = kit.execute([client("pre-commit"), "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")], cwd=ROOT)
    assert done.status == 0, done.output


def test_the_image_gets_only_what_it_needs() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    tops = {word.split("/")[0] for line in copied for word in line.split()}
    assert {line[1:] for line in ignored if line.startswith("!")} == tops
    assert all((ROOT / word).exists() for line in copied for word in line.split())
