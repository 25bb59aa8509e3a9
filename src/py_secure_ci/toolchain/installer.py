"""Makes one environment from one lock, with uv."""

from __future__ import annotations

import shutil
import subprocess  # noqa: TID251 -- until the runner takes `_run` over
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from uv import find_uv_bin

from py_secure_ci.errors import ToolchainError
from py_secure_ci.toolchain.failures import explained
from py_secure_ci.toolchain.index import (
    index_words,
    installer_environment,
    pip_config_files,
    pip_settings,
    uv_config_words,
)
from py_secure_ci.toolchain.installation import distributions, write_marker
from py_secure_ci.toolchain.places import python_of, site_folders

_SECONDS = 1200.0  # a slow mirror may take minutes; for ever would hang a CI job

_FINDING_UV = threading.Lock()  # it asks sysconfig, whose first answer two threads at once get wrong (CPython 3.11)


@dataclass(frozen=True, slots=True)
class Installer:
    """`cache` is our cache folder; uv keeps its own below it, so that wheels can be linked, not copied."""

    cache: Path
    environ: Mapping[str, str]
    offline: bool

    def fill(self, environment: Path, name: str, lock: Path, python: Path | None, holder: IO[bytes]) -> None:
        """Make `environment` from nothing. The caller holds its lock. Raises ToolchainError, OSError."""
        shutil.rmtree(environment, ignore_errors=True)
        source = str(python or sys.executable)
        self._uv(name, ("venv", "--clear", "--no-python-downloads", "--python", source, str(environment)), holder)
        settings = pip_settings(self.environ, pip_config_files(self.environ))
        # No build: a source distribution runs code from the index while it is installed.
        install = ("pip", "install", "--require-hashes", "--no-deps", "--no-build", *index_words(settings))
        self._uv(name, (*install, "--python", str(python_of(environment)), "--requirements", str(lock)), holder)
        folders = site_folders(environment)
        if len(folders) != 1:
            raise ToolchainError(f"the environment of {name} has {len(folders)} site-packages folders, not one")
        write_marker(environment, folders[0], distributions(folders[0]))

    def _uv(self, name: str, words: tuple[str, ...], holder: IO[bytes]) -> None:
        argv = (_uv(), *uv_config_words(self.environ), "--no-progress", *("--offline",) * self.offline, *words)
        settings = pip_settings(self.environ, pip_config_files(self.environ))
        env = {"UV_CACHE_DIR": str(self.cache / "uv")} | installer_environment(self.environ, settings)
        status, output = _run(argv, env, self.cache, holder)
        if status:
            raise explained(name, "install", output)


def _uv() -> str:
    try:
        with _FINDING_UV:
            return find_uv_bin()
    except FileNotFoundError as error:
        raise ToolchainError(
            f"the uv program is missing from py-secure-ci's own environment: {error}",
            hint="install py-secure-ci again (with the launcher: remove its cache folder)",
        ) from error


def _run(argv: tuple[str, ...], env: Mapping[str, str], cwd: Path, holder: IO[bytes]) -> tuple[int, str]:
    """Exit status and all output of one process. THE ONE PLACE to put in the hands of the runner.

    It inherits the lock `holder`, so that an installer which outlives a killed run still keeps others out.
    """
    try:
        done = subprocess.run(
            argv,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=() if sys.platform == "win32" else (holder.fileno(),),
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, f"it timed out after {_SECONDS:.0f} s"
    return done.returncode, done.stdout
