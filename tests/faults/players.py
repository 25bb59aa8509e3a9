"""How each tool is stood in for: which calls are whose, how it looks away, and what those say that cannot be run here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from py_secure_ci import all_tools
from py_secure_ci.model import Stage
from py_secure_ci.tool import Tool

# Reads names and texts that it is handed: there is no process that could misbehave.
NO_PROCESS = frozenset({"hygiene"})
TOOLS = tuple(tool for tool in all_tools.TOOLS if tool.name not in NO_PROCESS)
ANSWERS = Path(__file__).parent.parent / "tools"
OUTCOMES = r'("outcome": ")\w+'
WORDS = {
    "pytest": OUTCOMES,
    "unittest": OUTCOMES,
    "doctest": OUTCOMES,
    "detect-secrets": r'("type": ")[^"]+',
    "trivy": r'("Severity": ")[^"]+',
    "osv-scanner": r'("max_severity": ")[^"]+',
    "pre-commit": r"(\.{3}|\))(?:Passed|Failed|Skipped)",
}
USUAL_WORDS = r'("[a-z_]*severity": ")[^"]+'
NO_VULNERABILITY = ("pip-audit", "uv-audit", "trivy", "osv-scanner", "safety")
LOCKS = ("uv-lock", "poetry-lock", "pdm-lock")
# One program for several tools: the word that only the calls of this one have.
CALLS = {
    "uv-audit": "audit-command",
    "uv-lock": "--no-build",
    "pytest-benchmark": "--benchmark-",
    "unittest": "run_unittest",
    "doctest": "run_doctest",
    "django-check": "run_django",
}
# No program of these can be had everywhere, and each wants data (a database, a key) that no test machine has. What they
# say comes from their recordings: the word of a call -> the name that it has there.
TOLD = {
    "trivy": {"filesystem": "main", "version": "database"},
    "osv-scanner": {"scan": "main"},
    "safety": {"check": "main"},
}
VERSIONS = {"trivy": "Version: 0.59.1\n", "osv-scanner": "osv-scanner version: 2.2.4\n", "safety": "safety 3.8.1\n"}
KEY = "SAFETY_API_KEY"


def in_environment(tool: Tool) -> bool:
    """Runs by the project's own interpreter: that is then the program which misbehaves."""
    return tool.stage is Stage.TEST


def program_of(tool: Tool) -> str:
    """The file name of what stands in for it. `licences` is a script of ours, which our own interpreter runs."""
    if in_environment(tool):
        return "python"
    return "own-python" if tool.source == "ours" else tool.program or tool.name


def kept(tool: Tool) -> bool:
    """Comes from PATH only, but was there when somebody recorded it."""
    return tool.source == "path" and tool.name not in TOLD


def locked(tool: Tool) -> bool:
    """Can be installed by its lock."""
    return not tool.source and not in_environment(tool) and tool.name not in TOLD


def players(program: str) -> list[dict[str, Any]]:
    """One for each tool of a program: those with a word of their own first."""
    found = [player(tool) for tool in TOOLS if program_of(tool) == program]
    return sorted(found, key=lambda one: not one["call"])


def player(tool: Tool) -> dict[str, Any]:
    blindfold = "no vulnerability" if tool.name in NO_VULNERABILITY else "fits" if tool.name in LOCKS else "files"
    return {
        "player": tool.name,
        "call": CALLS.get(tool.name, ""),
        "blindfold": "passes" if tool.name == "pre-commit" else blindfold,
        "words": WORDS.get(tool.name, USUAL_WORDS),
        "told": told(tool.name),
        "fits": answer(tool.name, "clean", "main") if tool.name in LOCKS else {},
        "live": tool.source == "ours",
        "keep": kept(tool),
        "whole": tool.name == "pre-commit",  # its findings are blocks of lines: one more line is no finding
    }


def told(tool: str) -> dict[str, dict[str, Any]]:
    """Word -> answer."""
    answers = {word: answer(tool, "findings", name) for word, name in TOLD.get(tool, {}).items()}
    return {word: safety(one) for word, one in answers.items()} if tool == "safety" else answers


def answer(tool: str, case: str, name: str) -> dict[str, Any]:
    """What tests/tools has of a tool."""
    said = json.loads((ANSWERS / tool / case / "recorded.json").read_text("utf-8"))[name]
    files = {path: text(lines) for path, lines in said["files"].items()}
    return {"status": said["status"], "stdout": text(said["stdout"]), "stderr": text(said["stderr"]), "files": files}


def text(lines: list[str]) -> str:
    return "\n".join(lines).replace("/scratch", "@SCRATCH@")


def safety(said: Mapping[str, Any]) -> dict[str, Any]:
    """It was recorded for two packages; the third gets what it says of one of them."""
    report = json.loads(said["files"]["main.json"])
    known = report["vulnerabilities"][0]
    report["scanned_packages"]["urllib3"] = {"name": "urllib3", "version": "1.22", "requirements": []}
    more = {"package_name": "urllib3", "analyzed_version": "1.22", "vulnerability_id": "35662", "CVE": "CVE-2018-20060"}
    report["vulnerabilities"].append({**known, **more})
    return {**said, "files": {"main.json": json.dumps(report)}}
