"""Adapters stay small: what several need belongs into `adapting/`, what is data into tables and files."""

from __future__ import annotations

import ast
import io
import statistics
import tokenize
from pathlib import Path

from py_secure_ci.adapting.planting import ENDING, FOLDER, planted

TOOLS = Path(__file__).parents[2] / "src" / "py_secure_ci" / "tools"
# Lines of code of the adapter in the middle; this figure may only go down.
MEDIAN = 45
LARGEST = 118
SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(text: str) -> int:
    """Lines with code on them: no blank ones, no comments, no docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SILENT:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            said = node.body[0]
            lines -= set(range(said.lineno, (said.end_lineno or said.lineno) + 1))
    return len(lines)


def sizes() -> dict[str, int]:
    return {path.stem: code_lines(path.read_text("utf-8")) for path in TOOLS.glob("*.py") if path.stem != "__init__"}


def test_what_counts_as_a_line() -> None:
    assert (
        code_lines(
            '"""Doc."""\n\n# comment\nX = (\n    1,\n)\n\n\ndef f():\n    """Doc.\n\n    More.\n    """\n    return X  # why\n'
        )
        == 5
    )


def test_adapters_stay_small() -> None:
    found = sizes()
    assert len(found) > 20
    assert statistics.median(found.values()) <= MEDIAN, found
    assert max(found.values()) <= LARGEST, found


def test_no_adapter_keeps_its_canary_in_its_code() -> None:
    assert [path.stem for path in TOOLS.glob("*.py") if "Canary(" in path.read_text("utf-8")] == []


def test_no_planted_secret_stands_whole_in_our_tree() -> None:
    for name in ("detect-secrets", "gitleaks", "kingfisher"):
        for ours, text in planted(name).files.items():
            stored = (FOLDER / name / f"{ours}{ENDING}").read_text("utf-8")
            assert not {line for line in text.splitlines() if line} & set(stored.splitlines())
