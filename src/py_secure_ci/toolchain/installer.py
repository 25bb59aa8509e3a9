"""Makes one environment from one lock, with uv."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from py_secure_ci.errors import ToolchainError
from py_secure_ci.running.request import Ended, Request
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
_COMPILING = 120.0  # seconds
_MAX_OUTPUT = 8 * 1024 * 1024

_FINDING_UV = threading.Lock()  # it asks sysconfig, whose first answer two threads at once get wrong (CPython 3.11)


@dataclass(frozen=True, slots=True)
class Installer:
    """`cache` is our cache folder; uv keeps its own below it, so that wheels can be linked, not copied."""

    cache: Path
    environ: Mapping[str, str]
    offline: bool
    run: Callable[[Request], Ended]

    def fill(self, environment: Path, name: str, distribution: str, lock: Path, python: Path | None) -> None:
        """Make `environment` from nothing. `distribution`: the tool's own in there.

        The caller holds its lock. Raises ToolchainError, OSError.
        """
        shutil.rmtree(environment, ignore_errors=True)
        source = str(python or sys.executable)
        self._uv(name, ("venv", "--clear", "--no-python-downloads", "--python", source, str(environment)))
        settings = pip_settings(self.environ, pip_config_files(self.environ))
        # No build: a source distribution runs code from the index while it is installed.
        install = ("pip", "install", "--require-hashes", "--no-deps", "--no-build", *index_words(settings))
        self._uv(name, (*install, "--python", str(python_of(environment)), "--requirements", str(lock)))
        folders = site_folders(environment)
        if len(folders) != 1:
            raise ToolchainError(f"the environment of {name} has {len(folders)} site-packages folders, not one")
        if python is None:  # another interpreter than ours is started in the sandbox only
            self._precompile(environment, distribution)
        write_marker(environment, folders[0], distributions(folders[0]))

    def _precompile(self, environment: Path, distribution: str) -> None:
        """Best effort: an environment without byte code is slower, not worse."""
        script = str(Path(__file__).with_name("precompile.py"))
        self.run(
            Request(
                argv=(str(python_of(environment)), "-I", script, distribution),
                cwd=environment,
                env={"HOME": os.devnull},  # nothing may be kept there
                timeout=_COMPILING,
                max_output=_MAX_OUTPUT,
            )
        )

    def _uv(self, name: str, words: tuple[str, ...]) -> None:
        """Run uv. What it starts ends with us, even if we are killed: no installer goes on behind anybody's back."""
        settings = pip_settings(self.environ, pip_config_files(self.environ))
        ended = self.run(
            Request(
                argv=(_uv(), *uv_config_words(self.environ), "--no-progress", *("--offline",) * self.offline, *words),
                cwd=self.cache,
                env={"UV_CACHE_DIR": str(self.cache / "uv")} | installer_environment(self.environ, settings),
                timeout=_SECONDS,
                network=True,
                max_output=_MAX_OUTPUT,
            )
        )
        if ended.problem or ended.status:
            output = (ended.stdout + ended.stderr).decode("utf-8", "replace")
            raise explained(name, "install", f"{output}\nit {ended.problem}" if ended.problem else output)


def _uv() -> str:
    try:
        with _FINDING_UV:
            return find_uv_bin()
    except FileNotFoundError as error:
        raise ToolchainError(
            f"the uv program is missing from py-secure-ci's own environment: {error}",
            hint="install py-secure-ci again (with the launcher: remove its cache folder)",
        ) from error
