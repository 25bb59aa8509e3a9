"""The page in a real browser: no request, no error, no axe violation, quick at ten thousand findings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = Path(os.environ.get("NODE_MODULES", ROOT / "node_modules"))
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 10_000])
def test_the_page_in_chromium(count: int, tmp_path: Path) -> None:
    if not Path(CHROMIUM).exists() or not shutil.which("node"):
        pytest.skip("missing: chromium or node")
    if not (MODULES / "playwright-core").is_dir() or not (MODULES / "axe-core").is_dir():
        pytest.skip("missing: playwright-core and axe-core (npm install; NODE_MODULES names the folder)")
    report, page = tmp_path / "report.json", tmp_path / "report.html"
    subprocess.run([sys.executable, ROOT / "scripts" / "sample_report.py", str(count), report], check=True)
    render = [sys.executable, "-m", "py_secure_ci", "render", str(report), "--format", "html", "-o", str(page)]
    subprocess.run(render, check=True)
    variables = {**os.environ, "NODE_MODULES": str(MODULES), "CHROMIUM": CHROMIUM}
    script = ["node", str(ROOT / "scripts" / "measure_report.mjs"), str(page)]
    ended = subprocess.run(script, env=variables, capture_output=True, text=True, timeout=300, check=False)
    told = json.loads(ended.stdout)
    assert (told["requests"], told["errors"], told["violations"]) == ([], [], [])
    assert told["title"] == "INCOMPLETE: sample"  # hostile texts try to change it
    assert told["overflow"] == {"light": 0, "dark": 0, "phone": 0}
    assert ended.returncode == 0, told
