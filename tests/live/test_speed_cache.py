"""The real tools over a small project: with kept results the report has the very bytes that it has without."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from py_secure_ci.advisories.snapshot import load
from py_secure_ci.cli import main
from py_secure_ci.toolchain.places import cache_folder

FILES = {
    ".py-secure-ci.yml": "version: 1\nenvironment: {install: none}\nstages: {test: false, sca: false, sbom: false}\n",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[tool.ruff.lint]\nselect = ["E", "F", "I"]\n',
    "shop/__init__.py": "",
    "shop/price.py": "import sys, os\n\n\ndef double(number: int) -> int:\n    return number * 2\n",
    "shop/run.py": (
        "import subprocess\n\nfrom shop.price import double\n\n"
        'assert double(2) == 4\nsubprocess.call("ls", shell=True)  # nosec B602\nsubprocess.call("id", shell=True)\n'
    ),
    "shop/settings.txt": "password = 'correct-horse-" + "battery-staple'\n",
    ".github/workflows/ci.yml": (
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
    ),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name).write_text(text)
    theirs = cache_folder(os.environ) / "tools"
    cache = tmp_path / "cache"
    cache.mkdir()
    if theirs.is_dir():
        (cache / "tools").symlink_to(theirs)  # what is installed already need not be installed again
    monkeypatch.setenv("PY_SECURE_CI_CACHE", str(cache))
    return tmp_path / "shop"


def run(project: Path, name: str, *words: str) -> tuple[bytes, set[str]]:
    """The report's bytes, and the tools for which a process was started."""
    out = project.parent / name
    shutil.rmtree(out, ignore_errors=True)
    assert main(["run", str(project), "--offline", "--output-dir", str(out), *words]) in (0, 1, 3)
    costs = json.loads((out / "timings.json").read_text())
    started = [one["tool"] for one in costs["processes"]]
    assert started.count("mypy") in (0, 2)  # more: it had failed with its own cache, and was run again without
    return (out / "report.json").read_bytes(), set(started)


def same(project: Path) -> set[str]:
    """Which tools ran, after making sure that the bytes are those of a run without any cache."""
    kept, started = run(project, "kept")
    fresh, _ = run(project, "fresh", "--no-cache")
    assert kept == fresh
    assert b'"kind":"failed"' not in fresh
    return started


@pytest.mark.slow
@pytest.mark.network
def test_the_same_bytes_whatever_is_kept(project: Path) -> None:
    everything = same(project)
    assert everything >= {"ruff", "ruff-format", "mypy", "bandit", "detect-secrets", "zizmor"}
    assert same(project) == set()
    price, run_file = project / "shop/price.py", project / "shop/run.py"
    price.write_text(price.read_text().replace("int:", "str:"))  # same length: mypy goes by size and second
    assert same(project) == {"ruff", "ruff-format", "mypy", "bandit", "detect-secrets"}
    run_file.rename(project / "shop/start.py")
    assert same(project) == {"ruff", "ruff-format", "mypy", "bandit", "detect-secrets"}
    (project / "shop/settings.txt").unlink()
    assert same(project) == set()
    (project / "pyproject.toml").write_text(FILES["pyproject.toml"].replace('"I"', '"D"'))
    assert same(project) >= {"ruff", "ruff-format", "mypy", "detect-secrets"}
    for name, text in FILES.items():
        (project / name).write_text(text)
    (project / "shop/start.py").unlink()
    assert same(project) == set()  # as it was at first


@pytest.mark.slow
@pytest.mark.network
def test_broken_caches_are_misses_for_real_tools(project: Path) -> None:
    run(project, "first")
    cache = project.parent / "cache"
    for shelf in (cache / "results").iterdir():
        shelf.write_bytes(shelf.read_bytes()[:-7])
    for own in (cache / "tool-caches").rglob("*"):
        if own.is_file() and own.suffix != ".lock":
            own.write_bytes(b"\0garbage" + own.read_bytes()[: own.stat().st_size // 2])
    assert "bandit" in same(project)
    assert same(project) == set()


@pytest.mark.slow
@pytest.mark.network
def test_a_broken_list_of_the_base_is_made_again(project: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=project, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    (project / "shop/price.py").write_text(FILES["shop/price.py"] + "\n\nassert double(1)\n")
    git("commit", "-q", "-a", "-m", "two")
    first, _ = run(project, "first", "--base", "HEAD~1")
    assert b'"base_source":"worktree"' in first
    second, started = run(project, "second", "--base", "HEAD~1")
    assert started == set()
    assert b'"base_source":"cache"' in second
    assert json.loads(second)["verdict"]["findings"] == json.loads(first)["verdict"]["findings"]
    (kept,) = (project.parent / "cache" / "baselines").iterdir()
    whole = kept.read_bytes()
    for damage in (whole[: len(whole) // 2], whole.replace(b"bandit", b"bandot"), b"", b"\0" * 40):
        kept.write_bytes(damage)
        assert run(project, "again", "--base", "HEAD~1") == (first, set())
        assert kept.read_bytes() == whole


@pytest.mark.slow
@pytest.mark.network
def test_pins_asked_about_side_by_side_give_the_same_bytes(project: Path) -> None:
    names = [name for name in sorted(load().rows) if name not in {"jinja2", "urllib3"}][:448]
    pins = [f"{name}=={'1.0.0' if number % 20 == 0 else '999999'}" for number, name in enumerate(names)]
    lines = ["urllib3==1.24.1", *pins, "jinja2==2.4.1"]  # the first two that are asked about as canaries, one a share
    (project / "requirements.txt").write_text("\n".join(lines) + "\n")
    (project / ".py-secure-ci.yml").write_text("stages: {sca: {tools: [pip-audit]}}\n")
    words = ("--stage", "sca", "--no-cache", "--jobs")
    alone, together = (run(project, f"jobs{jobs}", *words, jobs)[0] for jobs in "12")
    assert alone == together
    assert all(name in alone for name in (b"urllib3 1.24.1 has the known", b"jinja2 2.4.1 has the known"))
    costs = [json.loads((project.parent / f"jobs{jobs}" / "timings.json").read_text())["processes"] for jobs in "12"]
    assert [len(one) for one in costs] == [1, 2]
