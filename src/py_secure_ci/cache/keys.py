"""What an answer depends on, as digests; and when it cannot be told, so that nothing is kept."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path, PurePosixPath

from py_secure_ci.report import ToolInfo
from py_secure_ci.serial.codec import to_data
from py_secure_ci.tool import Task, Tool
from py_secure_ci.version import VERSION

_PACKAGE = Path(__file__).parent.parent
_PARTS = re.compile(r"[=,:]")


def digest(words: object) -> str:
    """sha256 of JSON data, in hexadecimal."""
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


@cache
def product() -> str:
    """Our own version and the bytes of our own code: another adapter may read the same words otherwise.

    Empty if the code is not in files that can be read.
    """
    found = hashlib.sha256(VERSION.encode())
    count = 0
    for folder, names, files in os.walk(_PACKAGE):
        names[:] = sorted(name for name in names if name != "__pycache__")
        for name in sorted(files):
            if name.endswith(".py"):
                path = Path(folder, name)
                found.update(f"{path.relative_to(_PACKAGE)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
                count += 1
    return found.hexdigest() if count else ""


def tuning(tool: Tool, info: ToolInfo, programs: Path | None, task: Task) -> object:
    """Everything but files, pins and environment: the tool, its lock and interpreter, its settings, its canary."""
    options = {key: value for key, value in asdict(task.options).items() if key != "timeout"}
    canary = asdict(tool.canary) if tool.canary else {}
    return [
        [tool.name, tool.stage.value, info.version, info.source, info.lock],
        programs.parent.name if programs else "",  # the environment's folder is named by lock and interpreter
        dict(task.settings),
        {**options, "settings": _plain(options["settings"])},
        _plain(task.stage_options),
        {**canary, "expect": sorted(canary.get("expect", ()))},
        task.offline,
    ]


def pins(task: Task) -> object:
    """The pins that are due, whole: findings name their files and lines."""
    return [to_data(pin) for pin in task.pins]


def files(digests: Iterable[tuple[str, str | None]]) -> object | None:
    """Paths with their content; None if one cannot be read."""
    listed = list(digests)
    return None if any(found is None for _, found in listed) else listed


def unsure(tool: Tool, info: ToolInfo, task: Task, configs: Mapping[str, str]) -> str:
    """Why nothing of this tool can be kept, or an empty string.

    `configs`: every file of the tree that bears the name of one of the tool's settings files, with its text.
    """
    if not tool.per_file and tool.depends_on is None:
        return "what it depends on is not known"
    if info.source != "locked" or not info.lock:
        return "its programs are not locked"
    if task.options.config and task.options.config not in task.settings:
        return "its configuration file is not one of the project's"
    if any(_names_a_file(word, task.root) for word in task.options.args):
        return "an argument may name a file"
    if tool.leads_out and any(re.search(tool.leads_out, text, re.MULTILINE) for text in configs.values()):
        return "its configuration leads out of the tree"
    return ""


def settings_names(tool: Tool, task: Task) -> frozenset[str]:
    """The names, without folders, of files that steer the tool."""
    return frozenset(PurePosixPath(name).name for name in (*tool.settings, task.options.config) if name)


def _names_a_file(word: str, root: Path) -> bool:
    """Whether any part of an argument is the name of something that exists, or may be a pattern of names."""
    parts = [word, *_PARTS.split(word)]
    parts += [part[2:] for part in parts if part.startswith("-") and not part.startswith("--")]
    parts += [part.lstrip("@") for part in parts]
    try:
        return any(part.strip("./") and (root / part).exists() for part in parts) or ".." in word
    except (OSError, ValueError):
        return True


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else repr(value)
