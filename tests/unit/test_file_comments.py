"""Expressions over whole files of strangers take no long time, and know what each tool obeys."""

from __future__ import annotations

import re
import time

import pytest

from py_secure_ci.adapting.planting import BLINDING
from py_secure_ci.all_tools import TOOLS

EXPRESSIONS = {
    f"{tool.name}: {expression}"[:100]: expression
    for tool in TOOLS
    for expression in (tool.blind_directive, tool.leads_out, *tool.blinders.values())
    if expression
}
WORDS = (
    "\n", " ", "\t\n", "# ", "#", "# pylint: ", "pylint:disable=", "disable=a,", "# pyright: ", "# pyright: basic ",
    "# mypy: disable-error-code ", "# type: ", "isort: ", "# ruff: noqa: ", "#\n", " #\n", "a,", "# flake8: noqa :", "x\n",
    "#pylint:", "# ty: ", "extend ", "ALL", "=",
)  # fmt: skip


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_no_text_keeps_an_expression_busy(name: str) -> None:
    pattern = re.compile(EXPRESSIONS[name], re.MULTILINE)
    for word in WORDS:
        for start in ("", "#", "# pylint: disable=", "# pyright: "):
            text = start + word * (300_000 // len(word)) + "?"
            began = time.monotonic()
            pattern.search(text)
            assert time.monotonic() - began < 1.5, (start, word)


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        (BLINDING["pylint"], "# pylint: disable=all-x, W0611", True),
        (BLINDING["pylint"], "# pylint: disable=W0611", False),
        (BLINDING["pylint"], "# all # pylint: disable=W0611\nx = all", False),
        (BLINDING["mypy"], "# mypy: ignore-errors=False", False),
        (BLINDING["mypy"], "# mypy: disable-error-code=assignment", False),
        (BLINDING["mypy"], '# mypy: disable-error-code="arg-type"', True),
        (BLINDING["mypy"], "x = 1  # type: ignore", False),
        (BLINDING["ty"], "'''doc'''\n# ty: ignore\n", False),
        (BLINDING["ty"], "\n# type: ignore[ty]\n", False),
        (BLINDING["ruff"], "# ruff: noqa: F401", False),
        (BLINDING["ruff"], "# ruff: noqa # all of it", True),
        (BLINDING["pyright"], "x = 1  # type: ignore", False),
        (BLINDING["pyright"], "# pyright: strict, reportAssignmentType=true", False),
    ],
)
def test_what_is_about_the_whole_file(expression: str, text: str, found: bool) -> None:
    assert bool(re.search(expression, text, re.MULTILINE)) is found
