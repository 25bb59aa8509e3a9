"""Whatever bytes come in: a value, a documented error, and never another exception; whatever text goes out is sane."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from by_path import load
from py_secure_ci.all_formats import ALL_FORMATS
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.checking.execution import FAULTS
from py_secure_ci.commands.configuration import default_tools
from py_secure_ci.config.load import load_config
from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.config.settings import Config
from py_secure_ci.dependencies.read_all import read_dependencies
from py_secure_ci.errors import ConfigError, WrongShape
from py_secure_ci.formats import github_annotations
from py_secure_ci.formats.escaping import visible
from py_secure_ci.judging.policy import judge
from py_secure_ci.model import Finding, Gap, Location, Severity, Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.report import Completed, Context, Failed, Report, ToolInfo
from py_secure_ci.tool import Reading, Tool

CASES = Path(__file__).parent.parent / "tools"
FEW, MANY = 25, 1500
sizes = pytest.mark.parametrize("size", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])


recordings = load(CASES / "conftest.py", "recorded_cases")
# Recorded in a form of their own, with tests of wrong answers beside it: what asks about pins and what checks locks; the
# project's own copies; and what is ours.
OF_THEIR_OWN = frozenset({"uv-audit", "osv-scanner", "trivy", "safety"})
ELSEWHERE = OF_THEIR_OWN | {
    "hygiene",
    "licences",
    "unittest",
    "doctest",
    "pytest",
    "pip-audit",
    "syft",
    "pytest-benchmark",
    "django-check",
}
RECORDED = [
    tool for tool in TOOLS
    if all((CASES / tool.name / case / "recorded.json").exists() for case in ("clean", "findings"))
    and tool.name not in OF_THEIR_OWN
]  # fmt: skip


def quietly(size: int) -> settings:
    return settings(
        max_examples=size, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True
    )


def test_nearly_every_tool_is_fuzzed() -> None:
    assert {tool.name for tool in TOOLS} - {tool.name for tool in RECORDED} <= ELSEWHERE


def mutated(draw: Any, text: str) -> str:
    """Cut, doubled, or with a word or a value exchanged."""
    at: int = draw(st.integers(0, max(0, len(text) - 1)))
    to = min(len(text), at + draw(st.integers(0, 30)))
    new: str = draw(
        st.one_of(
            st.sampled_from(["", "null", "[]", "{}", '"', "-1", "1e999", "true", "\x00", "9" * 400]),
            st.text(max_size=5),
        )
    )
    kind = draw(st.sampled_from(["replace", "cut", "double", "json"]))
    if kind == "cut":
        return text[:at]
    if kind == "double":
        return text + text
    if kind == "json":
        try:
            return json.dumps(exchanged(draw, json.loads(text)))
        except ValueError:
            pass
    return text[:at] + new + text[to:]


def exchanged(draw: Any, value: Any) -> Any:
    """The document with one value exchanged, somewhere below."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: exchanged(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], exchanged(draw, value[at]), *value[at + 1 :]]
    return draw(st.sampled_from([None, 0, -1, 10**30, 0.5, "", "x", [], {}, [None], {"a": 1}, True]))


@pytest.mark.parametrize("tool", RECORDED, ids=lambda tool: tool.name)
@sizes
def test_parsers_read_or_refuse(tool: Tool, size: int) -> None:
    cases = [recordings.load(tool, name) for name in ("clean", "findings")]

    @quietly(size)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(cases))
        name = data.draw(st.sampled_from(sorted(case.executions)))
        stdout = mutated(data.draw, case.executions[name].stdout)
        try:
            reading = case.change(name, stdout=stdout).read()
        except WrongShape:
            return
        except FAULTS:  # the pipeline makes a failure of it
            return
        assert isinstance(reading, Reading)

    check()


