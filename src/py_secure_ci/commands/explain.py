"""`explain`: what a rule means, why it matters, how to fix and how to suppress it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from py_secure_ci.commands.project import DEFAULT_OUTPUT
from py_secure_ci.commands.reports import read_report
from py_secure_ci.commands.session import Session
from py_secure_ci.errors import ToolchainError, WrongShape
from py_secure_ci.formats.escaping import visible
from py_secure_ci.judging.explain import Explanation, explain, resolve, ruff_explanation
from py_secure_ci.output import CANONICAL
from py_secure_ci.report import Report
from py_secure_ci.running.request import Request
from py_secure_ci.toolchain import Toolchain


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the explanation. A report that is named, or lies where `run` puts it, adds what tools say themselves."""
    report = _report(arguments.report)
    name = resolve(arguments.rule, report)
    from_ruff = _ask_ruff(name, environ) if name.startswith("ruff/") else None
    print(visible(explain(name, report, from_ruff=from_ruff), keep="\n"))
    return 0


def _report(given: str | None) -> Report | None:
    usual = Path(DEFAULT_OUTPUT) / CANONICAL
    if given is None and not os.path.isfile(usual):
        return None
    return read_report(given or str(usual))[0]


def _ask_ruff(name: str, environ: Mapping[str, str]) -> Explanation | None:
    """Ruff ships the documentation of its rules; None where it cannot be asked."""
    with Session(environ) as session:
        try:
            found = Toolchain(session.tools, environ, run=session.run).install("ruff")
        except ToolchainError:
            return None
        folder = session.new_folder()
        argv = (str(found.bin / "ruff"), "rule", "--output-format", "json", name.removeprefix("ruff/"))
        env = session.environment(folder, False)
        ended = session.run(Request(argv=argv, cwd=folder, env=env, timeout=30.0))
    if ended.problem or ended.status != 0:
        return None
    try:
        return ruff_explanation(ended.stdout.decode("utf-8", "replace"))
    except WrongShape:
        return None
