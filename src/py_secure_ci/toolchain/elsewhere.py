"""Tools that are not ours: the project's own copy, or a program on PATH."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from py_secure_ci.errors import ToolchainError
from py_secure_ci.running.environment import child_environment
from py_secure_ci.running.request import Ended, Request
from py_secure_ci.toolchain.installation import Installation, distributions
from py_secure_ci.toolchain.places import program_in, site_folders

SECONDS = 30.0  # the longest that a program may think about its version
_VERSION = re.compile(r"\b\d+(?:\.\d+)+(?:[-+.]?[0-9A-Za-z]+)*")


def from_project(name: str, program: str, distribution: str, python: Path) -> Installation:
    """The copy in the environment of the project's interpreter `python`; its version is read, nothing is run."""
    found = program_in(python.parent, program)
    if found is None:
        raise ToolchainError(
            f"{name}: the project's environment has no program {program!r} in {python.parent}",
            hint=f"install it there, or leave out `source: project` to use the locked one (tools.{name}.source)",
        )
    prefix = python.parent if python.parent.name.lower() not in {"bin", "scripts"} else python.parent.parent
    for folder in site_folders(prefix):
        versions = distributions(folder)
        version = versions.get(canonicalize_name(distribution))
        if version:
            return Installation(
                name=name, version=version, source="project", bin=found.parent, python=python,
                site_packages=folder, versions=versions,
            )  # fmt: skip
    raise ToolchainError(
        f"{name}: {found} is there, but no metadata of {distribution!r} tells its version",
        hint=f"install it again there, or leave out `source: project` (tools.{name}.source)",
    )


def from_path(
    name: str,
    program: str,
    environ: Mapping[str, str],
    cwd: Path,
    run: Callable[[Request], Ended],
    seconds: float = SECONDS,
) -> Installation:
    """The program on PATH; its version is what `--version` says. Relative entries of PATH are not looked at.

    It runs in the folder `cwd`, the only one that it may change.
    """
    entries = [one for one in environ.get("PATH", "").split(os.pathsep) if Path(one).is_absolute()]
    found = shutil.which(program, path=os.pathsep.join(entries)) if entries else None
    if found is None:
        raise ToolchainError(
            f"{name}: there is no program {program!r} on PATH",
            hint=f"install it where PATH leads, or use the locked one if there is one (tools.{name}.source)",
        )
    ended = run(
        Request(
            argv=(found, "--version"),
            cwd=cwd,
            env=child_environment(environ, home=cwd, tmp=cwd),
            timeout=min(seconds, SECONDS),
            readonly=(Path("/"),),
            writable=(cwd,),
        )
    )
    if ended.problem:
        raise ToolchainError(f"cannot ask {found} for its version: {ended.problem}")
    version = _VERSION.search((ended.stdout + ended.stderr).decode("utf-8", "replace"))
    if version is None:
        raise ToolchainError(
            f"{name}: `{found} --version` names no version",
            hint=f"use the locked one (tools.{name}.source: locked)",
        )
    return Installation(name=name, version=version[0], source="path", bin=Path(found).parent)
