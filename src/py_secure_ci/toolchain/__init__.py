"""The locked environments that the tools run in: made on first need, found at once afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from py_secure_ci.errors import ToolchainError
from py_secure_ci.running.request import Ended, Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.toolchain.elsewhere import SECONDS, from_path, from_project
from py_secure_ci.toolchain.holding import holding
from py_secure_ci.toolchain.installation import Installation, Status, read_marker
from py_secure_ci.toolchain.installer import Installer
from py_secure_ci.toolchain.places import LOCKS, bin_folder, interpreter_key, lock_file, python_of
from py_secure_ci.toolchain.release import from_release, is_released

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<marker>[^\\]+?))?\s*\\?$", re.M)
_AT_ONCE = 4  # installers side by side: each waits for the network most of its time


def _alone(request: Request) -> Ended:
    with Runner() as runner:
        return runner.run(request)


class Toolchain:
    """Tool environments below `cache` (see `places.cache_folder`). Safe under threads and processes.

    `environ` is where the user's index, certificate and proxy settings are; nothing else of it reaches an installer.
    `locks` is the folder of lock files, ours unless a test says otherwise. `run` starts processes (a runner of their
    own each, if none is given), and `stopped` tells whether to give up waiting.
    """

    def __init__(
        self,
        cache: Path,
        environ: Mapping[str, str],
        *,
        offline: bool = False,
        locks: Path = LOCKS,
        run: Callable[[Request], Ended] = _alone,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._tools = cache / "tools"
        self._environ = environ
        self._locks = locks
        self._run, self._stopped = run, stopped
        self._installer = Installer(cache, environ, offline, run)

    def install(self, name: str, *, python: Path | None = None) -> Installation:
        """The locked tool `name`, installed first if it is not there whole.

        `python`: the interpreter that its environment shall be for (a pytest overlay must fit the project's); our own
        when None. Raises ToolchainError with what to do.
        """
        status = self.lookup(name, python=python)
        made = read_marker(status.path)
        if made is None:
            self._make(status, python)
            made = read_marker(status.path)
        if made is None:
            raise ToolchainError(f"the environment of {name} is damaged right after it was made: {status.path}")
        site_packages, versions = made
        return Installation(
            name=name, version=status.version, source="locked", bin=bin_folder(status.path),
            python=python_of(status.path), site_packages=site_packages, lock=status.lock, versions=versions,
        )  # fmt: skip

    def install_many(self, names: Iterable[str]) -> dict[str, Installation | ToolchainError]:
        """Several at once, in the order given; one that fails does not stop the others."""
        wanted = list(dict.fromkeys(names))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(wanted, pool.map(self._try_install, wanted), strict=True))

    def lookup(self, name: str, *, python: Path | None = None) -> Status:
        """What is known of the locked tool `name`; installs and starts nothing. Raises ToolchainError: no such lock."""
        lock = lock_file(name, self._locks).read_bytes()
        key = hashlib.sha256(lock + interpreter_key(python).encode()).hexdigest()
        path = self._tools / f"{name}-{key[:32]}"
        version = _locked_version(name, self._locks, lock.decode("utf-8"))
        installed = read_marker(path) is not None
        return Status(name=name, version=version, installed=installed, path=path, lock=hashlib.sha256(lock).hexdigest())

    def from_project(self, name: str, python: Path, *, program: str = "", distribution: str = "") -> Installation:
        """The project's own copy (`source: project`), from the environment of its interpreter. Runs nothing."""
        return from_project(name, program or name, distribution or name, python)

    def from_path(self, name: str, *, program: str = "", cwd: Path, seconds: float = SECONDS) -> Installation:
        """The copy on PATH (`source: path`); asks it for its version, in the folder `cwd` (a scratch folder)."""
        return from_path(name, program or name, self._environ, cwd, self._run, seconds)

    def from_release(self, name: str) -> Installation | None:
        """The official release that a lock of ours names by its checksum; None where there is no such lock."""
        if not is_released(name, self._locks):
            return None
        return from_release(name, self._locks, self._tools, self._environ, self._stopped)

    def _try_install(self, name: str) -> Installation | ToolchainError:
        try:
            return self.install(name)
        except ToolchainError as error:
            return error

    def _make(self, status: Status, python: Path | None) -> None:
        try:
            with holding(status.path.with_name(f"{status.path.name}.lock"), self._stopped):
                if read_marker(status.path) is None:  # else: somebody made it while we waited
                    own, lock = _distribution(status.name, self._locks), lock_file(status.name, self._locks)
                    self._installer.fill(status.path, status.name, own, lock, python)
        except OSError as error:
            raise ToolchainError(
                f"cannot keep the tool {status.name} in {status.path.parent}: {error}",
                hint="free some room there, or set PY_SECURE_CI_CACHE to a folder that can be written",
            ) from error


def _distribution(name: str, locks: Path) -> NormalizedName:
    """The tool's own distribution: the first requirement of its `.in` file."""
    lines = (line.split("#")[0].strip() for line in (locks / f"{name}.in").read_text(encoding="utf-8").splitlines())
    return canonicalize_name(next(Requirement(line).name for line in lines if line))


def _locked_version(name: str, locks: Path, lock: str) -> str:
    """The version that a lock gives to the tool itself."""
    wanted = _distribution(name, locks)
    for pin in _PIN.finditer(lock):
        if canonicalize_name(pin["name"]) == wanted and (not pin["marker"] or Marker(pin["marker"]).evaluate()):
            return pin["version"]
    raise ToolchainError(f"{name}.lock has no version of {wanted} for this Python on this platform")
