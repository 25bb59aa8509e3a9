"""Where things are kept: the cache folder, the locks, and what an environment's files are called."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from py_secure_ci.errors import ToolchainError

LOCKS = Path(__file__).parent.parent / "locks"
WINDOWS = sys.platform == "win32"
PROGRAM_ENDINGS = (".exe", ".cmd", ".bat") if WINDOWS else ("",)
_LAYOUT = "2"  # raise it when environments are made differently


def cache_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The folder for everything that can be made again: `PY_SECURE_CI_CACHE`, else the platform's custom.

    The launcher (`scripts/_start.py`) follows the same rules. Raises ToolchainError when nothing names a place.
    """
    said = environ.get("PY_SECURE_CI_CACHE", "")
    if said:
        return Path(os.path.abspath(said))  # noqa: PTH100 -- resolve() would follow a symlink that may be moved
    if platform == "win32":
        local = environ.get("LOCALAPPDATA", "")
        return Path(local, "py-secure-ci", "Cache") if local else _no_place()
    xdg = environ.get("XDG_CACHE_HOME", "")
    if xdg.startswith("/"):
        return Path(xdg, "py-secure-ci")
    home = environ.get("HOME", "") or _home_of_user()
    if not home.startswith("/"):
        return _no_place()
    return Path(home, "Library/Caches" if platform == "darwin" else ".cache", "py-secure-ci")


def _no_place() -> Path:
    raise ToolchainError(
        "nothing says where to keep the tools: neither PY_SECURE_CI_CACHE nor the home folder is set",
        hint="set PY_SECURE_CI_CACHE to a folder that can be written",
    )


if WINDOWS:

    def _home_of_user() -> str:
        return ""

else:
    import pwd

    def _home_of_user() -> str:
        try:
            return pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:  # a container's user that no passwd file names
            return ""


def lock_file(name: str, locks: Path = LOCKS) -> Path:
    """The lock of one environment. Raises ToolchainError when there is none of that name."""
    path = locks / f"{name}.lock"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in locks.glob("*.lock")))
        raise ToolchainError(f"there is no lock for a tool named {name!r}", hint=f"there are: {known}")
    return path


def interpreter_key(python: Path | None) -> str:
    """What an environment depends on besides its lock: this very interpreter, or another one by its place."""
    multiarch = getattr(sys.implementation, "_multiarch", "")
    parts = [_LAYOUT, sys.platform, multiarch]
    parts += [os.path.realpath(python)] if python else [sys.version, sys.implementation.name, sys.base_prefix]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def bin_folder(environment: Path) -> Path:
    """The folder of programs of a virtual environment."""
    return environment / ("Scripts" if WINDOWS else "bin")


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return bin_folder(environment) / ("python.exe" if WINDOWS else "python")


def site_folders(prefix: Path) -> tuple[Path, ...]:
    """The folders below an interpreter's prefix that packages may be installed in, existing ones only."""
    patterns = ("Lib/site-packages",) if WINDOWS else ("lib64/python3*/*-packages", "lib/python3*/*-packages")
    found = (path for pattern in patterns for path in sorted(prefix.glob(pattern)) if path.is_dir())
    return tuple({os.path.realpath(path): path for path in found}.values())  # lib64 is often a link to lib


def program_in(folder: Path, program: str) -> Path | None:
    """The file of a program in a folder of programs."""
    return next((path for end in PROGRAM_ENDINGS if (path := folder / f"{program}{end}").is_file()), None)
