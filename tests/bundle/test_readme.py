"""What the README tells people to copy, run as it stands there."""

from __future__ import annotations

import functools
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

README = (Path(__file__).parent.parent.parent / "README.md").read_text()
WORKFLOW, INCLUDE = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
RAW = "https://raw.githubusercontent.com/org/py-secure-ci/v1"
SEEDED = [  # one for each line of examples/shop/DEFECTS.md
    "bandit/B608",
    "detect-secrets/secret-keyword",
    "mypy/dict-item",
    "pip-audit/CVE-2026-7246",
    "pytest/test-failed",
    "ruff-format/unformatted",
    "ruff/F401",
    "zizmor/template-injection",
]


def found(report: Path) -> list[str]:
    """`tool/rule` of each finding that blocks."""
    verdict = json.loads(report.read_text())["verdict"]
    blocking = set(verdict["blocking"])
    return sorted(f"{one['tool']}/{one['rule']}" for one in verdict["findings"] if one["fingerprint"] in blocking)


@pytest.fixture
def server(published: Path) -> Iterator[str]:
    """The published repository's files on a loopback address."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(published))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()
        thread.join()


def test_the_workflow(act: Any, shop: Path) -> None:
    run = act.run(shop, WORKFLOW, PY_SECURE_CI_PYTHON=sys.executable)
    assert run.status == 1
    (artifact,) = (run.kept / "artifacts").iterdir()
    assert found(artifact / "report.json") == SEEDED


def test_the_include(
    shop: Path, server: str, published: Path, client: Callable[[str], str], tools_cache: str, kit: Any, tmp_path: Path
) -> None:
    assert RAW in INCLUDE
    client("rsync")
    (shop / ".gitlab-ci.yml").write_text(INCLUDE.replace(RAW, server))
    (shop / ".gitignore").write_text(".gitlab-ci-local/\npy-secure-ci-report/\n")
    kit.git(shop, "remote", "set-url", "origin", "git@gitlab.example.com:grp/proj.git")
    kit.commit_all(shop)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[url "{published}"]\n\tinsteadOf = https://github.com/org/py-secure-ci.git\n[safe]\n\tdirectory = *\n'
    )
    argv = [client("node"), client("gitlab-ci-local"), "--force-shell-executor", "--concurrency", "1"]
    for name, value in {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(shop), "PY_SECURE_CI_CACHE": tools_cache}.items():
        argv += ["--variable", f"{name}={value}"]
    done = kit.execute(argv, cwd=shop, env={"HOME": str(home), "PY_SECURE_CI_PYTHON": sys.executable})
    assert done.status == 1, done.output + done.errors
    assert (shop / "py-secure-ci-report" / "report.json").is_file(), done.output + done.errors
    assert found(shop / "py-secure-ci-report" / "report.json") == SEEDED
