"""ruff's safe fixes and no others, whatever the project's configuration calls safe.

`extend-safe-fixes` is not undone by the command line (measured with 0.17.6): values add up. What it names is made
unfixable instead, which a more specific `fixable` would undo in turn; with both, ruff's fixer is left out.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from py_secure_ci.adapting.ruff_config import config_arguments, config_file
from py_secure_ci.adapting.selection import file_arguments
from py_secure_ci.errors import WrongShape
from py_secure_ci.toml_values import load_toml
from py_secure_ci.tool import Command, Task

_NARROWED = ("fixable", "extend-fixable")


def lint_fixes(task: Task, select: str) -> tuple[Command, ...]:
    """`ruff check` that applies safe fixes. `select`: the rules of a project that chose none."""
    if wide := [one for one in task.options.args if "fix" in one or one.startswith("--config")]:
        raise WrongShape(f"tools.ruff.args has {wide[0]!r}, which could make ruff's fixes unsafe")
    own = () if config_file(task) else (f"--select={select}",)
    names = called_safe(task.settings)
    narrow = ("--no-unsafe-fixes", *((f"--unfixable={','.join(names)}",) if names else ()))
    return _command(task, ("check", "--fix-only"), (*own, *task.options.args, *narrow))


def layout(task: Task) -> tuple[Command, ...]:
    """`ruff format`."""
    return _command(task, ("format",), task.options.args)


def _command(task: Task, words: tuple[str, ...], options: tuple[str, ...]) -> tuple[Command, ...]:
    files, inputs = file_arguments(task.files, task.scratch, "files.txt")
    exclude = ("--force-exclude",) if config_file(task) else ()
    argv = ("ruff", *words, "--quiet", "--no-cache", *config_arguments(task), *exclude, *options, *files)
    # 2 of `format`: a file could not be parsed, which the run that follows tells.
    return (Command(argv=argv, inputs=inputs, clean=frozenset({0, 2} if words == ("format",) else {0})),)


def called_safe(settings: Mapping[str, str]) -> tuple[str, ...]:
    """The rules that a TOML file of the project calls safe to fix, sorted. Raises WrongShape where that is unclear."""
    names: set[str] = set()
    narrowed = ""
    for file, text in sorted(settings.items()):
        table = _ruff_table(file, text) if file.endswith(".toml") else {}
        _check_extend(file, table.get("extend", ""))
        for key, value in _pairs(table):
            if key == "extend-safe-fixes":
                names |= {str(one) for one in (value if isinstance(value, list) else [value])}
            narrowed = f"{key} in {file}" if key in _NARROWED else narrowed
    if names and narrowed:
        raise WrongShape(f"extend-safe-fixes ({', '.join(sorted(names))}) beside {narrowed}: what is safe is unclear")
    return tuple(sorted(names))


def settles(task: Task, code: str) -> bool:
    """Whether a fix that ruff calls safe is one that is applied; where that is not known, it is taken not to be."""
    if any("extend" in _ruff_table(file, text) for file, text in task.settings.items()):
        return False  # to a file whose text is not at hand
    try:
        names = called_safe(task.settings)
    except WrongShape:
        return False
    return "ALL" not in names and not code.startswith(names)


def _check_extend(file: str, value: object) -> None:
    target = posixpath.normpath(posixpath.join(posixpath.dirname(file), str(value)))
    if value and (not target.endswith(".toml") or target.startswith(("/", "../")) or {"$", "~"} & set(str(value))):
        raise WrongShape(f"{file}: extend = {value!r} leads out of what is read here")


def _ruff_table(file: str, text: str) -> dict[str, Any]:
    try:
        found: Any = load_toml(text)
    except WrongShape:
        return {}  # ruff cannot read it either
    for key in ("tool", "ruff") if posixpath.basename(file) == "pyproject.toml" else ():
        found = found.get(key)
        if not isinstance(found, dict):
            return {}
    return dict(found)


def _pairs(table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        yield key, value
        if isinstance(value, dict):
            yield from _pairs(value)
