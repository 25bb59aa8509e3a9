from __future__ import annotations

import pytest

from py_secure_ci.errors import UsageError, WrongShape
from py_secure_ci.judging.explain import explain, resolve, ruff_explanation
from py_secure_ci.judging.inline import inline_suppressions, native_suppressions
from py_secure_ci.model import Rule, Stage
from py_secure_ci.report import Completed, Context, Report, ToolInfo
from py_secure_ci.tables import table

REPORT = Report(
    version="1",
    context=Context(project="p"),
    outcomes=(
        Completed(
            tool=ToolInfo(name="semgrep", stage=Stage.SAST),
            rules=(Rule("python.x", "x_rule", "Says what it is.", uri="https://example.org/x", cwe=(79,)),),
        ),
    ),
)


def test_it_says_everything() -> None:
    text = explain("bandit/B602", None)
    for words in (
        "through a shell",
        "Why it matters",
        "shell=True",
        "['ls', '--', folder]",
        "definitions/78",
        "ruff/S602",
    ):
        assert words in text
    assert inline_suppressions("a.py", next(line for line in text.splitlines() if "ignore[" in line))[0].problem == ""


def test_the_other_tool_has_the_same_words() -> None:
    assert "through a shell" in explain("ruff/S602", None)


def test_what_the_report_says() -> None:
    text = explain("semgrep/python.x", REPORT)
    assert "Says what it is." in text
    assert "https://example.org/x" in text
    with pytest.raises(UsageError):
        explain("semgrep/python.x", None)


@pytest.mark.parametrize(
    ("given", "name"), [("b602", "bandit/B602"), ("BANDIT/b602", "bandit/B602"), ("arg-type", "mypy/arg-type")]
)
def test_names_are_found(given: str, name: str) -> None:
    assert resolve(given, None) == name


@pytest.mark.parametrize(
    ("given", "hint"),
    [("bandit/B6022", "bandit/B602"), ("B6002", "bandit/B60"), ("argtype", "mypy/arg-type"), ("???", "tool/rule")],
)
def test_unknown_names_get_a_hint(given: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        resolve(given, None)
    assert hint in error.value.hint


def test_ruffs_own_words() -> None:
    text = (
        '{"name": "a-rule", "code": "X1", "summary": "s", "explanation": '
        '"## What it does\\nLooks.\\n\\n## Why is this bad?\\nIt is.\\n\\n## Example\\n```python\\nbad()\\n```\\n\\n'
        'Use instead:\\n```python\\ngood()\\n```\\n"}'
    )
    one = ruff_explanation(text)
    assert (one.name, one.what, one.why, one.bad, one.good) == ("ruff/X1", "Looks.", "It is.", "bad()", "good()")
    with pytest.raises(WrongShape):
        ruff_explanation("[]")


def test_every_explanation_is_of_a_known_rule_and_whole() -> None:
    known = table("rules")
    for name, row in table("explanations").items():
        tool, _, rule = name.partition("/")
        assert tool not in known or rule in known[tool], name
        assert row["what"], name
        assert row["why"], name


def test_native_suppressions_are_counted_in_comments_only() -> None:
    text = (
        "a = 1  # noqa: E501\nb = '# noqa'\nc = 1  # type: ignore[x]  # nosec B101\nd = 1  # pragma: allowlist secret\n"
    )
    assert native_suppressions("a.py", text) == {
        "noqa": 1,
        "nosec": 1,
        "pragma: allowlist secret": 1,
        "type: ignore": 1,
    }
    assert native_suppressions("a.yml", "a: b # zizmor: ignore[x]\n") == {"zizmor: ignore": 1}
    assert native_suppressions("a.py", "x = 1\n") == {}
