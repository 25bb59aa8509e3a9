"""What a run is compared with: the same tools by hand, other programs that run them, and plain installing."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "src" / "py_secure_ci" / "locks"
# What a person types who has the tools installed, and no more: no canary, no proof of what was looked at.
BY_HAND: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff", ("ruff", "check", "--no-fix", "--no-cache", "--output-format=json", ".")),
    ("ruff", ("ruff", "format", "--check", "--no-cache", ".")),
    ("mypy", ("mypy", "--cache-dir={scratch}", ".")),
    ("bandit", ("bandit", "-q", "-r", "-f", "json", ".")),
    ("detect-secrets", ("detect-secrets", "--cores", "1", "scan", "--no-verify", "--all-files")),
    ("syft", ("syft", "scan", "dir:.", "-q", "-o", "cyclonedx-json")),
    ("zizmor", ("zizmor", "--offline", "-q", ".")),
)
HOOKS = ("ruff", "bandit", "detect-secrets-hook", "mypy")
INSTALLED = ("ruff", "mypy", "pytest", "bandit", "detect-secrets", "pip-audit", "syft", "zizmor")
_GIT = shutil.which("git") or "git"
LIMIT = 420  # seconds for one program


@dataclass(frozen=True)
class Cost:
    """Seconds of one or several processes."""

    wall: float
    cpu: float
    status: int = 0


def measured(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Cost:
    """What a command costs; -1 as its status if it did not end in time."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        ended = subprocess.run(
            argv, cwd=cwd, env=dict(env), capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=LIMIT
        )
        status = ended.returncode
    except subprocess.TimeoutExpired:
        status = -1
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, status)


def by_hand(tree: Path, tools: Path) -> list[tuple[str, Cost]]:
    """Each tool over the whole tree, one after the other."""
    costs = []
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        for lock, words in BY_HAND:
            program = newest(tools, lock) / words[0]
            argv = [str(program), *(word.format(scratch=scratch) for word in words[1:])]
            costs.append((" ".join(words[:2]), measured(argv, tree, os.environ)))
    return costs


def newest(tools: Path, lock: str) -> Path:
    """The folder of a tool's programs."""
    found = [path for path in tools.glob(f"{lock}-*") if (path / "bin").is_dir()]
    if not found:
        sys.exit(f"scripts/bench: {lock} is not installed in {tools}")
    return max(found, key=lambda path: path.stat().st_mtime) / "bin"


def peers(tree: Path, tools: Path) -> list[tuple[str, Cost]]:
    """Programs that run several of these tools, installed for this from the registry."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        venv(folder / "venv")
        pip(folder / "venv", "prospector[with_ruff,with_bandit,with_mypy]", "pre-commit")
        programs = folder / "venv" / "bin"
        env = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PRE_COMMIT_HOME": f"{folder}/pc"}
        argv = [str(programs / "prospector"), "--no-autodetect", "-0", "--output-format", "json"]
        for tool in ("ruff", "bandit", "mypy"):
            argv += ["-w", tool]
        for tool in ("dodgy", "mccabe", "profile-validator", "pycodestyle", "pyflakes", "pylint"):
            argv += ["-W", tool]
        costs = [("prospector with ruff, bandit, mypy", measured(argv, tree, env))]
        config = folder / "hooks.yaml"
        config.write_text(hooks(tools), encoding="utf-8")
        argv = [str(programs / "pre-commit"), "run", "--all-files", "-c", str(config)]
        return [*costs, (f"pre-commit with {', '.join(HOOKS)}", measured(argv, tree, env))]


def hooks(tools: Path) -> str:
    """The same tools as hooks of pre-commit, from where they are installed."""
    entries = {
        "ruff": "ruff check --no-fix --no-cache",
        "bandit": "bandit -q",
        "detect-secrets-hook": "detect-secrets-hook --no-verify",
        "mypy": "mypy",
    }
    lines = ["repos:", "- repo: local", "  hooks:"]
    for name in HOOKS:
        kind = "text" if name.startswith("detect") else "python"
        program = newest(tools, name.removesuffix("-hook")) / entries[name]
        lines += [f"  - {{id: {name}, name: {name}, language: system, types: [{kind}], entry: {program}}}"]
    return "\n".join([*lines, ""])


def installing() -> list[tuple[str, Cost]]:
    """The toolchain into an empty folder, again, and the same wheels by `uv pip install`."""
    costs = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        project = folder / "project"
        project.mkdir()
        (project / "a.py").write_text("a = 1\n", encoding="utf-8")
        env = {**os.environ, "PY_SECURE_CI_CACHE": str(folder / "cache")}
        argv = [sys.executable, "-m", "py_secure_ci", "doctor", "--install", str(project)]
        costs += [("`doctor --install`, nothing there", measured(argv, project, env))]
        costs += [("`doctor --install`, all there", measured(argv, project, env))]
        wall = cpu = 0.0
        for lock in INSTALLED:
            for argv in plain(folder / lock, LOCKS / f"{lock}.lock"):
                cost = measured(argv, project, {**os.environ, "UV_CACHE_DIR": str(folder / "uv")})
                if cost.status:
                    sys.exit(f"scripts/bench: installing {lock} ended with {cost.status}")
                wall, cpu = wall + cost.wall, cpu + cost.cpu
        costs += [("`uv pip install` of the same locks, one after the other", Cost(wall, cpu))]
    return costs


def plain(place: Path, lock: Path) -> list[list[str]]:
    """An environment and its wheels, as anybody would make them."""
    install = ["pip", "install", "-q", "--no-deps", "--require-hashes", "--python", str(place / "bin" / "python")]
    return [[uv(), "venv", "-q", str(place)], [uv(), *install, "-r", str(lock)]]


def venv(place: Path) -> None:
    """An empty environment."""
    subprocess.run([uv(), "venv", "-q", str(place)], check=True)


def pip(place: Path, *names: str) -> None:
    """Install from the registry that is configured."""
    subprocess.run([uv(), "pip", "install", "-q", "--python", str(place / "bin" / "python"), *names], check=True)


def uv() -> str:
    """The program that this installation has."""
    here = Path(sys.executable).parent / "uv"
    return str(here) if here.exists() else shutil.which("uv") or "uv"


def table(title: str, rows: list[tuple[str, Cost]]) -> str:
    """A table of commands, with their sum."""
    whole = Cost(sum(one.wall for _, one in rows), sum(one.cpu for _, one in rows))
    lines = [
        f"| {name} | {cost.wall:.2f} | {cost.cpu:.2f} | {'did not end' if cost.status < 0 else cost.status} |"
        for name, cost in [*rows, ("sum", whole)]
    ]
    return "\n".join([f"\n## {title}\n", "| command | seconds | CPU s | status |", "|---|---|---|---|", *lines]) + "\n"


def commit(tree: Path) -> str:
    """What a work tree holds, in short."""
    ended = subprocess.run([_GIT, "rev-parse", "HEAD"], cwd=tree, capture_output=True, text=True, check=False)
    files = subprocess.run([_GIT, "ls-files"], cwd=tree, capture_output=True, text=True, check=False)
    return f"commit {ended.stdout.strip()[:12] or 'none'}, {len(files.stdout.splitlines()):,} files"
