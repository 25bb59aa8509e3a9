"""The project's mypy configuration: found as mypy finds it, and made harmless."""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.errors import WrongShape

CONFIGS = ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")  # in mypy's order of precedence
ALWAYS = CONFIGS[:2]  # count even without a section for mypy

# What our command line decides, what would write outside the scratch folder, and what would start programs.
# fmt: off
_DROPPED = frozenset({
    "bazel", "cache_dir", "cache_fine_grained", "cache_map", "color_output", "debug_cache", "error_summary",
    "exclude", "exclude_gitignore", "explicit_package_bases", "export_ref_info", "fine_grained_incremental",
    "files", "hide_error_codes", "incremental", "inspections", "install_types", "junit_format", "junit_xml",
    "line_checking_stats", "logical_deps", "modules", "namespace_packages", "non_interactive", "num_workers",
    "output", "packages", "pdb", "pretty", "python_executable", "quickstart_file", "raise_exceptions",
    "shadow_file", "show_absolute_path", "show_column_numbers", "show_error_code_links", "show_error_codes",
    "show_error_context", "show_error_end", "show_traceback", "skip_cache_mtime_checks", "skip_version_check",
    "sqlite_cache", "timing_stats", "use_builtins_fixtures", "verbosity", "warn_unused_configs",
})
# fmt: on
_DROPPED_PATTERN = re.compile(r".*_report|dump_.*|mypyc_.*")


@dataclass(frozen=True, slots=True)
class MypyConfig:
    """`name`: the file, empty for none. `options`: the main section. `overrides`: (module patterns, options)."""

    name: str = ""
    options: Mapping[str, Any] = ()  # type: ignore[assignment]
    overrides: tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...] = ()

    def words(self, key: str) -> tuple[str, ...]:
        """Read a list of the main section, however it is written."""
        return split_words(dict(self.options).get(key, ()))


def split_words(value: object) -> tuple[str, ...]:
    """Split a list that stands as an array, or in one string with commas or line breaks between."""
    if isinstance(value, str):
        return tuple(word.strip() for word in re.split(r"[,\n]", value) if word.strip())
    return tuple(str(word) for word in value) if isinstance(value, list | tuple) else ()


def find(settings: Mapping[str, str], named: str = "") -> MypyConfig:
    """Read the configuration that mypy would choose, or the one named. A broken one raises `WrongShape`."""
    if named and named not in settings:
        raise WrongShape(f"mypy's configuration {named} cannot be read")
    for name in (named,) if named else CONFIGS:
        if name not in settings:
            continue
        config = _toml(name, settings[name]) if name.endswith(".toml") else _ini(name, settings[name])
        if config is not None:
            return config
    return MypyConfig(options={})


def _toml(name: str, text: str) -> MypyConfig | None:
    table = tool_table(text, "mypy") if "mypy" in text else None
    if table is None:
        return None
    overrides = table.pop("overrides", [])
    if not isinstance(overrides, list) or not all(isinstance(one, dict) and "module" in one for one in overrides):
        raise WrongShape(f"{name}: tool.mypy.overrides should be a list of tables with a `module` each")
    return MypyConfig(
        name,
        table,
        tuple(
            (split_words(one["module"]), {key: value for key, value in one.items() if key != "module"})
            for one in overrides
        ),
    )


def _ini(name: str, text: str) -> MypyConfig | None:
    if name == "setup.cfg" and "[mypy]" not in text:
        return None
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text, name)
    except configparser.Error as error:  # mypy itself only warns, and runs without it
        raise WrongShape(f"{name} cannot be read: {error}") from None
    if "mypy" not in parser and name not in ALWAYS:
        return None
    return MypyConfig(
        name,
        dict(parser["mypy"]) if "mypy" in parser else {},
        tuple(
            (split_words(section.removeprefix("mypy-")), dict(parser[section]))
            for section in parser.sections()
            if section.startswith("mypy-")
        ),
    )


def harmless(config: MypyConfig, root: str, *, plugins: bool) -> str:
    """Write the configuration anew as an ini or TOML file (by `config.name`), without what may not be.

    Paths relative to the configuration's folder are made absolute with `root`; plugins are code of the project,
    and stay only if `plugins` allows it.
    """
    toml = config.name.endswith(".toml")
    line = _toml_line if toml else _ini_line
    head, override = ("[tool.mypy]", "[[tool.mypy.overrides]]") if toml else ("[mypy]", "")
    lines = [head, *(line(key, value) for key, value in _kept(config.options, root, plugins=plugins))]
    for modules, options in config.overrides:
        lines += [override, _toml_line("module", list(modules))] if toml else [f"[mypy-{','.join(modules)}]"]
        lines += [line(key, value) for key, value in _kept(options, root, plugins=False)]
    return "\n".join(lines) + "\n"


def _kept(options: Mapping[str, Any], root: str, *, plugins: bool) -> list[tuple[str, Any]]:
    kept = []
    for key, value in options.items():
        if key in _DROPPED or _DROPPED_PATTERN.fullmatch(key) or (key == "plugins" and not plugins):
            continue
        if key == "plugins":
            words = [f"{root}/{one}" if one.endswith(".py") and one[0] != "/" else one for one in split_words(value)]
            value = words if isinstance(value, list) else ",".join(words)  # noqa: PLW2901
        kept.append((key, _with_folder(value, root)))
    return kept


def _with_folder(value: Any, root: str) -> Any:
    if isinstance(value, str):
        return re.sub(r"\$MYPY_CONFIG_FILE_DIR\b|\$\{MYPY_CONFIG_FILE_DIR\}", lambda _: root, value)
    return [_with_folder(one, root) for one in value] if isinstance(value, list) else value


def _ini_line(key: str, value: object) -> str:
    return f"{key} = {str(value).replace(chr(10), chr(10) + '    ')}"


def _toml_line(key: str, value: object) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return f"{json.dumps(key)} = [{', '.join(json.dumps(one, ensure_ascii=False) for one in value)}]"
    if isinstance(value, str | bool | int | float):
        return f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}"
    raise WrongShape(f"pyproject.toml: tool.mypy.{key} has a value that mypy knows no use for")
