"""Makes an environment in our cache, once: keyed by what goes in, locked against others, never used half-made."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from py_secure_ci.errors import ProjectEnvironmentError
from py_secure_ci.project_environment.copying import VERSIONS, copied, lead_back
from py_secure_ci.project_environment.processes import Processes
from py_secure_ci.project_environment.recipes import Recipe

READY = "ready"
LAYOUT = "2"  # change it when an environment is made in another way
BUILDS = ("pyproject.toml", "setup.py", "setup.cfg")
PAUSE = 0.2  # seconds between two looks at a lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that decides what is in the environment."""

    recipe: Recipe
    base: Path  # interpreter to build on
    version: str
    build: bool  # whether code of the project, or of its dependencies' source distributions, may run
    install_project: bool
    command: tuple[str, ...] = ()


def key_of(plan: Plan, root: Path) -> str:
    """A digest of the plan and of the files that it reads; an editable install belongs to one folder."""
    recipe = plan.recipe
    words = [LAYOUT, recipe.kind, recipe.requirements, str(plan.base), plan.version, str(plan.build), *plan.command]
    files = list(recipe.files)
    if plan.install_project or plan.command:
        words.append(str(root))
        files += [name for name in BUILDS if os.path.isfile(root / name)]
    digest = hashlib.sha256("\0".join(words).encode())
    for name in files:
        digest.update(os.fsencode(name) + b"\0" + hashlib.sha256((root / name).read_bytes()).digest())
    return digest.hexdigest()[:32]


def make(plan: Plan, processes: Processes, cache: Path, files: tuple[str, ...]) -> tuple[Path, bool]:
    """The folder of the environment, and whether it was made just now. Builds get a copy of `files`."""
    place = cache / "project-environments" / key_of(plan, processes.root)
    place.parent.mkdir(parents=True, exist_ok=True)
    with held(place.with_suffix(".lock"), processes.timeout):
        if (place / READY).is_file() and processes.version(place / "bin" / "python") == plan.version:
            return place, False
        if place.exists():  # a run was interrupted here, or its interpreter is gone
            shutil.rmtree(place)
        _fill(plan, processes, place, files)
        (place / READY).write_text("made\n", "utf-8")
    return place, True


@contextmanager
def held(lock: Path, timeout: float) -> Iterator[None]:
    """Hold a lock file; ProjectEnvironmentError if another run holds it for longer than `timeout` seconds."""
    end = time.monotonic() + timeout
    with lock.open("w", encoding="utf-8") as stream:
        while True:
            try:
                flock(stream, LOCK_EX | LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise ProjectEnvironmentError(
                        f"another run has been making this project's environment for {timeout:.0f} seconds",
                        hint="end it, or wait for it, and run again",
                    ) from None
                time.sleep(PAUSE)
        yield


def _fill(plan: Plan, processes: Processes, place: Path, files: tuple[str, ...]) -> None:
    processes.call_uv("creating it", "venv", "--no-project", "--python", str(plan.base), str(place))
    if plan.command:
        _run_command(plan.command, processes, place)
    elif plan.build:
        with copied(processes.root, files, place.with_suffix(".source")) as copy:
            _install(plan, replace(processes, root=copy, environ={**processes.environ, **VERSIONS}), place)
            lead_back(place, copy, processes.root)
    else:
        _install(plan, processes, place)


def _install(plan: Plan, processes: Processes, place: Path) -> None:
    python = place / "bin" / "python"
    INSTALLERS[plan.recipe.kind](plan, processes, python)
    if plan.install_project:
        deps = () if plan.recipe.kind == "setup" else ("--no-deps",)
        processes.call_uv("installing the project", *_pip(plan, python, "install"), *deps, "--editable", ".")


def _run_command(command: tuple[str, ...], processes: Processes, place: Path) -> None:
    """Run the YAML's own words with the environment active, as a person would."""
    path = f"{place / 'bin'}:{processes.environ.get('PATH', '/usr/bin:/bin')}"
    env = {**processes.environ, "VIRTUAL_ENV": str(place), "UV_PROJECT_ENVIRONMENT": str(place), "PATH": path}
    words = (shutil.which(command[0], path=path) or command[0], *command[1:])
    ended = processes.run(words, cwd=processes.root, env=env, timeout=processes.timeout)
    processes.require(ended, f"`{' '.join(command)}`")


def _pip(plan: Plan, python: Path, verb: str) -> tuple[str, ...]:
    binary = () if plan.build else ("--no-build",)
    return ("pip", verb, "--python", str(python), *binary)


def _hashes(recipe: Recipe) -> tuple[str, ...]:
    return ("--require-hashes",) if recipe.hashed else ()


def _from_uv_lock(plan: Plan, processes: Processes, python: Path) -> None:
    """Export, then install exactly that. A project may forbid all extras together; then they are left out."""
    local = () if plan.build else ("--no-emit-local",)
    words = ("export", "--quiet", "--frozen", "--no-emit-project", "--python", str(python), *local)
    ended = processes.try_uv(*words, "--all-extras", "--all-groups")
    for wider in (("--all-groups",), ()):
        if not ended.problem and ended.status == 0:
            break
        ended = processes.try_uv(*words, *wider)
    text = processes.require(ended, "reading uv.lock")
    exported = python.parent.parent / "requirements.txt"
    exported.write_text(text, "utf-8")
    entries = [line for line in text.splitlines() if line[:1] not in ("", " ", "#")]
    # an editable member of a workspace or a repository has no hash
    strict = ("--require-hashes",) if all(line.endswith("\\") for line in entries) else ()
    processes.call_uv(
        "installing uv.lock", *_pip(plan, python, "sync"), "--allow-empty-requirements", *strict, str(exported)
    )


def _from_pylock(plan: Plan, processes: Processes, python: Path) -> None:
    processes.call_uv("installing its lock", *_pip(plan, python, "sync"), plan.recipe.files[0])


def _from_pins(plan: Plan, processes: Processes, python: Path) -> None:
    file = python.parent.parent / "requirements.txt"
    file.write_text(plan.recipe.requirements, "utf-8")
    words = (*_pip(plan, python, "install"), "--no-deps", *_hashes(plan.recipe), "--requirements", str(file))
    processes.call_uv(f"installing {plan.recipe.files[0]}", *words)


def _from_requirements(plan: Plan, processes: Processes, python: Path) -> None:
    files = [word for name in plan.recipe.files for word in ("--requirements", name)]
    processes.call_uv("installing its requirements", *_pip(plan, python, "install"), *_hashes(plan.recipe), *files)


def _from_pyproject(plan: Plan, processes: Processes, python: Path) -> None:
    groups = [word for name in plan.recipe.groups for word in ("--group", name)]
    words = (*_pip(plan, python, "install"), "--requirements", "pyproject.toml", "--all-extras", *groups)
    processes.call_uv("installing what pyproject.toml asks for", *words)


def _from_nothing(plan: Plan, processes: Processes, python: Path) -> None:
    """Nothing to install, or only together with the project."""


INSTALLERS = {
    "uv.lock": _from_uv_lock,
    "pylock": _from_pylock,
    "pins": _from_pins,
    "requirements": _from_requirements,
    "pyproject": _from_pyproject,
    "setup": _from_nothing,
    "nothing": _from_nothing,
}
