"""The YAML file as frozen settings, defaults filled in."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from packaging.utils import canonicalize_name

from py_secure_ci.config import policy_settings, projects, schema_errors
from py_secure_ci.config.custom import CUSTOM_KEYS, custom_names, custom_tools, imported
from py_secure_ci.config.licence_policy import licence_policy
from py_secure_ci.config.policy_schema import POLICY_SCHEMA
from py_secure_ci.config.schema import config_schema
from py_secure_ci.config.settings import (
    AdvisorySettings,
    Config,
    CustomTool,
    EnvironmentSettings,
    Options,
    ProjectEntry,
    StageSettings,
)
from py_secure_ci.config.yaml_source import KeyPath, YamlSource, read_yaml
from py_secure_ci.errors import ConfigError
from py_secure_ci.model import Stage

DEFAULT_FILE = ".py-secure-ci.yml"
_MADE_LATER = frozenset({"pytest-benchmark"})  # whose file a run may have to make first
DEFAULT_OPTIONS: Mapping[Stage, Mapping[str, object]] = {Stage.TEST: {"coverage": 80}}


def load_config(
    raw: bytes | None,
    file: str,
    tools: Mapping[str, Stage],
    defaults: Mapping[Stage, tuple[str, ...]],
    expand: Callable[[str], tuple[str, ...]] = lambda _pattern: (),
    exists: Callable[[str], bool] = lambda _path: True,
) -> Config:
    """Settings from the bytes of a YAML file, or from none.

    `tools`: every known tool and its stage. `defaults`: those of each stage when the YAML says nothing.
    `expand`: the files (root-relative) that a pattern of `import` fits. `exists`: whether there is such a file.
    Raises ConfigError with `file:line: key` for whatever is wrong.
    """
    digest = hashlib.sha256(raw or b"").hexdigest()
    if raw is None:
        return Config(stages=_stages({}, defaults), digest=digest)
    source = read_yaml(raw, file)
    own = custom_names(source.data, tools)
    known = {**tools, **own}
    schema_errors.check(source, config_schema(known, POLICY_SCHEMA, own))
    custom = custom_tools(source.data, own) + imported(source.data, known, expand)
    _refuse_switched_off(source, custom)
    _refuse_empty(source, custom)
    _check_licences(source)
    _check_commands(source)
    _check_files(source, exists)
    names = (*known, *(one.name for one in custom))
    config = _config(source.data, defaults, custom, names, _placer(source), file, digest)
    run = tuple(one for one in custom if not one.path)
    members = tuple(
        ProjectEntry(
            pattern=pattern,
            config=_config(
                projects.inherited(source.data, said),
                defaults,
                run,
                names,
                projects.places(source, at, said),
                file,
                digest,
            ),
            own=bool(said),
            place=source.place(("projects", at)),
        )
        for at, pattern, said in projects.entries(source)
    )
    return replace(config, projects=members)


def _config(
    data: Mapping[str, Any],
    defaults: Mapping[Stage, tuple[str, ...]],
    custom: tuple[CustomTool, ...],
    names: tuple[str, ...],
    place: Callable[[KeyPath], str],
    file: str,
    digest: str,
) -> Config:
    return Config(
        stages=_stages(data.get("stages") or {}, defaults, custom),
        tools={name: _options(values or {}) for name, values in (data.get("tools") or {}).items()},
        custom=custom,
        exclude=tuple(data.get("exclude") or ()),
        environment=_environment(data.get("environment") or {}),
        advisories=_advisories(data),
        policy=policy_settings.build(data.get("policy") or {}, place, tools=names),
        file=file,
        digest=digest,
    )


def _placer(source: YamlSource) -> Callable[[tuple[str | int, ...]], str]:
    return lambda path: f"{source.file}:{source.line(('policy', *path))}"


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
    """A tool's own file that is not there: the tool would end with words that name no line."""
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


def _stages(
    data: Mapping[str, Any], defaults: Mapping[Stage, tuple[str, ...]], custom: tuple[CustomTool, ...] = ()
) -> Mapping[Stage, StageSettings]:
    result: dict[Stage, StageSettings] = {}
    for stage in Stage:
        said = data.get(stage.value, True)
        if said is False:
            continue
        options: dict[str, object] = dict(DEFAULT_OPTIONS.get(stage, {}))
        names = defaults.get(stage, ())
        if isinstance(said, dict):
            names = tuple(said.get("tools", names))
            names = (*names, *(("licences",) if "licences" in said else ()))  # a policy that nobody checks is none
            options |= {key: value for key, value in said.items() if key not in ("tools", "public")}
        names = tuple(dict.fromkeys((*names, *(one.name for one in custom if one.stage is stage))))
        if names:
            result[stage] = StageSettings(tools=names, options=options)
    return result


def _options(data: Mapping[str, Any]) -> Options:
    given = {key: value for key, value in data.items() if key not in CUSTOM_KEYS}
    if "args" in given:
        given["args"] = tuple(given["args"])
    return Options(**given)


def _environment(data: Mapping[str, Any]) -> EnvironmentSettings:
    install = data.get("install", "auto")
    if isinstance(install, str) and install not in ("auto", "none"):
        install = shlex.split(install)
    return EnvironmentSettings(
        python=data.get("python", "auto"), install=tuple(install) if isinstance(install, list) else install
    )


def _advisories(data: Mapping[str, Any]) -> AdvisorySettings:
    stage = (data.get("stages") or {}).get("sca")
    given = stage.get("advisories") if isinstance(stage, dict) else None
    names = stage.get("public", ()) if isinstance(stage, dict) else ()
    return AdvisorySettings(**(given or {}), public=tuple(sorted({canonicalize_name(one) for one in names})))
