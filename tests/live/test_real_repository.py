"""Every tool in the registry that can be had, at once and for real, on a real repository: this one, or another.

A copy of the checkout is committed, then a defect for each tool is planted beside its code, and a line is put on top of
every module. What a tool calls new since the base has to be what was planted: its own defect, and nothing elsewhere.

`REAL_REPOSITORY` names the folder of another checkout, and `REAL_ENVIRONMENT` an interpreter that has what that needs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from by_path import load
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.model import Stage
from py_secure_ci.tool import Tool

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.exhaustive]

ROOT = Path(__file__).parents[2]
CHECKOUT = Path(os.environ.get("REAL_REPOSITORY") or ROOT)
GIT = shutil.which("git") or "git"
STALE = Path(__file__).parents[1] / "data" / "stale"  # locks that no longer fit their manifest
TRIVY = STALE.parents[1] / "tools" / "trivy" / "database.py"
# Of our own tests one folder: the rest needs an hour. Of our examples none: they hold defects of their own.
LEFT_OUT = () if "REAL_REPOSITORY" in os.environ else ("tests/", "examples/", ".py-secure-ci.yml")
KEPT = () if "REAL_REPOSITORY" in os.environ else ("tests/unit/parts/",)
# Fake, and put together here so that no scanner takes this file for one that holds secrets.
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
KNOT = "def knot(one):\n" + "".join(f"    if one == {n}:\n        return {n}\n" for n in range(12))
HOOK = "repos:\n- repo: local\n  hooks:\n  - {id: no-planted-word, name: planted word, language: pygrep, entry: planted hook, files: py$}\n"
FORM = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    step:\n    - run: echo\n"
INJECTED = (
    "on: pull_request_target\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
    "    - run: echo ${{ github.event.pull_request.title }}\n"
)
NPM = {"name": "web", "lockfileVersion": 3, "packages": {"node_modules/left-pad": {"version": "1.3.0"}}}
# What is planted, and which tool has to report which rule there. syft has no findings: it has to list a package.
SEEDS: dict[str, tuple[str, dict[str, str]]] = {
    "seeds/imports.py": (
        "import sched\nimport colorsys\n",
        {"ruff": "F401", "pylint": "W0611", "flake8": "F401", "vulture": "unused-import", "isort": "unsorted"},
    ),
    "seeds/knot.py": (KNOT, {"radon": "complexity"}),
    "seeds/layout.py": ("x = {  'a':1 }\n", {"ruff-format": "unformatted", "black": "unformatted"}),
    "src/planted_types.py": (  # where projects have their checkers look
        "def total() -> int:\n    return 'three'\n",
        {
            "mypy": "return-value",
            "pyright": "reportReturnType",
            "ty": "invalid-explicit-return",
            "pyrefly": "bad-return",
        },
    ),
    "seeds/hook.py": ("WORD = 'planted hook'\n", {"pre-commit": "no-planted-word"}),
    "seeds/run.py": ("import sys\n\nexec(sys.argv[1])\n", {"bandit": "B102", "dlint": "DUO105"}),
    "seeds/query.py": (
        "def find(connection, name):\n    return connection.execute(f\"SELECT a FROM t WHERE name = '{name}'\")\n",
        {"semgrep": "sql-built-by-hand"},
    ),
    "seeds/token.py": (
        f"TOKEN = '{TOKEN}'\n",
        {"detect-secrets": "github-token", "gitleaks": "github-pat", "kingfisher": "betterleaks.github-pat"},
    ),
    "seeds/missing.py": ("import boltons_of_nowhere\n", {"deptry": "DEP001"}),
    "tests/test_planted_function.py": ("def test_planted():\n    assert 1 + 1 == 3\n", {"pytest": "test-failed"}),
    "tests/test_planted_class.py": (
        "import unittest\n\n\nclass Planted(unittest.TestCase):\n    def test_sum(self):\n        self.assertEqual(1 + 1, 3)\n",
        {"unittest": "test-failed"},
    ),
    "docs/planted.txt": (">>> 1 + 1\n3\n", {"doctest": "test-failed"}),
    "benchmarks/bench_planted.py": (
        "def test_sum(benchmark):\n    assert benchmark(sum, [1, 2]) == 4\n",
        {"pytest-benchmark": "test-failed"},
    ),
    "seeds/web/manage.py": ("import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'planted_settings')\n", {}),
    "seeds/web/planted_settings.py": (
        "import os\n\nDEBUG = True\nSECRET_KEY = os.urandom(64).hex()\n",
        {"django-check": "security.W018"},
    ),
    "seeds/old/requirements.txt": (
        "urllib3==1.22\nfeedparser==5.1.2\n",
        {
            "pip-audit": "CVE-2019-11324",
            "uv-audit": "CVE-2019-11324",
            "osv-scanner": "CVE-2019-11324",
            "trivy": "CVE-2018-20060",
            "safety": "CVE-2019-11324",
            "licences": "licence-denied",
        },
    ),
    **{f"seeds/stale/{path.name}": (path.read_text(encoding="utf-8"), {}) for path in sorted(STALE.glob("*.lock"))},
    "seeds/stale/pyproject.toml": (
        (STALE / "pyproject.toml").read_text(encoding="utf-8"),
        dict.fromkeys(("uv-lock", "poetry-lock", "pdm-lock"), "stale-lock"),
    ),
    "seeds/invalid/pyproject.toml": ('[project]\nversion = "1"\n', {"validate-pyproject": "invalid"}),
    ".github/workflows/planted-form.yml": (
        FORM,
        {"actionlint": "syntax-check", "check-jsonschema": "github-workflow", "hygiene": "ci-permissions"},
    ),
    ".github/workflows/planted-title.yml": (INJECTED, {"zizmor": "template-injection"}),
    "seeds/web/package-lock.json": (json.dumps(NPM), {"syft": "left-pad"}),
}
DEFECTS = {tool: (path, rule) for path, (_, rules) in SEEDS.items() for tool, rule in rules.items()}
OWN = ("pytest", "pytest-benchmark", "django", "hypothesis")  # what runs in the project's environment


def installable(tool: Tool) -> bool:
    keys = all(os.environ.get(variable) for variable in tool.variables)
    return keys and (tool.source != "path" or shutil.which(tool.program or tool.name) is not None)


HERE = [tool for tool in TOOLS if installable(tool)]


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false"]
    return subprocess.run([GIT, *who, *words], cwd=root, check=True, capture_output=True, text=True).stdout


def copy(root: Path) -> None:
    """The files that the checkout's git knows, as the first commit of a repository of its own."""
    for name in git(CHECKOUT, "ls-files", "-z").split("\0"):
        wanted = not name.startswith(LEFT_OUT) or name.startswith(KEPT) if LEFT_OUT else True
        if name and wanted and (CHECKOUT / name).is_file() and not (CHECKOUT / name).is_symlink():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(CHECKOUT / name, root / name)
    (root / ".pre-commit-config.yaml").write_text(HOOK, encoding="utf-8")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A", "-f")
    git(root, "commit", "-q", "-m", "as it is")


