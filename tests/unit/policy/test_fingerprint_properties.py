"""Real ruff and bandit over generated modules that are then moved about: 0 new, 0 fixed; one defect: exactly 1."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from py_secure_ci.judging.baseline import of_report
from py_secure_ci.judging.comparison import Comparison, compare
from py_secure_ci.judging.dedupe import merged
from py_secure_ci.judging.fingerprints import with_fingerprints
from py_secure_ci.model import Finding, Stage, State
from py_secure_ci.report import Completed, Context, Report, ToolInfo

DEFECTS = [
    "assert {a}, 'no'",
    "subprocess.call('ls ' + {a}, shell=True)",
    "result = eval({a})",
    "for x, y in [({a}, 1), ({a}, 2)]: exec(x)",
    "token = dict(password='not-a-real-one', other={a})",
    "data = pickle.loads(marshal.dumps([{a}, [eval({a}), eval({a})]]))",
    "if {a} == None: hashlib.md5({a})",
    "try:\n        print({a})\n    except Exception:\n        pass",
    "query = 'SELECT * FROM t WHERE a = ' + {a} + ' AND b = \"x\"'",
    "subprocess.run(['a-rather-long-program-name', '--with-option', {a}], cwd='/tmp/some', check=True, shell=True)",
]
HEAD = "import hashlib\nimport marshal\nimport os\nimport pickle\nimport subprocess\n\n\n"


def function(number: int, chance: random.Random) -> str:
    lines = [
        chance.choice(DEFECTS).replace("{a}", chance.choice(["a", "b", "os.name"])) for _ in range(chance.randint(1, 5))
    ]
    return f"def f{number}(a, b):\n    " + "\n    ".join(lines) + "\n\n\n"


def project(root: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    for number in range(3):
        text = HEAD + "".join(function(index, chance) for index in range(5))
        (root / f"module{number}.py").write_text(text, encoding="utf-8")


def each(root: Path, change: Callable[[str], str]) -> dict[str, str]:
    for file in root.glob("*.py"):
        file.write_bytes(change(file.read_text(encoding="utf-8")).encode())
    return {}


def reorder(text: str) -> str:
    head, *functions = text.split("def f")
    return head + "".join("def f" + one for one in reversed(functions))


def rename(root: Path) -> dict[str, str]:
    (root / "module1.py").rename(root / "moved.py")
    return {"moved.py": "module1.py"}


Change = Callable[[Path, str], dict[str, str]]


def formatted(*options: str) -> Change:
    def change(root: Path, ruff: str) -> dict[str, str]:
        subprocess.run([ruff, "format", "-q", "--isolated", *options, "."], cwd=root, check=True)
        return {}

    return change


CHANGES: dict[str, Change] = {
    "50 lines": lambda root, _: each(root, lambda text: "# a comment\n" * 50 + text),
    "format": formatted(),
    "format narrow": formatted("--line-length=40"),
    "format single quotes": formatted("--config", "format.quote-style='single'"),
    "reorder": lambda root, _: each(root, reorder),
    "rename": lambda root, _: rename(root),
    "crlf": lambda root, _: each(root, lambda text: text.replace("\n", "\r\n")),
    "reindent": lambda root, _: each(root, lambda text: text.replace("    ", "  ")),
}


def scan(root: Path, renames: dict[str, str], *scanners: Callable[[Path], tuple[Finding, ...]]) -> Report:
    def source(path: str) -> str:
        return (root / path).read_bytes().decode()

    outcomes = []
    for scanner in scanners:
        findings = with_fingerprints(scanner(root), source)
        outcomes.append(
            Completed(tool=ToolInfo(name=findings[0].tool, stage=Stage.SAST, version="1"), findings=findings)
        )
    return Report(version="1", context=Context(project="p"), outcomes=tuple(outcomes), renames=renames)


def difference(before: Report, after: Report) -> tuple[int, int, Comparison]:
    groups = merged(after.findings)
    compared = compare(groups, of_report(before), after)
    return compared.states.count(State.NEW), len(compared.fixed), compared


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_moving_code_about_makes_nothing_new_and_fixes_nothing(
    tmp_path: Path,
    seed: int,
    ruff: str,
    scan_ruff: Callable[..., tuple[Finding, ...]],
    scan_bandit: Callable[..., tuple[Finding, ...]],
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    project(start, seed)
    before = scan(start, {}, scan_ruff, scan_bandit)
    assert len(before.findings) > 40
    for name, change in CHANGES.items():
        copy = tmp_path / name
        copy.mkdir()
        project(copy, seed)
        renames = change(copy, ruff)
        after = scan(copy, renames, scan_ruff, scan_bandit)
        new, fixed, _ = difference(before, after)
        lost = len(merged(before.findings)) - len(merged(after.findings))  # what the change really mends (E701 …)
        assert (name, new, fixed) == (name, 0, max(lost, 0))
        if not name.startswith("format"):
            assert lost == 0


@pytest.mark.parametrize("seed", [3, pytest.param(4, marks=pytest.mark.slow)])
def test_one_defect_more_is_one_new_and_one_less_is_one_fixed(
    tmp_path: Path, seed: int, scan_bandit: Callable[..., tuple[Finding, ...]]
) -> None:
    project(tmp_path, seed)
    before = scan(tmp_path, {}, scan_bandit)
    file = tmp_path / "module1.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("def f2(a, b):\n", "def f2(a, b):\n    result = eval(a)\n"), encoding="utf-8")
    after = scan(tmp_path, {}, scan_bandit)
    assert difference(before, after)[:2] == (1, 0)
    assert difference(after, before)[:2] == (0, 1)
