"""What no schema can see in the YAML file, told with its line."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from py_secure_ci.config import projects
from py_secure_ci.config.licence_policy import licence_policy
from py_secure_ci.config.settings import CustomTool
from py_secure_ci.config.yaml_source import KeyPath, YamlSource
from py_secure_ci.errors import ConfigError

_MADE_LATER = frozenset({"pytest-benchmark"})  # whose file a run may have to make first


def check_meaning(source: YamlSource, custom: tuple[CustomTool, ...], exists: Callable[[str], bool]) -> None:
    """Raise ConfigError for stages that cannot run, commands that are none, files that are not there."""
    _refuse_switched_off(source, custom)
    _refuse_empty(source, custom)
    _check_licences(source)
    _check_commands(source)
    _check_files(source, exists)


def _refuse_switched_off(source: YamlSource, custom: tuple[CustomTool, ...]) -> None:
    """A stage that is off, and a tool or report of the user's own in it: one of the two is a mistake."""
    stages = source.data.get("stages") or {}
    for one in custom:
        if stages.get(one.stage.value) is False:
            path: tuple[str | int, ...] = ("import",) if one.path else ("tools", one.name)
            raise ConfigError(
                f"{source.place(path)}: {one.path or one.name} belongs to the stage {one.stage.value}, which is off.",
                hint=f"Take `{one.stage.value}: false` away, or give it another stage.",
            )


def _refuse_empty(source: YamlSource, custom: tuple[CustomTool, ...]) -> None:
    """A stage whose list of tools is empty would silently not run."""
    others = {one.stage.value for one in custom}
    for name, said in (source.data.get("stages") or {}).items():
        if isinstance(said, dict) and said.get("tools") == [] and "licences" not in said and name not in others:
            raise ConfigError(
                f"{source.place(('stages', name, 'tools'))}: with this list empty the stage has nothing to run.",
                hint=f"Name a tool, or write `{name}: false` to switch the stage off.",
            )


def _check_files(source: YamlSource, exists: Callable[[str], bool]) -> None:
    """A tool's own file that is not there: the tool would end with words that name no line.

    With several projects it is looked for in the folder of each, so that nothing can be said here.
    """
    if source.data.get("projects"):
        return
    for name, said in (source.data.get("tools") or {}).items():
        path = said.get("config", "")
        if path and name not in _MADE_LATER and not exists(path):
            raise ConfigError(
                f"{source.place(('tools', name, 'config'))}: there is no file {path!r}.",
                hint="Name an existing file, relative to the project's folder.",
            )


def _check_commands(source: YamlSource) -> None:
    """A command that no shell could read, here or in one of the projects."""
    places: list[KeyPath] = [(), *(("projects", at) for at, _, _ in projects.entries(source))]
    for place in places:
        data: Any = source.data
        for key in place:
            data = data[key]
        said = (data.get("environment") or {}).get("install") if isinstance(data, dict) else None
        if isinstance(said, str):
            _words(said, source.place((*place, "environment", "install")))


def _words(command: str, place: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(
            f"{place}: {command!r} is no command: {str(error).lower()}", hint="Close every quotation mark."
        ) from None
    if not words:
        raise ConfigError(f"{place}: this is empty.", hint="Write `auto`, `none`, or a command.")
    return words


def _check_licences(source: YamlSource) -> None:
    """Licences that are none are a mistake of the YAML, to be told with their line."""
    stage = (source.data.get("stages") or {}).get("sca")
    if isinstance(stage, dict) and "licences" in stage:
        licence_policy(stage["licences"], lambda key: source.place(("stages", "sca", "licences", key)))
