"""`run --fix` with the real fixers: what it settles, what it leaves alone, and what it says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci import cli

pytestmark = [pytest.mark.network]

SECRET = "AKIA" + "Z3MJ5TQ7RX2WBLPK"
UGLY = "import sys\nimport os\nimport json\n\n\ndef pay( total ):\n    if total == None:\n        return  sys.argv\n    return os.name\n"
YAML = {
    "stages": {
        **dict.fromkeys(("type", "test", "sast", "secrets", "sca", "sbom"), False),
        "lint": {"tools": ["ruff"]},
        "format": {"tools": ["black", "isort"]},
        "ci": {"tools": ["zizmor"]},
    }
}
WORKFLOW = "on: push\npermissions: {}\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: echo ${{ github.head_ref }}\n"


def fix(project: Any, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = cli.main(["run", str(project.root), "--output-dir", str(project.output), "--fix", *words])
    return status, capsys.readouterr().out


def found(project: Any) -> list[dict[str, Any]]:
    report = json.loads((project.output / "report.json").read_text("utf-8"))
    return [one for outcome in report["report"]["outcomes"] for one in outcome.get("findings", [])]


def contents(project: Any) -> dict[str, bytes]:
    return {
        path.relative_to(project.root).as_posix(): path.read_bytes()
        for path in project.root.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def test_it_settles_as_many_findings_as_was_said(repository: Callable[..., Any], capsys: Any) -> None:
    project = repository({"app/pay.py": UGLY, ".github/workflows/ci.yml": WORKFLOW, ".github/dependabot.yml": "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n    schedule:\n      interval: weekly\n"}, YAML)  # fmt: skip
    cli.main(["run", str(project.root), "--output-dir", str(project.output)])
    first, said = found(project), capsys.readouterr().out
    settled = [one for one in first if one.get("fixable")]
    assert {one["tool"] for one in settled} == {"ruff", "black", "isort", "zizmor"}
    assert 0 < len(settled) < len(first)
    assert f"would settle {len(settled)} of {len(first)} findings" in said
    assert f"--fix</code> would settle {len(settled)} of {len(first)} findings." in (
        project.output / "summary.md"
    ).read_text("utf-8")
    _status, said = fix(project, capsys=capsys)
    assert "── app/pay.py (fixed by ruff, isort, black)" in said
    assert "  -def pay( total ):\n" in said
    assert "  +def pay(total):\n" in said
    assert len(found(project)) == len(first) - len(settled)
    assert not [one for one in found(project) if one.get("fixable")]
    before = contents(project)
    assert "0 files fixed, 0 left alone." in fix(project, capsys=capsys)[1]
    assert contents(project) == before


def test_the_fixes_in_sarif_are_the_fixers_own(repository: Callable[..., Any], capsys: Any) -> None:
    for name in ("black", "isort", "ruff-format"):
        only = {**YAML["stages"], "lint": False, "ci": False, "format": {"tools": [name]}, "secrets": {}}
        project = repository({"app/pay.py": UGLY}, {"stages": only})
        cli.main(["run", str(project.root), "--output-dir", str(project.output)])
        sarif = json.loads((project.output / "py-secure-ci.sarif").read_text("utf-8"))
        [result] = next(run["results"] for run in sarif["runs"] if run["tool"]["driver"]["name"] == name)
        [change] = result["fixes"][0]["artifactChanges"]
        assert change["artifactLocation"]["uri"] == "app/pay.py"
        lines = UGLY.splitlines(keepends=True)
        for one in reversed(change["replacements"]):
            at = one["deletedRegion"]
            start = sum(map(len, lines[: at["startLine"] - 1])) + at["startColumn"] - 1
            end = sum(map(len, lines[: at["endLine"] - 1])) + at["endColumn"] - 1
            text = "".join(lines)
            lines = (text[:start] + one["insertedContent"]["text"] + text[end:]).splitlines(keepends=True)
        fix(project, capsys=capsys)
        assert "".join(lines) == (project.root / "app/pay.py").read_text("utf-8"), name
        shutil.rmtree(project.root)


def test_only_what_is_committed_is_touched(repository: Callable[..., Any], capsys: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(UGLY)
    names = ("clean.py", "edited.py", "staged.py", "left_out/far.py", "hidden.py", "modes.py")
    project = repository(dict.fromkeys(names, UGLY), {**YAML, "exclude": ["left_out/**"]})
    project.write(
        {"edited.py": UGLY + "# mine\n", "staged.py": UGLY + "# mine\n", "new.py": UGLY, "hidden.py": UGLY + "#\n"}
    )
    project.git("add", "staged.py")
    project.git("update-index", "--assume-unchanged", "hidden.py")
    (project.root / "link.py").symlink_to(outside)
    (project.root / "modes.py").chmod(0o750)
    before = contents(project)
    _status, said = fix(project, capsys=capsys)
    assert "2 files fixed, 4 left alone." in said
    assert said.count("commit it, or say --allow-dirty") == 4
    after = contents(project)
    assert {name for name in before if before[name] != after[name]} == {"clean.py", "modes.py"}
    assert before.keys() == after.keys()
    assert (project.root / "modes.py").stat().st_mode & 0o777 == 0o750
    assert (project.root / "link.py").is_symlink()
    assert "4 files fixed, 0 left alone." in fix(project, "--allow-dirty", capsys=capsys)[1]
    final = contents(project)
    assert {name for name in after if after[name] != final[name]} == {"edited.py", "staged.py", "new.py", "hidden.py"}
    assert outside.read_text() == UGLY


def test_without_a_repository_nothing_is_committed(repository: Callable[..., Any], capsys: Any) -> None:
    project = repository({"a.py": UGLY}, YAML, git=False)
    assert "0 files fixed, 1 left alone." in fix(project, capsys=capsys)[1]
    assert (project.root / "a.py").read_text() == UGLY


@pytest.mark.parametrize(
    "more",
    [
        {"ruff.toml": 'unsafe-fixes = true\nfix = true\n[lint]\nselect = ["E7", "F"]\nextend-safe-fixes = ["E711"]\n'},
        {"app/ruff.toml": '[lint]\nselect = ["E7", "F"]\nextend-safe-fixes = ["E7"]\n', "ruff.toml": ""},
        {
            "ruff.toml": 'extend = "conf/base.toml"\n',
            "conf/base.toml": '[lint]\nselect = ["E7"]\nextend-safe-fixes = ["ALL"]\n',
        },
        {"ruff.toml": '[lint]\nselect = ["E7"]\nfixable = ["E711"]\nextend-safe-fixes = ["E7"]\n'},
        {
            "pyproject.toml": '[tool.ruff]\nunsafe-fixes = true\n[tool.ruff.lint]\nselect = ["ALL"]\n"extend-safe\\u002dfixes" = ["ALL"]\n'
        },
    ],
)
def test_the_project_cannot_make_unsafe_fixes_safe(
    repository: Callable[..., Any], capsys: Any, more: dict[str, str]
) -> None:
    """ruff rates the fix of `== None` (E711) as unsafe: an `__eq__` of the project's own may see the difference."""
    only = {**YAML["stages"], "format": False, "ci": False}
    project = repository({"app/pay.py": UGLY, **more}, {"stages": only})
    fix(project, "--allow-dirty", capsys=capsys)
    assert "total == None" in (project.root / "app/pay.py").read_text()
    assert (
        not [one for one in found(project) if one["rule"] == "E711" and one.get("fixable")] or "app/ruff.toml" in more
    )


