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
from py_secure_ci.config.load_checks import check_meaning
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
from py_secure_ci.model import Stage

DEFAULT_FILE = ".py-secure-ci.yml"
DEFAULT_OPTIONS: Mapping[Stage, Mapping[str, object]] = {Stage.TEST: {"coverage": 80}}


def load_config(
    raw: bytes | None,
    file: str,
    tools: Mapping[str, Stage],
    defaults: Mapping[Stage, tuple[str, ...]],
    expand: Callable[[str], tuple[str, ...]] = lambda _pattern: (),
    exists: Callable[[str], bool] = lambda _path: True,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Config:
    """Settings from the bytes of a YAML file, or from none.

    `tools`: every known tool and its stage. `defaults`: those of each stage when the YAML says nothing.
    `expand`: the files (root-relative) that a pattern of `import` fits. `exists`: whether there is such a file.
    `settings`: what may be set of each tool (see `config_schema`).
    Raises ConfigError with `file:line: key` for whatever is wrong.
    """
    digest = hashlib.sha256(raw or b"").hexdigest()
    if raw is None:
        return Config(stages=_stages({}, defaults), digest=digest)
    source = read_yaml(raw, file)
    own = custom_names(source.data, tools)
    known = {**tools, **own}
    schema_errors.check(source, config_schema(known, POLICY_SCHEMA, own, settings))
    custom = custom_tools(source.data, own) + imported(source.data, known, expand)
    check_meaning(source, custom, exists)
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
