"""Every tool, whole and for real, on the example shop: those on by default find what its page names, and no more.

For each of the others a defect is added.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from by_path import load
from py_secure_ci import cli
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.model import Stage

pytestmark = [pytest.mark.network, pytest.mark.slow]

SHOP = Path(__file__).parents[2] / "examples" / "shop"
STALE = Path(__file__).parents[1] / "data" / "stale"  # locks that no longer fit their manifest
TRIVY = STALE.parents[1] / "tools" / "trivy" / "database.py"
# Fake, and put together here so that no scanner takes this file for one that holds secrets.
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
KNOT = "def knot(one):\n" + "".join(f"    if one == {n}:\n        return {n}\n" for n in range(12))
SEEDS = {  # what the shop lacks
    "shop/seeds.py": f"import sys\nimport os\n\nimport requests\n\nTOKEN = '{TOKEN}'\nexec(TOKEN)\n\n\n{KNOT}",
    ".github/workflows/form.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    step:\n    - run: echo\n",
    ".pre-commit-config.yaml": "repos:\n- repo: local\n  hooks:\n  - {id: no-exec, name: no exec, language: pygrep, entry: exec, files: seeds}\n",
    "example/pyproject.toml": '[project]\nversion = "1"\n',
    "docs/example.txt": ">>> 1 + 1\n3\n",
    "benchmarks/bench_sum.py": "def test_sum(benchmark):\n    assert benchmark(sum, [1, 2]) == 4\n",
    "web/manage.py": "import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'website.settings')\n",
    "web/website/__init__.py": "",
    "web/website/settings.py": "import os\n\nDEBUG = True\nSECRET_KEY = os.urandom(64).hex()\n",
    "old/requirements.txt": "urllib3==1.24.1\njinja2==2.7.1\n",
    **{f"stale/{path.name}": path.read_text(encoding="utf-8") for path in sorted(STALE.iterdir())},
}
# What the YAML and the command line say besides, for tools that need it.
ADVISORIES = "advisories: {source: snapshot, on_stale: warn, max_age_days: 10000}"
LICENCES = "licences: {deny: [GPL-3.0-only], packages: {colorama: GPL-3.0-only}, unknown: pass}"
# Tool -> a file and a rule that it has to report there.
DEFECTS = {
    "pylint": ("shop/orders.py", "W0611"),
    "flake8": ("shop/orders.py", "F401"),
    "vulture": ("shop/orders.py", "unused-import"),
    "radon": ("shop/seeds.py", "complexity"),
    "black": ("shop/cli.py", "unformatted"),
    "isort": ("shop/seeds.py", "unsorted"),
    "pyright": ("shop/payment.py", "reportReturnType"),
    "ty": ("shop/payment.py", "invalid-explicit-return"),
    "pyrefly": ("shop/payment.py", "bad-assignment"),
    "unittest": ("tests/test_pricing.py", "test-failed"),
    "doctest": ("docs/example.txt", "test-failed"),
    "pytest-benchmark": ("benchmarks/bench_sum.py", "test-failed"),
    "django-check": ("web/website/settings.py", "security.W018"),
    "semgrep": ("shop/stock.py", "sql-built-by-hand"),
    "dlint": ("shop/seeds.py", "DUO105"),
    "gitleaks": ("shop/seeds.py", "github-pat"),
    "kingfisher": ("shop/seeds.py", "betterleaks.github-pat"),
    "uv-audit": ("old/requirements.txt", "CVE-2019-11324"),
    "osv-scanner": ("old/requirements.txt", "CVE-2019-11324"),
    "trivy": ("old/requirements.txt", "CVE-2014-1402"),
    "safety": ("old/requirements.txt", "CVE-2019-11324"),
    "uv-lock": ("stale/pyproject.toml", "stale-lock"),
    "poetry-lock": ("stale/pyproject.toml", "stale-lock"),
    "pdm-lock": ("stale/pyproject.toml", "stale-lock"),
    "licences": ("requirements.txt", "licence-denied"),
    "deptry": ("shop/seeds.py", "DEP001"),
    "actionlint": (".github/workflows/form.yml", "syntax-check"),
    "check-jsonschema": (".github/workflows/form.yml", "github-workflow"),
    "pre-commit": ("shop/seeds.py", "no-exec"),
    "validate-pyproject": ("example/pyproject.toml", "invalid"),
}
OWN = ("pytest", "pytest-benchmark", "django")  # what a project has that uses its own copies
OTHERS = [tool for tool in TOOLS if not tool.default]


def installable(name: str) -> bool:
    tool = next(tool for tool in OTHERS if tool.name == name)
    keys = all(os.environ.get(variable) for variable in tool.variables)
    return keys and (tool.source != "path" or shutil.which(tool.program or name) is not None)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    shutil.copytree(SHOP, root, dirs_exist_ok=True)
    for name, text in SEEDS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of a project's own."""
    place = tmp_path_factory.mktemp("own") / "environment"
    for words in (
        ("venv", "-q", str(place)),
        ("pip", "install", "-q", "--python", str(place / "bin" / "python"), *OWN),
    ):
        subprocess.run([find_uv_bin(), *words], check=True, timeout=300)
    return place