def plant(root: Path) -> None:
    """The second commit. A line on top moves all that was there before: none of it is new."""
    for path in sorted(root.glob("src/**/*.py")):
        if not path.read_bytes().startswith((b"#!", b"# -*-", b"\xef\xbb\xbf")):
            path.write_bytes(b"# One more line.\n" + path.read_bytes())
    for name, (text, _) in SEEDS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    git(root, "add", "-A", "-f")
    git(root, "commit", "-q", "-m", "planted")


def environment(place: Path, root: Path) -> Path:
    """An interpreter that can run the repository's tests."""
    if given := os.environ.get("REAL_ENVIRONMENT"):
        return Path(given)
    file = root / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}) if file.is_file() else {}
    for words in (
        ("venv", "-q", str(place)),
        ("pip", "install", "-q", "--python", str(place / "bin" / "python"), *OWN, *project.get("dependencies", ())),
    ):
        subprocess.run([find_uv_bin(), *words], check=True, timeout=300)
    return place / "bin" / "python"


def settings(python: Path, folder: Path) -> dict[str, Any]:
    """Every tool that is here."""
    stages: dict[str, Any] = {
        stage.value: {"tools": [tool.name for tool in HERE if tool.stage is stage]} for stage in Stage
    }
    stages["test"] |= {"coverage": 0}
    stages["sca"] |= {
        "advisories": {"source": "snapshot", "on_stale": "warn", "max_age_days": 10000},
        "licences": {"deny": ["GPL-3.0-only"], "packages": {"feedparser": "GPL-3.0-only"}, "unknown": "pass"},
    }
    tools = (
        {"trivy": {"settings": {"cache": str(load(TRIVY).write(folder / "trivy"))}}} if shutil.which("trivy") else {}
    )
    return {"version": 1, "stages": stages, "tools": tools, "environment": {"python": str(python)}}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of one run over what was planted, against the commit before."""
    folder = tmp_path_factory.mktemp("real")
    root = folder / "repository"
    root.mkdir()
    copy(root)
    plant(root)
    yaml = folder / "all.yml"
    yaml.write_text(json.dumps(settings(environment(folder / "environment", root), folder)), encoding="utf-8")
    words = ["run", str(root), "--config", str(yaml), "--output-dir", str(folder / "report"), "--base", "HEAD~1"]
    done = subprocess.run(
        [sys.executable, "-m", "py_secure_ci", *words, "--offline", "--timings"],
        capture_output=True,
        text=True,
        check=False,
        timeout=3000,
    )
    assert done.returncode in (1, 3), done.stdout + done.stderr
    if keep := os.environ.get("REAL_REPORT"):
        shutil.copytree(folder / "report", keep, dirs_exist_ok=True)
    return dict(json.loads((folder / "report" / "report.json").read_text(encoding="utf-8")))


def outcome_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(one) for one in document["report"]["outcomes"] if one["tool"]["name"] == name)


def test_every_tool_has_a_defect_to_find() -> None:
    assert {tool.name for tool in TOOLS} == set(DEFECTS)


@pytest.mark.parametrize("tool", HERE, ids=lambda tool: tool.name)
def test_each_finds_its_planted_defect(tool: Tool, document: dict[str, Any]) -> None:
    outcome = outcome_of(document, tool.name)
    assert outcome["kind"] == "completed", outcome
    path, rule = DEFECTS[tool.name]
    if tool.stage is Stage.SBOM:
        assert rule in {one["name"] for one in document["report"]["components"] if path in one["paths"]}
    else:
        found = {(one["location"]["path"], one["rule"]) for one in outcome["findings"] if one.get("location")}
        assert (path, rule) in found
    assert [gap for gap in outcome.get("gaps", ()) if gap["subject"].split(":")[0] == path] == []


@pytest.mark.parametrize("tool", HERE, ids=lambda tool: tool.name)
def test_nothing_else_is_new(tool: Tool, document: dict[str, Any]) -> None:
    if tool.stage is Stage.TEST and CHECKOUT != ROOT:
        pytest.skip("tests are not run at the base: whatever fails there is new")
    assert document["report"]["context"]["base_source"] not in ("", "none")
    new = [
        (one["location"]["path"], one["rule"], one.get("message"))
        for one in document["verdict"]["findings"]
        if one["tool"] == tool.name and one["state"] == "new" and one.get("location")
    ]
    assert [one for one in new if one[0] not in SEEDS] == []


def test_the_token_is_in_no_output(document: dict[str, Any]) -> None:
    assert TOKEN not in json.dumps(document)
