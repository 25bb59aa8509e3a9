"""What holds for every tool in the registry: a new tool is not done before this passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Kind, Stage
from py_secure_ci.tool import Task, Tool

HERE = Path(__file__).parent
NAMES = [tool.name for tool in TOOLS]
RECORDED = [tool for tool in TOOLS if (HERE / tool.name / "clean" / "input.txt").exists()]
each = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
each_recorded = pytest.mark.parametrize("tool", RECORDED, ids=lambda tool: tool.name)
SECURITY_STAGES = {Stage.SAST, Stage.SECRETS, Stage.CI}
QUALITY = {"actionlint", "check-jsonschema", "pre-commit", "validate-pyproject"}  # of the stage ci, but about form
# They answer in words on the other stream; what becomes of these words cut short is in test_lock_freshness.py.
SAYS_NOTHING_HERE = {"uv-lock", "poetry-lock", "pdm-lock"}
ON_STDOUT = [tool for tool in RECORDED if tool.name not in SAYS_NOTHING_HERE]
each_on_stdout = pytest.mark.parametrize("tool", ON_STDOUT, ids=lambda tool: tool.name)
READS_ANY_BYTES = {"gitleaks", "kingfisher"}


def test_names_are_unique_and_in_stage_order() -> None:
    stages = [list(Stage).index(tool.stage) for tool in TOOLS]
    assert len(set(NAMES)) == len(NAMES)
    assert stages == sorted(stages)


@each
def test_a_tool_says_what_it_is(tool: Tool) -> None:
    assert tool.about
    assert tool.uri.startswith("https://")


@each
def test_a_tool_has_recorded_outputs(tool: Tool) -> None:
    folders = {folder.name for folder in (HERE / tool.name).iterdir() if folder.is_dir()}
    assert {"clean", "findings", "broken"} <= folders


@each
def test_a_scanner_has_a_canary(tool: Tool) -> None:
    assert tool.canary is not None or tool.stage in {Stage.TEST, Stage.SBOM}
    if tool.canary is not None:
        assert tool.canary.expect or tool.canary.any_rule or tool.canary.pins


@each_recorded
def test_clean_means_no_finding_no_gap_and_everything_looked_at(tool: Tool, recorded: Callable[..., Any]) -> None:
    case = recorded(tool.name, "clean")
    reading = case.read()
    assert case.findings() == []
    assert reading.gaps == ()
    assert reading.looked_at == frozenset(case.task.files)


@each_recorded
def test_the_canary_is_seen_in_every_case(tool: Tool, recorded: Callable[..., Any]) -> None:
    for name in ("clean", "findings", "broken"):
        seen = recorded(tool.name, name).seen()
        assert seen, name
        assert tool.canary is not None
        assert tool.canary.expect <= seen, name


@each_recorded
def test_findings_are_complete(tool: Tool, recorded: Callable[..., Any]) -> None:
    case = recorded(tool.name, "findings")
    rules = {rule.id: rule for rule in case.read().rules}
    assert case.findings()
    for finding in case.findings():
        assert finding.tool == tool.name
        assert finding.message.strip() == finding.message != ""
        assert finding.rule in rules
        assert finding.location is not None
        path = finding.location.path.removeprefix("/project/")
        assert path in {*case.task.files, *case.task.settings}
        if tool.stage in SECURITY_STAGES and tool.name not in QUALITY:
            assert finding.severity.kind is Kind.SECURITY
            assert "security" in rules[finding.rule].tags


@each_recorded
def test_broken_files_are_gaps_or_findings_and_never_clean(tool: Tool, recorded: Callable[..., Any]) -> None:
    case = recorded(tool.name, "broken")
    reading = case.read()
    assert bool(reading.gaps) != (tool.name in READS_ANY_BYTES)
    assert {gap.subject for gap in reading.gaps} <= set(case.task.files)
    assert not {gap.subject for gap in reading.gaps} & set(reading.looked_at or ())
    assert set(case.task.files) == {gap.subject for gap in reading.gaps} | set(reading.looked_at or ())


@each_recorded
@pytest.mark.parametrize("stdout", ["", "{", "null", "3", '"x"', "[3]", '{"results": 3}', "Traceback:\n", '[{"a": 1}]'])
def test_another_shape_is_never_read_as_clean(tool: Tool, recorded: Callable[..., Any], stdout: str) -> None:
    for name in ("clean", "findings"):
        case = recorded(tool.name, name)
        if stdout == case.executions["main"].stdout.strip():
            continue
        with pytest.raises(WrongShape):
            case.change(stdout=stdout).read()


@each_on_stdout
def test_truncated_output_is_never_read(tool: Tool, recorded: Callable[..., Any]) -> None:
    case = recorded(tool.name, "findings")
    text = case.executions["main"].stdout.rstrip()
    for part in (1, 2, 3):
        with pytest.raises(WrongShape):
            case.change(stdout=text[: len(text) * part // 4]).read()


def _without_each_key(value: Any) -> list[Any]:
    """Every variant of a JSON value that lacks one key somewhere in its first entries."""
    if isinstance(value, dict):
        # Keys that are data, such as paths, are no part of the shape.
        lacking = [{k: v for k, v in value.items() if k != key} for key in value if key.replace("_", "").isalpha()]
        deeper = [{**value, key: variant} for key in value for variant in _without_each_key(value[key])]
        return lacking + deeper
    if isinstance(value, list) and value:
        return [[variant, *value[1:]] for variant in _without_each_key(value[0])]
    return []


def _variants(text: str) -> list[str]:
    """The output with one part missing: a key of its first entries, or half a line where it is no JSON."""
    for first, rest in ((text, ""), text.split("\n", 1) if "\n" in text else (text, "")):  # a document, or one a line
        try:
            document = json.loads(first)
        except ValueError:
            continue
        return [json.dumps(one) + (f"\n{rest}" if rest else "") for one in _without_each_key(document)]
    lines = text.split("\n")
    return ["\n".join([*lines[:at], line[: len(line) // 2], *lines[at + 1 :]]) for at, line in enumerate(lines)]


@each_on_stdout
def test_a_missing_part_is_a_wrong_shape_or_changes_nothing(tool: Tool, recorded: Callable[..., Any]) -> None:
    case = recorded(tool.name, "findings")
    usual = len(case.findings())
    variants = _variants(case.executions["main"].stdout)
    assert variants
    for variant in variants:
        changed = case.change(stdout=variant)
        try:
            found = changed.findings()
        except WrongShape:
            continue
        assert len(found) >= usual, variant


@each_recorded
def test_a_status_that_the_output_contradicts_is_refused(tool: Tool, recorded: Callable[..., Any]) -> None:
    for name, other in (("clean", "findings"), ("findings", "clean")):
        case = recorded(tool.name, name)
        status = recorded(tool.name, other).executions["main"].status
        if status == case.executions["main"].status:  # the canary, or the tool itself, makes it the same for both
            continue
        with pytest.raises(WrongShape):
            case.change(status=status).read()


@each_recorded
def test_names_cannot_be_taken_for_options(tool: Tool) -> None:
    files = ("-rf.py", "@list.py", "a b/.github/workflows/-x.yml", 'q"u\n.py')
    due = tool.select(files, {}).files
    task = Task(root=Path("/project"), scratch=Path("/scratch"), files=due, canaries=("/scratch/canary/x",))
    for command in tool.commands(task):
        for file in due:
            assert file not in command.argv
        assert not any(word.startswith("@./") for word in command.argv)


@each_recorded
def test_selection_accounts_for_every_file_it_is_for(tool: Tool) -> None:
    files = ("a.py", "b.pyi", "tests/test_a.py", "docs/conf.py", "setup.py", "uv.lock", "logo.png", "src/p/__init__.py")
    selection = tool.select(files, {})
    named = {*selection.files, *(one.subject for one in selection.excluded)}
    assert len(named) == len(selection.files) + len(selection.excluded)
    if tool.stage in {Stage.LINT, Stage.FORMAT, Stage.TYPE, Stage.SAST}:
        assert {file for file in files if PurePosixPath(file).suffix == ".py"} <= named


@each_recorded
def test_many_files_fit_on_the_command_line(tool: Tool) -> None:
    files = tuple(f"package/folder_{n // 100}/a_module_with_a_rather_long_name_{n}.py" for n in range(8_000))
    due = tool.select(files, {}).files
    task = Task(root=Path("/project"), scratch=Path("/scratch"), files=due, canaries=("/scratch/canary/x",))
    tasks = tool.split(task) if tool.split else (task,)
    assert sorted(file for one in tasks for file in one.files) == sorted(due)
    for one in tasks[:3]:
        for command in tool.commands(one):
            assert sum(len(word) + 1 for word in command.argv) < 128 * 1024