def run(project: Path, output: Path, name: str, environment: Path | None = None) -> dict[str, Any]:
    """The outcome of one tool alone."""
    stage = next(tool.stage for tool in OTHERS if tool.name == name)
    more = f", {ADVISORIES}" if stage is Stage.SCA else ""
    more += f", {LICENCES}" if name == "licences" else ""
    lines = [f"  {one.value}: {'{tools: [' + name + ']' + more + '}' if one is stage else 'false'}\n" for one in Stage]
    if name == "trivy":
        cache = load(TRIVY).write(output.parent / "trivy")
        lines.append(f"tools: {{trivy: {{settings: {{cache: {cache}}}}}}}\n")
    head = "version: 1\nexclude: [one.yml]\n" + (f"environment: {{python: {environment}}}\n" if environment else "")
    (project / "one.yml").write_text(f"{head}stages:\n" + "".join(lines), encoding="utf-8")
    words = ["run", str(project), "--config", str(project / "one.yml"), "--output-dir", str(output), "--exit-zero"]
    words += ["--offline"] if name == "trivy" else []
    assert cli.main(words) == 0
    outcomes = json.loads((output / "report.json").read_text(encoding="utf-8"))["report"]["outcomes"]
    assert [one["tool"]["name"] for one in outcomes] == [name]
    return dict(outcomes[0])


def test_those_on_by_default_find_what_the_page_names(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    shutil.copytree(SHOP, root)
    cells = [re.findall(r"[^|`\s]+", line) for line in (SHOP / "DEFECTS.md").read_text("utf-8").splitlines()]
    named = {tuple(row) for row in cells if row and row[0] in {stage.value for stage in Stage}}
    assert {stage for stage, *_ in named} == {tool.stage.value for tool in TOOLS if tool.default} - {"sbom"}
    assert cli.main(["run", str(root), "--offline", "--output-dir", str(tmp_path / "report")]) == 1
    document = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    stages = {one["tool"]["name"]: one["tool"]["stage"] for one in document["report"]["outcomes"]}
    found = {
        (stages[one["tool"]], one["location"]["path"], str(one["location"]["line"]), f"{one['tool']}/{one['rule']}")
        for one in document["verdict"]["findings"]
        if one["fingerprint"] in document["verdict"]["blocking"]
    }
    assert found == named


def test_every_other_tool_has_a_defect_to_find() -> None:
    assert {tool.name for tool in OTHERS} == set(DEFECTS)


@pytest.mark.parametrize("name", DEFECTS)
def test_each_finds_its_defect_and_leaves_nothing_out(
    name: str, project: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if not installable(name):
        pytest.skip(f"{name} comes from PATH, and is not there")
    own = any(tool.name == name and tool.source == "project" for tool in OTHERS)
    environment = request.getfixturevalue("environment") if own else None
    outcome = run(project, tmp_path / "report", name, environment)
    assert "findings" in outcome, outcome
    path, rule = DEFECTS[name]
    found = {(one["location"]["path"], one["rule"]) for one in outcome["findings"] if one.get("location")}
    assert (path, rule) in found
    assert not outcome.get("gaps")
    assert outcome["looked_at"] > 0
    if outcome["tool"]["stage"] == "secrets":
        assert TOKEN not in (tmp_path / "report" / "report.json").read_text(encoding="utf-8")
