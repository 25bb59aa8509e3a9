"""Which files mypy is due to check: what its configuration chooses, else all but tests and docs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from py_secure_ci.adapting.module_names import module_names
from py_secure_ci.adapting.mypy_config import MypyConfig, find
from py_secure_ci.adapting.selection import with_suffix
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded
from py_secure_ci.path_globs import ANY, first_places, pattern
from py_secure_ci.tool import Selection

ANYWHERE = frozenset({"tests", "docs", "doc", "examples", "example"})
AT_THE_ROOT = frozenset({"test", "testing", "benchmark", "benchmarks"})  # below, these may be packages that are shipped
SCRIPTS = frozenset({"setup.py", "conftest.py", "noxfile.py"})
DEFAULT = "mypy's default scope (tests, docs and examples are left out; [mypy] files = … decides otherwise)"


def select(files: tuple[str, ...], settings: Mapping[str, str]) -> Selection:
    """Divide the Python files into due and excluded; see the module's own words."""
    python = with_suffix(files, frozenset({".py", ".pyi"}))
    try:
        config = find(settings)
    except WrongShape:  # told, with its reason, when the command is made
        return Selection(python)
    names = module_names(python)
    reason = _reasons(config, names)
    reasons = {file: reason(file) for file in python}
    return Selection(
        tuple(file for file in python if not reasons[file]),
        tuple(Excluded(file, said) for file, said in reasons.items() if said),
    )


def _reasons(config: MypyConfig, names: Mapping[str, str]) -> Callable[[str], str]:
    chosen = [_path_pattern(one) for one in config.words("files")]
    modules = (*config.words("packages"), *config.words("modules"))
    excludes = [_compiled(one, config.name) for one in _excludes(config)]
    silent = [
        (_module_pattern(section), key)
        for sections, options in config.overrides
        for key, word in (("ignore_errors", "true"), ("follow_imports", "skip"))
        for section in sections
        if str(options.get(key, "")).lower() in {word, "1", "yes", "on"}
    ]

    def reason(file: str) -> str:
        name = names[file]
        for section, key in silent:
            if key == "ignore_errors" and section.fullmatch(name):
                return f"{config.name} ({key} for {name})"
        if any(one.search(file) for one in excludes):
            return f"{config.name} (exclude)"
        if not chosen and not modules:
            return DEFAULT if _outside(file) else ""
        wanted = any(one.fullmatch(file) for one in chosen) or any(
            name == one or name.startswith(f"{one}.") for one in modules
        )
        return "" if wanted else f"{config.name} (files)"

    return reason


def _excludes(config: MypyConfig) -> tuple[str, ...]:
    value = config.options.get("exclude", ())
    if isinstance(value, str):  # one expression, which may hold commas; in an ini file it may span lines
        return (value.strip(),) if value.strip() else ()
    return tuple(str(one) for one in value)


def _compiled(expression: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        raise WrongShape(f"{where}: mypy's exclude is no regular expression: {error}") from None


def _outside(file: str) -> bool:
    *folders, name = file.split("/")
    return (
        bool(ANYWHERE.intersection(folders))
        or (folders[:1] != [] and folders[0] in AT_THE_ROOT)
        or name == "conftest.py"
        or (not folders and name in SCRIPTS)
    )


def _path_pattern(path: str) -> re.Pattern[str]:
    """`files` names files and folders, with the wildcards of glob; a folder means everything below it."""
    clean = re.sub(r"^(\./)+|/+$", "", path.strip().replace("$MYPY_CONFIG_FILE_DIR/", ""))
    if clean in {"", "."}:
        return re.compile(r".*", re.DOTALL)
    return pattern(f"/{clean}")


def _module_pattern(section: str) -> re.Pattern[str]:
    """A section's pattern: `a.*` is `a` and everything below it."""
    first, *rest = section.split(".")
    pieces = [ANY if first == "*" else re.escape(first)]
    for part in rest:
        pieces += [r"(?=\.|\Z)", ANY] if part == "*" else [rf"\.{re.escape(part)}"]
    return re.compile(first_places(pieces, ""), re.DOTALL)
