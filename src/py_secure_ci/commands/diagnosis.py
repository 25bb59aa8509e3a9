"""What would run, with which versions, and what is missing: everything that `doctor` prints."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.commands.configuration import find_config, project_root
from py_secure_ci.commands.keys import given
from py_secure_ci.config.settings import Config
from py_secure_ci.errors import PySecureCiError, ToolchainError
from py_secure_ci.formats.escaping import one_line
from py_secure_ci.running.runner import Runner
from py_secure_ci.running.sandbox import Sandbox
from py_secure_ci.running.scratch import scratch
from py_secure_ci.tool import Tool
from py_secure_ci.toolchain import Toolchain
from py_secure_ci.toolchain.places import LOCKS, cache_folder
from py_secure_ci.toolchain.release import is_released
from py_secure_ci.version import VERSION

_FOUND, _MISSING = 0, 3


def diagnose(arguments: argparse.Namespace, environ: Mapping[str, str], sandbox: Callable[[], Sandbox]) -> int:
    """0 if everything that the configuration names is there or can be installed on first need, else 3.

    `sandbox` tells which one children get here; it is asked last, since it may have to wait for the answer.
    """
    config = find_config(project_root(arguments.path), arguments.config)
    cache = cache_folder(environ)
    toolchain = Toolchain(cache, environ)
    print(f"py-secure-ci {VERSION} on Python {sys.version.split()[0]}")
    print(f"cache:   {cache}")
    print(f"config:  {config.file or 'none: every default'}")
    print(f"git:     {shutil.which('git', path=environ.get('PATH')) or 'missing: every file counts as due'}")
    broken = list(_install(cache, environ)) if arguments.install else []
    found = sandbox()
    print(f"sandbox: {found.level.value}. {found.why}".rstrip())
    missing = [line for tool in TOOLS for line in _tell(tool, config, toolchain, environ)]
    for line in broken:
        print(one_line(line), file=sys.stderr)
    return _MISSING if broken or missing else _FOUND


def _install(cache: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Install every locked tool; what cannot be is told."""
    names = sorted({tool.lock or tool.name for tool in TOOLS if tool.default and not tool.source})
    with Runner() as runner:  # one for all: each of their own would take as long as a small tool
        installed = Toolchain(cache, environ, run=runner.run).install_many(names)
    for name, made in installed.items():
        if isinstance(made, ToolchainError):
            yield f"{name}: {made.message} {made.hint}".rstrip()


def _tell(tool: Tool, config: Config, toolchain: Toolchain, environ: Mapping[str, str]) -> Iterator[str]:
    """Print one line; yield it too if the tool is wanted and cannot be had."""
    wanted = tool.stage in config.stages and tool.name in config.stages[tool.stage].tools
    source = tool.source or config.options(tool.name).source
    version, state, there = _state(tool, source, toolchain, environ)
    line = f"{'*' if wanted else ' '} {tool.stage.value:8} {tool.name:16} {version or '-':12} {source:8} {state}"
    print(one_line(line))
    if wanted and not there:
        yield line


def _state(tool: Tool, source: str, toolchain: Toolchain, environ: Mapping[str, str]) -> tuple[str, str, bool]:
    if source == "ours":
        return VERSION, "a check of our own", True
    if tool.of_python:
        return "", "part of the project's Python", True
    if source == "project":
        return "", "the project's own copy, found when it runs", True
    try:
        given(tool, environ)
        if source == "path":
            with scratch() as folder:
                found = toolchain.from_path(tool.name, program=tool.program or tool.name, cwd=folder)
            return found.version, str(found.bin), True
        status = toolchain.lookup(tool.lock or tool.name)
    except PySecureCiError as error:
        if tool.source == "path" and is_released(tool.name, LOCKS):
            return "", "not on PATH: its official release is fetched on first need", True
        return "", error.message, False
    return status.version, "installed" if status.installed else "installed on first need", True
