"""Which declaration an environment is made from, and with which words to uv; pure but for reading the declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from py_secure_ci.errors import ProjectEnvironmentError, WrongShape
from py_secure_ci.pins import Pin
from py_secure_ci.toml_values import load_toml

PYLOCK = re.compile(r"pylock(\.[^./]+)?\.toml")
FOREIGN_LOCKS = ("poetry.lock", "pdm.lock", "Pipfile.lock")
PURPOSE = "dev|develop|development|test|tests|testing|ci|all"
REQUIREMENTS = re.compile(
    rf"requirements([-_.]({PURPOSE}))?\.txt|({PURPOSE})[-_]requirements\.txt"
    rf"|requirements/(requirements|base|main|common|{PURPOSE})\.txt"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How dependencies get in. `kind`: uv.lock | pylock | pins | requirements | pyproject | setup | nothing."""

    kind: str
    files: tuple[str, ...] = ()  # declarations it is read from
    how: str = ""  # for people: "made from …"
    requirements: str = ""  # for `pins`: the text to install from
    hashed: bool = False
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What the project's own metadata say of it."""

    requires_python: str = ""
    buildable: bool = False
    declares: bool = False  # has a [project] table to take dependencies from
    groups: tuple[str, ...] = ()


def read_project(root: Path, files: Iterable[str]) -> Project:
    """Read pyproject.toml; a project with a `setup.py` or `setup.cfg` and no build system is built the old way."""
    have = set(files)
    old = bool(have & {"setup.py", "setup.cfg"})
    if "pyproject.toml" not in have:
        return Project(buildable="setup.py" in have)
    try:
        data = load_toml((root / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError, WrongShape) as error:
        raise ProjectEnvironmentError(f"pyproject.toml cannot be read: {error}") from None
    project, groups = data.get("project"), data.get("dependency-groups")
    table = project if isinstance(project, dict) else {}
    requires = table.get("requires-python", "")
    return Project(
        requires_python=requires if isinstance(requires, str) else "",
        buildable="build-system" in data or ("setup.py" in have) or (old and bool(table)),
        declares=bool(table),
        groups=tuple(groups) if isinstance(groups, dict) else (),
    )


def choose(root: Path, files: tuple[str, ...], pins: tuple[Pin, ...], project: Project) -> Recipe:
    """The first of: uv.lock, pylock, the lock of another manager, requirements files, the project's metadata."""
    return next(
        (recipe for recipe in (_locked(files, pins), _listed(root, files)) if recipe), _declared(files, project)
    )


def _locked(files: tuple[str, ...], pins: tuple[Pin, ...]) -> Recipe | None:
    if "uv.lock" in files and "pyproject.toml" in files:
        return Recipe(kind="uv.lock", files=("uv.lock", "pyproject.toml"), how="uv.lock", hashed=True)
    pylocks = sorted(name for name in files if PYLOCK.fullmatch(name))
    if pylocks:
        return Recipe(kind="pylock", files=(pylocks[0],), how=pylocks[0], hashed=True)
    for name in FOREIGN_LOCKS:
        locked = tuple(pin for pin in pins if pin.file == name)
        if name in files and locked:
            return from_pins(name, locked)
    return None


def _listed(root: Path, files: tuple[str, ...]) -> Recipe | None:
    texts = tuple(sorted(name for name in files if REQUIREMENTS.fullmatch(name)))
    hashed = all("--hash=" in (root / name).read_text("utf-8", "replace") for name in texts)
    return Recipe(kind="requirements", files=texts, how=" and ".join(texts), hashed=hashed) if texts else None


def _declared(files: tuple[str, ...], project: Project) -> Recipe:
    if project.declares:
        return Recipe(kind="pyproject", files=("pyproject.toml",), how=UNLOCKED, groups=project.groups)
    if project.buildable:
        built_from = tuple(sorted({"setup.py", "setup.cfg"} & set(files)))
        return Recipe(kind="setup", files=built_from, how="setup.py, unlocked")
    return Recipe(kind="nothing", how="nothing, as the project declares no dependencies")


UNLOCKED = "pyproject.toml, without a lock: versions may differ from run to run"


def from_pins(file: str, pins: tuple[Pin, ...]) -> Recipe:
    """Turn the pins of another manager's lock into hashed requirement lines, each package and marker once."""
    hashed = all(pin.hashes for pin in pins)
    lines = []
    for pin in sorted(pins, key=lambda one: (one.name, one.version, one.marker)):
        marker = f" ; {pin.marker}" if pin.marker else ""
        hashes = "".join(f" \\\n    --hash={one}" for one in sorted(pin.hashes)) if hashed else ""
        lines.append(f"{pin.name}=={pin.version}{marker}{hashes}\n")
    how = file if hashed else f"{file}, which holds no hashes"
    return Recipe(kind="pins", files=(file,), how=how, requirements="".join(dict.fromkeys(lines)), hashed=hashed)
