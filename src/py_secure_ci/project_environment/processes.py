"""What this room needs of the runner, and the one way in which it calls uv and interpreters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from py_secure_ci.errors import ProjectEnvironmentError

CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
ASK_VERSION = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
LAST_LINES = 6


class Ended(Protocol):
    """How a process ended. `problem` says why it gave no status (a timeout, no such program); empty if it did."""

    @property
    def status(self) -> int | None:
        """Its exit status."""

    @property
    def stdout(self) -> str:
        """What it printed."""

    @property
    def stderr(self) -> str:
        """What it complained about."""

    @property
    def problem(self) -> str:
        """Why there is no status."""


class Run(Protocol):
    """Start a process and wait for it, `timeout` seconds at most. `env` is its whole environment."""

    def __call__(self, argv: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], timeout: float) -> Ended:
        """Never raises for what the process does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """Runs uv and interpreters in the project's root under one time limit for each process."""

    run: Run
    root: Path
    uv: Path
    environ: Mapping[str, str]  # allow-listed: index settings, proxies, certificates, cache folder, PATH, HOME
    timeout: float
    offline: bool

    def try_uv(self, *words: str) -> Ended:
        """Call uv; no interpreter is ever downloaded, and with `offline` nothing is."""
        env = {**self.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
        offline = ("--offline",) if self.offline else ()
        return self.run((str(self.uv), *words, *offline), cwd=self.root, env=env, timeout=self.timeout)

    def call_uv(self, what: str, *words: str) -> str:
        """Call uv and give what it printed; ProjectEnvironmentError, with its last words, if it fails."""
        return self.require(self.try_uv(*words), what)

    def require(self, ended: Ended, what: str) -> str:
        """What it printed, if it ended well."""
        if ended.problem or ended.status != 0:
            why = ended.problem or last_words(ended.stderr) or f"exit status {ended.status}"
            hint = "set `environment: {install: [your, command]}`, or activate an environment before the run"
            if self.offline:
                hint = "the run is offline: make the environment before (`.venv` in the project), or run once online"
            raise ProjectEnvironmentError(f"{what}: {why}", hint=hint)
        return ended.stdout

    def version(self, python: Path) -> str | None:
        """The version of an interpreter; None if it is not one that works. Runs nothing of the project."""
        env = {name: value for name, value in self.environ.items() if not name.startswith("PYTHON")}
        ended = self.run((str(python), "-I", "-S", "-c", ASK_VERSION), cwd=self.root, env=env, timeout=30)
        printed = ended.stdout.strip()
        return printed if ended.status == 0 and re.fullmatch(r"\d+\.\d+\.\d+", printed) else None


def last_words(text: str) -> str:
    """The end of what a process complained about, on one line and without credentials."""
    lines = [line.strip() for line in CREDENTIALS.sub("***@", text).splitlines() if line.strip()]
    return " ".join(lines[-LAST_LINES:])[-600:]
