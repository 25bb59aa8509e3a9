"""What each adapter makes of its tool's recorded words, to the column."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from py_secure_ci.config.settings import Options
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Confidence, Edit, Excluded, Gap, Location, Severity

ODD = 'app/odd "name"\n%.py'
Recorded = Callable[[str, str], Any]


def rows(case: Any) -> list[tuple[str, Severity, Location]]:
    return [(one.rule, one.severity, one.location) for one in case.findings()]


def test_ruff(recorded: Recorded) -> None:
    case = recorded("ruff", "findings")
    assert rows(case) == [
        ("F821", Severity.ERROR, Location("/project/-dash.py", 1, 7, 1, 16)),
        ("F401", Severity.ERROR, Location(f"/project/{ODD}", 1, 8, 1, 11)),
        ("F401", Severity.ERROR, Location("/project/app/shop.py", 1, 8, 1, 10)),
        ("B006", Severity.WARNING, Location("/project/app/shop.py", 5, 16, 5, 18)),
        ("E702", Severity.WARNING, Location("/project/app/shop.py", 6, 15, 6, 16)),  # behind an é: code points
        ("S602", Severity.HIGH, Location("/project/app/shop.py", 6, 17, 6, 31)),
        ("F401", Severity.ERROR, Location("/project/book.ipynb")),
    ]
    first = case.findings()[1]
    assert first.message == "`sys` imported but unused"
    assert first.fix == "Remove unused import: `sys`"
    assert first.edits == (Edit(Location(f"/project/{ODD}", 1, 1, 2, 1), ""),)
    assert case.findings()[3].edits == ()  # an unsafe fix is no edit of ours
    assert case.findings()[-1].message == "`os` imported but unused (notebook cell 1)"
    assert case.read().excluded == (Excluded("generated/made.py", "ruff's exclude (ruff.toml)"),)


def test_ruff_that_names_fewer_files_than_it_counts(recorded: Recorded) -> None:
    case = recorded("ruff", "clean")
    log = case.executions["main"].stderr
    with pytest.raises(WrongShape, match="says it opened 2 files, its log names 1"):
        case.change(stderr=log.replace("Checking: /project/app/price.py", "Reading: /project/app/price.py")).read()
    with pytest.raises(WrongShape, match="does not say how many"):
        case.change(stderr="").read()


@pytest.mark.parametrize("name", ["ruff", "ruff-format"])
def test_ruff_that_gives_no_answer_is_told_without_the_time_of_day(recorded: Recorded, name: str) -> None:
    case = recorded(name, "clean")
    log = "".join(f"{line}\n" for line in case.executions["main"].stderr.split("\n") if " Checked " not in line)
    assert re.search(r"^\[\d{4}-\d\d-\d\d\]", log)
    with pytest.raises(WrongShape) as caught:
        case.change(status=2, stdout="", stderr=f"{log}error: no such key\n").read()
    with pytest.raises(WrongShape) as silent:
        case.change(stderr=f"{log.replace(' Formatted ', ' Formed ')}warning: no files\n").read()
    assert not re.search(r"\d\d:\d\d:\d\d|DEBUG", f"{caught.value} {silent.value}")
    assert str(silent.value).endswith("…): warning: no files")


def test_ruff_with_an_unknown_word(recorded: Recorded) -> None:
    case = recorded("ruff", "findings")
    text = case.executions["main"].stdout
    with pytest.raises(WrongShape, match="unknown word 'grave'"):
        case.change(stdout=text.replace('"severity": "error"', '"severity": "grave"')).read()
    with pytest.raises(WrongShape, match="no known form"):
        case.change(stdout=text.replace('"F821"', '"something else"')).read()


def test_ruff_without_a_project_configuration_has_its_own(recorded: Recorded) -> None:
    bare, configured = recorded("ruff", "clean"), recorded("ruff", "findings")
    assert {"--isolated", "--select=E4,E7,E9,F,B,PLE"} <= set(bare.tool.commands(bare.task)[0].argv)
    argv = configured.tool.commands(configured.task)[0].argv
    assert "--isolated" not in argv
    assert {"--no-fix", "--no-fix-only", "--no-cache", "--force-exclude"} <= set(argv)
    with pytest.raises(WrongShape, match=r"pyproject\.toml is not valid TOML"):
        bare.tool.commands(replace(bare.task, settings={"pyproject.toml": "[tool.ruff\n"}))


def test_ruff_format(recorded: Recorded) -> None:
    case = recorded("ruff-format", "findings")
    assert rows(case) == [("unformatted", Severity.ERROR, Location("/project/app/a b.py", 2))]
    assert case.findings()[0].fix == "Run: ruff format -- './app/a b.py'"
    assert recorded("ruff-format", "broken").read().gaps == (
        Gap("app/latin.py", "ruff could not read it: stream did not contain valid UTF-8"),
        Gap("app/syntax.py", "ruff could not parse it: Expected an identifier", 1),
    )
    with pytest.raises(WrongShape, match="refused to run: no such key"):
        case.change(status=2, stdout="", stderr="no such key").read()


def test_bandit(recorded: Recorded) -> None:
    case = recorded("bandit", "findings")
    assert rows(case) == [
        ("B101", Severity.LOW, Location("-dash.py", 1, 1, 1, 9)),
        ("B307", Severity.MEDIUM, Location("app/cookie.py", 3, 1, 3, 8)),
        ("B307", Severity.MEDIUM, Location(ODD, 1, 1, 1, 10)),
        ("B404", Severity.LOW, Location("app/shop.py", 2, 1, 2, 18)),
        ("B602", Severity.HIGH, Location("app/shop.py", 9, None, 10, None)),
        ("B324", Severity.HIGH, Location("app/shop.py", 12, 12, 12, 29)),
    ]
    shell = case.findings()[4]
    assert (shell.cwe, shell.confidence) == ((78,), Confidence.HIGH)
    assert case.read().notes == (
        ".bandit holds settings for bandit that are not used; name it in tools.bandit.config to use it.",
    )
    assert case.read().passed_over == {"app/shop.py": 1}
    assert [gap.subject for gap in recorded("bandit", "broken").read().gaps] == ["app/latin.py", "app/python2.py"]


def test_bandit_with_another_severity(recorded: Recorded) -> None:
    case = recorded("bandit", "findings")
    report = json.loads(case.executions["main"].stdout)
    report["results"][0]["issue_severity"] = "AWFUL"
    with pytest.raises(WrongShape, match="unknown word 'AWFUL'"):
        case.change(stdout=json.dumps(report)).read()


def test_bandit_with_a_test_that_does_not_exist(recorded: Recorded) -> None:
    with pytest.raises(WrongShape, match="B999"):
        recorded("bandit", "clean").change(stderr="[x]\tWARNING\tUnknown test found in profile: B999\n").read()


def test_mypy(recorded: Recorded) -> None:
    case = recorded("mypy", "findings")
    assert rows(case) == [
        ("operator", Severity.ERROR, Location("shop/price.py", 7, 16, 7, 18)),
        ("call-overload", Severity.ERROR, Location("shop/price.py", 17, 1, 17, 10)),
        ("misc", Severity.NOTE, Location("shop/price.py", 18, 13, 18, 14)),
        ("assignment", Severity.ERROR, Location("shop/odd\nname.py", 1, 10, 1, 12)),
        ("assignment", Severity.ERROR, Location("scripts-of/run-it.py", 1, 10, 1, 12)),
    ]
    assert case.findings()[1].message.endswith("\n    def pick(x: str) -> str")
    assert [gap.reason for gap in case.read().gaps] == ["no environment of the project to look up: nosuchmodule, yaml"]
    inputs = case.tool.commands(case.task)[0].inputs["mypy-config.ini"]
    assert inputs == "[mypy]\ndisable_error_code = no-redef\n[mypy-old.*]\nignore_errors = True\n"


def test_mypy_stopped_by_a_syntax_error(recorded: Recorded) -> None:
    case = recorded("mypy", "broken")
    assert rows(case)[0] == ("syntax", Severity.ERROR, Location("shop/syntax.py", 1, 5, 1, 6))
    gaps = {gap.subject: gap.reason for gap in case.read().gaps}
    assert gaps["shop/good.py"] == "mypy stops at a syntax error elsewhere"
    assert "no valid package name" in gaps["my-package/code.py"]


def test_mypy_complaints_are_failures(recorded: Recorded) -> None:
    case = recorded("mypy", "clean")
    log = case.executions["main"].stderr
    with pytest.raises(WrongShape, match="Unrecognized option"):
        case.change(stderr=f"mypy.ini: [mypy]: Unrecognized option: x = 1\n{log}").read()
    with pytest.raises(WrongShape, match="build was finished"):
        case.change(stderr=log.replace("Build finished", "Build went on")).read()
    silent = case.change(stderr=log.replace("src/shop/price.py'", "src/shop/other.py'")).read()
    assert silent.looked_at == {"src/shop/__init__.py", "src/shop/basket.py"}


def test_mypy_with_an_unknown_word(recorded: Recorded) -> None:
    case = recorded("mypy", "findings")
    text = case.executions["main"].stdout
    with pytest.raises(WrongShape, match="unknown word 'hm'"):
        case.change(stdout=text.replace('"severity": "note"', '"severity": "hm"')).read()


def test_mypy_loads_plugins_only_if_told(recorded: Recorded) -> None:
    case = recorded("mypy", "findings")
    assert any("not loaded: my_plugin.py" in note for note in case.read().notes)
    task = replace(case.task, options=Options(settings={"plugins": True}))
    assert "plugins = /project/my_plugin.py" in case.tool.commands(task)[0].inputs["mypy-config.ini"]


def test_detect_secrets(recorded: Recorded) -> None:
    case = recorded("detect-secrets", "findings")
    assert rows(case) == [
        ("private-key", Severity.CRITICAL, Location("-dash.env", 1)),
        ("github-token", Severity.CRITICAL, Location('app/odd "name"\n%.txt', 1)),
        ("aws-access-key", Severity.CRITICAL, Location("app/settings.py", 1)),
        ("secret-keyword", Severity.MEDIUM, Location("app/settings.py", 2)),
        ("aws-access-key", Severity.CRITICAL, Location("app/swagger.svg", 1)),
        ("aws-access-key", Severity.CRITICAL, Location("back\\slash.css", 1)),
    ]
    assert all(one.secret and one.cwe == (798,) for one in case.findings())
    assert sum(case.read().passed_over.values()) == 1
    text = repr(case.read())
    assert "QZ3XWV7RTY5PLM2K" not in text
    assert "correct-horse-battery" not in text
    selection = case.tool.select(("uv.lock", "a.py", "logo.png", ".env"), {})
    assert selection.files == ("a.py", ".env")
    assert selection.excluded == (Excluded("uv.lock", "default (a lock file holds hashes)"),)


def test_detect_secrets_that_did_not_look(recorded: Recorded) -> None:
    case = recorded("detect-secrets", "clean")
    assert case.change(files={"main.looked": '["README.md", 0]\n'}).read().looked_at == {"README.md"}
    assert case.change(files={"main.looked": ""}).read().looked_at == frozenset()
    for files in ({}, {"main.looked": "[3, 0]\n"}, {"main.looked": '["a", "b"]\n'}):
        with pytest.raises(WrongShape):
            case.change(files=files).read()


def test_detect_secrets_with_an_unknown_word(recorded: Recorded) -> None:
    case = recorded("detect-secrets", "findings")
    text = case.executions["main"].stdout
    with pytest.raises(WrongShape, match="unknown word 'New Kind'"):
        case.change(stdout=text.replace('"type": "Private Key"', '"type": "New Kind"')).read()


def test_zizmor(recorded: Recorded) -> None:
    case = recorded("zizmor", "findings")
    assert rows(case) == [
        ("dependabot-cooldown", Severity.MEDIUM, Location(".github/dependabot.yml", 3, 5, 3, 27)),
        ("template-injection", Severity.HIGH, Location(".github/workflows/ci.yaml", 13, 21, 13, 53)),
        ("template-injection", Severity.HIGH, Location("action/action.yml", 9, 21, 9, 29)),
    ]
    injection = case.findings()[1]
    assert injection.confidence is Confidence.HIGH
    assert injection.message == ("code injection via template expansion: may expand into attacker-controllable code")
    assert injection.fix == "replace expression with environment variable"
    assert case.read().notes == ("Findings hidden by `# zizmor: ignore` comments or its configuration: 1.",)


def test_zizmor_files_that_it_dropped(recorded: Recorded) -> None:
    gaps = {gap.subject: gap.reason for gap in recorded("zizmor", "broken").read().gaps}
    schema = "zizmor: failed to validate it as workflow: input does not match expected validation schema"
    assert gaps[".github/workflows/schema.yml"] == schema
    assert gaps[".github/workflows/empty.yml"] == schema
    assert "did not find expected node content" in gaps[".github/workflows/yaml.yml"]


def test_zizmor_with_an_unknown_word(recorded: Recorded) -> None:
    case = recorded("zizmor", "findings")
    text = case.executions["main"].stdout
    with pytest.raises(WrongShape, match="unknown word 'Cosmic'"):
        case.change(stdout=text.replace('"severity": "High"', '"severity": "Cosmic"')).read()


def test_zizmor_selects_workflows_actions_and_dependabot(recorded: Recorded) -> None:
    files = (".github/workflows/a.yml", ".github/workflows/b.yaml", "action.yml", "x/action.yaml", "dependabot.yml",
             ".github/dependabot.yaml", ".github/workflows/sub/c.yml", "compose.yml", ".github/workflows/d.txt")  # fmt: skip
    assert recorded("zizmor", "clean").tool.select(files, {}).files == (
        ".github/workflows/a.yml", ".github/workflows/b.yaml", "action.yml", "x/action.yaml", ".github/dependabot.yaml",
    )  # fmt: skip
