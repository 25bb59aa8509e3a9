"""Canaries as data: `canaries/NAME/` holds what is planted for a tool; what blinds one; scripts that run inside."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from py_secure_ci.tool import Canary

FOLDER = Path(__file__).parent / "canaries"
SCRIPTS = Path(__file__).parent / "scripts"
ENDING = ".txt"  # on top of the real name, so that nobody takes our canaries for code of ours
JOINT = "{joint}"  # goes out when it is planted: no scanner, and no runner of tests, is to find it in our own tree

# A comment before all code is about the whole file. In a line of comment a second `#` begins another one.
_ON_TOP = r"\A(?:[ \t\f]*(?:#[^\n]*)?\n)*[ \t\f]*#(?:[^\n]*#)?[ \t]*"
_OWN_LINE = r"^[ \t\f]*#(?:[^\n]*#)?[ \t]*"
_FIRST = r"^(?=(?P<first>[^#\n]*#[^\n]*?\b{0}[ \t]*:))(?P=first)[^\n]*?"  # what follows the first such word of a line

# Comments by which a file takes itself away from a tool, as the locked tools read them; expressions (MULTILINE).
# Of mypy and pyright also what switches off the rule that the canary must show. Whoever writes such comments may write
# megabytes of them: none of these looks twice at the same text.
BLINDING = {
    "flake8": r"^[ \t]*#[ \t]*(?i:flake8[:=][ \t]*noqa)(?:[ \t]*:|[ \t]*$)",
    "mypy": (
        r"^[ \t]*#[ \t]*(?:mypy:(?i:(?=[^\n]*\bignore[-_]errors\b(?![ \t]*=[ \t]*false))"
        r"|(?=[^\n]*\bdisable[-_]error[-_]code\b)(?=[^\n]*\barg-type\b))|type:[ \t]*ignore[ \t]*(?:#|$))[^\n]*"
    ),
    "pylint": (  # behind code, too
        _FIRST.format("pylint") + r"\b(?:skip-file|disable-all|disable[ \t]*=[ \t]*(?:[\w-]+[ \t]*,[ \t]*)*all)\b"
    ),
    "pyrefly": rf"{_OWN_LINE}pyrefly:[ \t]*ignore-errors\b",
    "pyright": (
        rf"{_OWN_LINE}(?:pyright:[ \t]*ignore[ \t]*$|type:[ \t]*ignore\b)|"
        + _FIRST.format("pyright")
        + r"\breportAssignmentType[ \t]*=[ \t]*(?:false|none)\b"
    ),
    "ruff": r"^[ \t]*#[ \t]*(?:ruff|flake8)[ \t]*[:=][ \t]*(?i:noqa)\b(?![ \t]*:)",
    "ty": rf"{_ON_TOP}(?:ty[ \t]*:[ \t]*ignore\b|type[ \t]*:[ \t]*ignore\b(?![ \t]*\[))",
}


def planted(name: str, *expect: str) -> Canary:
    """The canary of a tool: every file of its folder. `expect`: the rules that must be reported; none: any rule."""
    folder = FOLDER / name
    files = {
        path.relative_to(folder).as_posix().removesuffix(ENDING): path.read_text(encoding="utf-8").replace(JOINT, "")
        for path in sorted(folder.rglob(f"*{ENDING}"))
    }
    return Canary(files=files, expect=frozenset(expect), any_rule=not expect)


@cache
def script(name: str) -> str:
    """The text of a script of ours that a tool's own interpreter runs."""
    return (SCRIPTS / f"{name}{ENDING}").read_text(encoding="utf-8")
