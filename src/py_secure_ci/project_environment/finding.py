"""Finds the project's environment or has one made: the one question that the pipeline asks of this room."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from py_secure_ci.config.settings import EnvironmentSettings
from py_secure_ci.errors import ProjectEnvironmentError
from py_secure_ci.pins import Pin
from py_secure_ci.project_environment.making import Plan, make
from py_secure_ci.project_environment.processes import Processes, Run, last_words
from py_secure_ci.project_environment.recipes import Project, Recipe, choose, read_project

FOLDERS = (".venv", "venv")
TIMEOUT = 900.0  # seconds, for each process


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectEnvironment:
    """An interpreter that works. `how` is a sentence for the report; `made`: by this very run."""

    python: Path
    version: str
    how: str
    made: bool


def find_or_make(
    root: Path,
    files: tuple[str, ...],
    settings: EnvironmentSettings,
    *,
    environ: Mapping[str, str],
    installer_environ: Mapping[str, str],
    cache: Path,
    uv: Path,
    run: Run,
    offline: bool,
    pins: tuple[Pin, ...] = (),
    build_project: bool = True,
    timeout: float = TIMEOUT,
) -> ProjectEnvironment:
    """Give the project's environment, or raise ProjectEnvironmentError with the reason.

    `files` is the tree as git has it, root-relative. `environ` is only asked which environment is active; children get
    `installer_environ`. Without `build_project` (no tests due) nothing of the project is run or built: neither an
    environment that is part of the repository, nor its build system, nor a source distribution.
    """
    processes = Processes(run=run, root=root, uv=uv, environ=installer_environ, timeout=timeout, offline=offline)
    project = read_project(root, files)
    passed_over: list[str] = []
    if settings.python == "auto":
        for python, name in _candidates(root, files, environ, passed_over):
            version = processes.version(python)
            if version and _fits(version, project.requires_python):
                return ProjectEnvironment(python=python, version=version, how=f"{name} is used", made=False)
            passed_over.append(f"{name} is not used: {_why_not(version, project.requires_python)}")
    elif is_environment(_named(root, settings.python)):
        python = _named(root, settings.python)
        version = processes.version(python)
        if version is None:
            raise ProjectEnvironmentError(f"environment.python: {settings.python} is no interpreter that works")
        how = f"{settings.python} is used, as the configuration says"
        return ProjectEnvironment(python=python, version=version, how=how, made=False)
    return _made(settings, processes, project, _Tree(root, files, pins, cache), passed_over, build=build_project)


@dataclass(frozen=True, slots=True)
class _Tree:
    root: Path
    files: tuple[str, ...]
    pins: tuple[Pin, ...]
    cache: Path


def _made(
    settings: EnvironmentSettings,
    processes: Processes,
    project: Project,
    tree: _Tree,
    passed_over: list[str],
    *,
    build: bool,
) -> ProjectEnvironment:
    base, version = _interpreter(settings.python, processes, project.requires_python)
    if settings.install == "none":
        how = f"Python {version} is used without the project's packages (install: none)"
        return ProjectEnvironment(python=base, version=version, how="; ".join([*passed_over, how]), made=False)
    command = () if isinstance(settings.install, str) else tuple(settings.install)
    recipe = Recipe(kind="nothing") if command else choose(tree.root, tree.files, tree.pins, project)
    plan = Plan(
        recipe=recipe,
        base=base,
        version=version,
        build=build,
        install_project=build and project.buildable and not command,
        command=command,
    )
    place, made = make(plan, processes, tree.cache, tree.files)
    source = f"`{' '.join(command)}`" if command else recipe.how
    how = "; ".join([*passed_over, f"an environment of Python {version} was made from {source}"])
    return ProjectEnvironment(python=place / "bin" / "python", version=version, how=how, made=made)


def _candidates(
    root: Path, files: tuple[str, ...], environ: Mapping[str, str], passed_over: list[str]
) -> Iterator[tuple[Path, str]]:
    """Environments in the order in which they are tried: the active one, one in the root, an active conda one."""
    active = environ.get("VIRTUAL_ENV", "")
    if active and os.path.realpath(active) != os.path.realpath(sys.prefix):
        yield python_of(Path(active)), "the active environment"
    for name in FOLDERS:
        if is_environment(python_of(root / name)):
            if any(path == name or path.startswith(f"{name}/") for path in files):
                passed_over.append(f"{name} is not used: it is part of the repository")
            else:
                yield python_of(root / name), name
    conda = environ.get("CONDA_PREFIX", "")
    if conda and environ.get("CONDA_DEFAULT_ENV") != "base":
        yield python_of(Path(conda)), "the active conda environment"


def python_of(environment: Path) -> Path:
    """The interpreter of an environment. Never resolved: the link's place is what makes it an environment's."""
    windows = environment / "Scripts" / "python.exe"
    return windows if os.path.isfile(windows) else environment / "bin" / "python"


def is_environment(python: Path) -> bool:
    """Whether an interpreter stands in a virtual environment."""
    return os.path.isfile(python) and os.path.isfile(python.parent.parent / "pyvenv.cfg")


def _named(root: Path, words: str) -> Path:
    """The interpreter that `environment.python` means: an interpreter's path or an environment's folder."""
    path = root / os.path.expanduser(words)
    return python_of(path) if os.path.isdir(path) else path


def _interpreter(wanted: str, processes: Processes, requires: str) -> tuple[Path, str]:
    """An interpreter of this machine that fits; none is downloaded."""
    spec = requires if wanted == "auto" else wanted
    ended = processes.try_uv("python", "find", "--no-project", "--system", *([spec] if spec else []))
    found = ended.stdout.strip()
    if ended.problem or ended.status != 0 or not found:
        told = f"requires-python is `{requires}`" if wanted == "auto" and requires else f"python: {wanted}"
        raise ProjectEnvironmentError(
            f"no interpreter for the project ({told}): {ended.problem or last_words(ended.stderr)}",
            hint="install one that fits, or name one in `environment: {python: …}`",
        )
    version = processes.version(Path(found))
    if version is None:
        raise ProjectEnvironmentError(f"the interpreter {Path(found).name} that uv found does not work")
    return Path(found), version


def _fits(version: str, requires: str) -> bool:
    try:
        return SpecifierSet(requires).contains(version, prereleases=True)
    except InvalidSpecifier:
        raise ProjectEnvironmentError(f"pyproject.toml: requires-python: {requires!r} is no version range") from None


def _why_not(version: str | None, requires: str) -> str:
    return f"its Python {version} does not fit requires-python `{requires}`" if version else "its interpreter fails"