def test_arguments_of_the_yaml_cannot_either(repository: Callable[..., Any], capsys: Any) -> None:
    only = {**YAML["stages"], "format": False, "ci": False}
    project = repository(
        {"a.py": UGLY}, {"stages": only, "tools": {"ruff": {"args": ["--unsafe-fixes", "--select=E7,F"]}}}
    )
    assert "ruff: its fixes were not taken: tools.ruff.args has '--unsafe-fixes'" in fix(project, capsys=capsys)[1]
    assert (project.root / "a.py").read_text() == UGLY


def test_isort_only_sorts(repository: Callable[..., Any], capsys: Any) -> None:
    only = {**YAML["stages"], "lint": False, "ci": False, "format": {"tools": ["isort"]}}
    project = repository({"a.py": UGLY, ".isort.cfg": "[settings]\nadd_imports = antigravity\n"}, {"stages": only})
    assert "add_imports in isort's settings changes more than the order" in fix(project, capsys=capsys)[1]
    assert (project.root / "a.py").read_text() == UGLY


def test_a_file_with_a_secret_is_fixed_but_not_shown(repository: Callable[..., Any], capsys: Any) -> None:
    project = repository({"key.py": f"KEY = '{SECRET}'\nx  = 1\n", "plain.py": "x  = 1\n"}, YAML)
    _status, said = fix(project, capsys=capsys)
    assert (project.root / "key.py").read_text() == f'KEY = "{SECRET}"\nx = 1\n'
    assert "not shown: a secret stands in it" in said
    assert "  +x = 1" in said
    assert SECRET not in said + "".join(path.read_text("utf-8", "replace") for path in project.output.iterdir())


def test_what_cannot_be_parsed_is_left_as_it_is(repository: Callable[..., Any], capsys: Any) -> None:
    project = repository({"a.py": UGLY, "broken.py": "import sys\nimport os\ndef  f( :\n"}, YAML)
    status, said = fix(project, capsys=capsys)
    assert "1 file fixed, 0 left alone." in said
    assert (project.root / "broken.py").read_text() == "import sys\nimport os\ndef  f( :\n"
    assert status == 3


def test_allow_dirty_alone_is_an_error(repository: Callable[..., Any], capsys: Any) -> None:
    project = repository({"a.py": UGLY}, YAML)
    assert cli.main(["run", str(project.root), "--allow-dirty"]) == 2
    assert "--allow-dirty says nothing without --fix" in capsys.readouterr().err