@pytest.mark.parametrize("tool", RECORDED, ids=lambda tool: tool.name)
def test_a_cut_report_never_reads_as_clean(tool: Tool) -> None:
    """At every length: refused, or (where each line stands for itself) what is left still shows findings."""
    case = recordings.load(tool, "findings")
    text = case.executions["main"].stdout.rstrip()
    for at in [*range(0, len(text), max(1, len(text) // 150)), len(text) - 1]:
        try:
            cut = case.change(stdout=text[:at])
            findings = cut.findings()
        except WrongShape:
            continue
        assert findings, at


@sizes
def test_any_bytes_are_a_configuration_or_an_error_of_it(size: int) -> None:
    words = st.sampled_from(
        ["version: 1\n", "stages:\n", "  sca: ", "tools: {", "}", "exclude: [", "]", "policy:\n", "  new_only: ", "true\n",
         "&a ", "*a\n", "!!python/object:os.system ", "? ", "- ", "\t", "<<: *a\n", "2026-13-45\n", "lint: false\n"]
    )  # fmt: skip
    stages = {tool.name: tool.stage for tool in TOOLS}

    @quietly(size * 4)
    @given(st.one_of(st.binary(max_size=200), st.lists(words, max_size=25).map(lambda them: "".join(them).encode())))
    def check(raw: bytes) -> None:
        try:
            config = load_config(raw, "f.yml", stages, default_tools())
        except ConfigError as error:
            assert error.message.startswith("f.yml")
            return
        assert isinstance(config, Config)

    check()


FILES = (
    "requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile", "Pipfile.lock",
    "setup.py", "setup.cfg", "environment.yml", "conda-lock.yml", "script.py", "a/requirements-dev.txt", "constraints.txt",
)  # fmt: skip
PIECES = st.sampled_from(
    ["six==1.0\n", "-r ", "requirements.txt\n", "--hash=sha256:00 ", "\\\n", "[project]\n", "dependencies = [", "'six==1'", "]\n",
     "[[package]]\n", "name = 'a'\n", "version = '1'\n", "version = 3\n", "{", "}", '"default": ', '{"six": {"version": "==1"}}',
     "from setuptools import setup\n", "setup(install_requires=['six'])\n", "# /// script\n", "# dependencies = ['six']\n", "# ///\n",
     "[options]\n", "install_requires = \n  six\n", "dependencies:\n  - pip:\n    - six==1\n", "[dependency-groups]\n", "dev = ['six']\n",
     "[tool.poetry.dependencies]\n", "six = '*'\n", "\x00", "\ufeff", "((((", "a @ file:///x\n", "; python_version < '3'\n", "-e .\n"]
)  # fmt: skip


@sizes
def test_any_declaration_is_read(size: int) -> None:
    text = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=12).map("".join))

    @quietly(size * 4)
    @given(st.dictionaries(st.sampled_from(FILES), text, min_size=1, max_size=4))
    def check(files: dict[str, str]) -> None:
        assert isinstance(read_dependencies(tuple(sorted(files)), lambda path: files[path]), Dependencies)

    check()


IGNORABLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
TEXTS = st.one_of(
    st.text(min_size=1, max_size=60),
    st.lists(
        st.sampled_from(["::error::x", "##[add-matcher]x", "\r", "\n", "\u2028", "\u200b", "%0A", "%", "\x1b[31m", "<b>", "|", "`", "]]>",
                         "\udcff", "::stop-commands::z", " ", "##", "[", "\u202e", "\x00", "\x85", "[a](b)", "@x", "\ufffe"]),
        min_size=1, max_size=8,
    ).map("".join),
)  # fmt: skip


def report(text: str, path: str, line: int | None) -> Report:
    info = ToolInfo(name="bandit", stage=Stage.SAST, version=text)
    finding = Finding(
        tool="bandit", rule=text, severity=Severity.HIGH, message=text, location=Location(path, line), fix=text, code=text,
        fingerprint="0" * 64, anchor=text,
    )  # fmt: skip
    outcomes = (
        Completed(tool=info, findings=(finding,), gaps=(Gap(path, text, line),), notes=(text,), looked_at=1),
        Failed(tool=ToolInfo(name="ruff", stage=Stage.LINT), reason=text, detail=text, hint=text),
    )
    return Report(version="1", context=Context(project=visible(text), branch=text), outcomes=outcomes, notes=(text,))


@sizes
def test_any_text_is_rendered_harmlessly(size: int) -> None:
    @quietly(size)
    @given(TEXTS, TEXTS, st.one_of(st.none(), st.integers(1, 10)))
    def check(text: str, path: str, line: int | None) -> None:
        one = report(text, path, line)
        verdict = judge(one, PolicySettings(), baseline=None, today=date(2026, 1, 1))
        for each in ALL_FORMATS:
            made = each.render(one, verdict)
            made.encode("utf-8")
            if each.filename.endswith((".json", ".sarif")):
                json.loads(made)
            if each.filename == "summary.md":
                assert "\x1b" not in made
                assert "<b>" not in made
            if each.name == "console":
                assert not commands_in(made), made
        for taken in github_annotations.render(one, verdict).split("\n"):
            assert not taken or taken.startswith(("::error", "::warning", "::notice"))
            assert "##[" not in IGNORABLE.sub("", taken)
            assert "\r" not in taken

    check()


def commands_in(text: str) -> list[str]:
    lines = [IGNORABLE.sub("", line) for line in re.split(r"\r\n|\r|\n", text)]
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
