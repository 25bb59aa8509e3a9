"""`tools.NAME.run` and `import` in the YAML."""

from __future__ import annotations

import pytest

from py_secure_ci.config.load import load_config
from py_secure_ci.config.settings import Config, CustomTool
from py_secure_ci.errors import ConfigError
from py_secure_ci.model import Stage

KNOWN = {"ruff": Stage.LINT, "bandit": Stage.SAST}
DEFAULTS = {Stage.LINT: ("ruff",), Stage.SAST: ("bandit",)}


def load(text: str, *files: str) -> Config:
    return load_config(text.encode(), "c.yml", KNOWN, DEFAULTS, lambda pattern: files if "*" in pattern else ())


def test_a_tool_of_the_users_own_runs_in_its_stage() -> None:
    config = load("tools:\n  my-tool: {run: [my, '{output}'], format: sarif, stage: sast, timeout: 5, network: true}\n")
    assert config.custom == (
        CustomTool(name="my-tool", stage=Stage.SAST, run=("my", "{output}"), format="sarif", network=True),
    )
    assert config.stages[Stage.SAST].tools == ("bandit", "my-tool")
    assert config.options("my-tool").timeout == 5


def test_it_runs_once_even_where_it_is_named_or_the_stage_has_a_list_of_its_own() -> None:
    tool = "tools: {mine: {run: [x], format: junit, stage: sast}}\n"
    assert load("stages: {sast: {tools: [mine]}}\n" + tool).stages[Stage.SAST].tools == ("mine",)
    assert load("stages: {sast: {tools: [bandit]}}\n" + tool).stages[Stage.SAST].tools == ("bandit", "mine")


def test_policy_may_speak_of_it() -> None:
    config = load(
        "tools: {mine: {run: [x], format: junit, stage: sast}}\n"
        "policy: {suppressions: [{rule: mine/R1, reason: known for years}, {rule: codeql/py/x, reason: known too}]}\n"
        "import: [reports/codeql.sarif]\n"
    )
    assert [one.rule for one in config.policy.suppressions] == ["mine/R1", "codeql/py/x"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tools: {mine: {run: [x], format: sarif}}", "c.yml:1: tools.mine: the key `stage` is missing"),
        ("tools: {mine: {run: [x], format: serif, stage: sast}}", "Did you mean `sarif`"),
        ("tools: {mine: {run: [], format: sarif, stage: sast}}", "tools.mine.run"),
        ("tools: {mine: {run: [x], format: sarif, stage: sast, colour: 1}}", "unknown key"),
        ("tools: {ruff: {run: [x]}}", "unknown key"),
        ("tools: {rufff: {timeout: 1}}", "unknown tool"),
        ("tools: {My_Tool: {run: [x], format: sarif, stage: sast}}", "unknown tool"),
        ("import: reports/a.sarif", "import"),
        ("import: [{stage: sast}]", "import"),
        ("stages: {sast: false}\nimport: [a.sarif]", "a.sarif belongs to the stage sast, which is off"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert "c.yml:" in caught.value.message
    assert said in caught.value.message


def test_each_imported_file_is_a_tool_named_after_it() -> None:
    text = "import: [reports/*.sarif, reports/a.sarif, {file: units.xml}, {file: trivy.json, stage: sca}, gone.sarif]\n"
    custom = load(text, "reports/CodeQL Python.sarif", "reports/a.sarif", "reports/ruff.sarif").custom
    assert [(one.name, one.stage, one.path) for one in custom] == [
        ("codeql-python", Stage.SAST, "reports/CodeQL Python.sarif"),
        ("a", Stage.SAST, "reports/a.sarif"),
        ("ruff-import", Stage.SAST, "reports/ruff.sarif"),
        ("units", Stage.TEST, "units.xml"),
        ("trivy", Stage.SCA, "trivy.json"),
        ("gone", Stage.SAST, "gone.sarif"),
    ]
