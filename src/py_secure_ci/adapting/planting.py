"""Canaries as data: `canaries/NAME/` holds what is planted for a tool; and scripts that run inside of tools."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from py_secure_ci.tool import Canary

FOLDER = Path(__file__).parent / "canaries"
SCRIPTS = Path(__file__).parent / "scripts"
ENDING = ".txt"  # on top of the real name, so that nobody takes our canaries for code of ours
JOINT = "{joint}"  # goes out when it is planted: no scanner, and no runner of tests, is to find it in our own tree


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
