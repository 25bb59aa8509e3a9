"""The whole product on the example shop, whose code is moved about by chance: 0 new, 0 fixed; one defect: exactly 1."""

from __future__ import annotations

import ast
import io
import json
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from py_secure_ci import cli

pytestmark = [pytest.mark.network, pytest.mark.slow]

SHOP = Path(__file__).parents[2] / "examples" / "shop"
GIT = shutil.which("git") or "git"
FILES = sorted(str(path.relative_to(SHOP).as_posix()) for path in SHOP.rglob("*.py") if path.read_text(encoding="utf-8").strip())  # fmt: skip
# Files whose names nothing depends on: tests and packages have rules of their own.
MOVABLE = [name for name in FILES if name.startswith("shop/") and not name.endswith("__init__.py")]
SEED = "\n\ndef seeded(word: str) -> object:\n    return eval(word)\n"
# What every file of the shop has on top of its own: the same defects more than once, in code of several lines.
DEBT = """

def stored(word: str, other: str) -> bytes:
    assert word, "no word"
    unused = subprocess.run(
        ["ls", word, other],
        check=False,
    )
    try:
        subprocess.call("ls " + word, shell=True)
        subprocess.call("ls " + other, shell=True)
    except:
        pass
    return hashlib.md5(word.encode()).digest()


def fetched(word: str) -> bool:
    assert word
    if word == None:
        return bool(tempfile.mktemp())
    return pickle.loads(word.encode()) == hashlib.md5(word.encode()).digest()
"""
Change = Callable[[str, int], str]


def inserted(text: str, number: int) -> str:
    """Fifty lines above everything, or after the first statement."""
    lines = text.splitlines(keepends=True)
    at = ast.parse(text).body[0].end_lineno or 0 if number % 2 else 0
    return "".join([*lines[:at], *["# a line more\n"] * 50, *lines[at:]])


def reindented(text: str, number: int) -> str:
    """Another width for every block; the insides of strings and brackets stay as they are."""
    width = (1, 2, 3, 8)[number % 4]
    starts, fresh, depth = {}, True, 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        depth += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
        if token.type in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
            continue
        if fresh:
            starts[token.start[0]] = depth
        fresh = token.type == tokenize.NEWLINE
    lines = text.splitlines(keepends=True)
    return "".join(
        " " * width * starts[row] + line.lstrip(" ") if row in starts else line for row, line in enumerate(lines, 1)
    )


def formatted(text: str, number: int) -> str:
    """As `ruff format` has it, narrow or wide."""
    length = (60, 88, 120)[number % 3]
    argv = [sys.executable, "-m", "ruff", "format", "-q", "--isolated", f"--line-length={length}", "-"]
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=True).stdout


def reordered(text: str, number: int) -> str:
    """The functions of the module, turned round by so many places; what stands above one goes with it."""
    body, lines = ast.parse(text).body, text.splitlines(keepends=True)
    ends = [0, *(node.end_lineno or 0 for node in body)]
    pieces = ["".join(lines[start:end]) for start, end in pairwise(ends)]
    slots = [index for index, node in enumerate(body) if isinstance(node, ast.FunctionDef)]
    turned = [pieces[slots[(place + number) % len(slots)]] for place in range(len(slots))]
    for slot, piece in zip(slots, turned, strict=True):
        pieces[slot] = piece
    return "".join([*pieces, *lines[ends[-1] :]])


CHANGES: dict[str, Change] = {
    "insert": inserted,
    "re-indent": reindented,
    "format": formatted,
    "reorder": reordered,
}


@dataclass(frozen=True)
class Plan:
    """What happens: changes of files in order, files that are renamed, files with other line ends, where a defect is."""

    changes: dict[str, list[tuple[str, int]]]
    renamed: frozenset[str]
    crlf: frozenset[str]
    seeded: str


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A file is either renamed or rewritten: of a file that is both, git may not know where it came from."""
    renamed = draw(st.frozensets(st.sampled_from(MOVABLE), max_size=2))
    steps = st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 11)), min_size=1, max_size=4)
    rest = [name for name in FILES if name not in renamed]
    changes = draw(st.dictionaries(st.sampled_from(rest), steps, min_size=1))
    crlf = draw(st.frozensets(st.sampled_from(FILES)))
    return Plan(changes, renamed, crlf, draw(st.sampled_from([name for name in MOVABLE if name not in renamed])))


class Shop:
    """A copy of the shop in a repository of its own."""

    def __init__(self, folder: Path) -> None:
        self.root, self.output = folder / "shop", folder / "out"
        shutil.copytree(SHOP, self.root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        for name in MOVABLE:
            with (self.root / name).open("a", encoding="utf-8", newline="") as file:
                file.write(DEBT)
        self._git("init", "-q", "-b", "main")

    def _git(self, *words: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false"]
        return subprocess.run([GIT, *who, *words], cwd=self.root, check=True, capture_output=True, text=True).stdout

    def commit(self) -> str:
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", "change")
        return self._git("rev-parse", "HEAD").strip()

    def change(self, plan: Plan) -> None:
        for name, steps in plan.changes.items():
            text = (self.root / name).read_text(encoding="utf-8")
            for step, number in steps:
                text = CHANGES[step](text, number)
            (self.root / name).write_bytes(text.encode())
        for name in plan.crlf:
            file = self.root / name
            file.write_bytes(file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        for name in plan.renamed:
            (self.root / name).rename(self.root / name.replace(".py", "_moved.py"))

    def told(self, base: str) -> tuple[list[str], int]:
        """The rules of new findings, and how many are fixed."""
        words = ["--stage", "lint,sast", "--format", "json", "--offline", "--install=none", "--exit-zero"]
        assert cli.main(["run", str(self.root), *words, "--base", base, "--output-dir", str(self.output)]) == 0
        report: dict[str, Any] = json.loads((self.output / "report.json").read_text(encoding="utf-8"))
        assert {one["kind"] for one in report["report"]["outcomes"]} == {"completed"}
        verdict = report["verdict"]
        assert len(verdict["findings"]) > 40
        new = [f"{one['tool']}/{one['rule']}" for one in verdict["findings"] if one["state"] == "new"]
        return new, len(verdict.get("fixed", ()))


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(plan=plans())
def test_only_the_seeded_defect_is_new_and_only_it_is_fixed(plan: Plan) -> None:
    with TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        first = shop.commit()
        shop.change(plan)
        moved = shop.commit()
        assert shop.told(first) == ([], 0)
        file = shop.root / plan.seeded
        clean = file.read_bytes()
        file.write_bytes(clean + SEED.replace("\n", "\r\n" if plan.seeded in plan.crlf else "\n").encode())
        seeded = shop.commit()
        assert shop.told(first) == (["bandit/B307"], 0)
        assert shop.told(moved) == (["bandit/B307"], 0)
        file.write_bytes(clean)
        shop.commit()
        assert shop.told(seeded) == ([], 1)
        assert shop.told(first) == ([], 0)
