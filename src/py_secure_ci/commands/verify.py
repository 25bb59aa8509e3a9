"""`verify`: whether the files of a run are still those that its evidence speaks of."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from py_secure_ci.commands.inside import inside
from py_secure_ci.commands.reports import read_report
from py_secure_ci.errors import ReportError
from py_secure_ci.evidence import EvidenceError, covered, differences, digest, evidence_text
from py_secure_ci.formats.escaping import one_line
from py_secure_ci.toolchain.places import LOCKS
from py_secure_ci.version import VERSION

MAX_BYTES = 256 * 1024 * 1024
REPORT = "report.json"


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print what differs; 0 when nothing does, 1 otherwise. Raises EvidenceError for a file that is no evidence."""
    path = Path(arguments.evidence)
    text = _read(path)
    statement = _parsed(path, text)
    files = covered(statement)
    wrong = [*_files(path.parent, files), *_statement(path.parent, files, text, statement), *_locks(statement)]
    if arguments.project:
        wrong += _project(arguments.project, statement, path.parent, environ)
    for line in wrong:
        print(f"differs: {one_line(line)}")
    for name in sorted(_uncovered(path, files)):
        print(f"note: {one_line(name)} is not covered by the evidence")
    if not wrong:
        print(f"{one_line(str(path))}: all {len(files)} files are as they were, and the evidence follows from them")
    return 1 if wrong else 0


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise EvidenceError(f"{path}: this file is too large to be evidence")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror}", hint="Name the evidence of a run.") from None
    except UnicodeDecodeError:
        raise EvidenceError(f"{path}: this is not UTF-8 text, so it is no evidence") from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{path}: this is not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise EvidenceError(f"{path}: this is no in-toto statement")
    return data


def _files(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    if REPORT not in files:
        yield f"{REPORT}: the evidence does not cover it"
    for name, expected in sorted(files.items()):
        place = inside(folder, name)
        if place is None:
            yield f"{name}: leads out of the folder"
            continue
        try:
            found = digest(place.read_bytes())
        except OSError as error:
            yield f"{name}: cannot be read: {error.strerror}"
            continue
        if found != expected:
            yield f"{name}: its SHA-256 is {found}, the evidence says {expected}"


def _statement(folder: Path, files: Mapping[str, str], text: str, statement: dict[str, Any]) -> Iterator[str]:
    """The evidence made again from the report must be the same, byte for byte."""
    try:
        again = evidence_text(*read_report(str(folder / REPORT)), files)
    except ReportError as error:
        yield f"the evidence cannot be made again: {error.message}"
        return
    if again == text:
        return
    found = list(differences(statement, json.loads(again)))
    yield from found or ["the evidence says the same as the report, but in other bytes than py-secure-ci writes"]


def _locks(statement: Mapping[str, Any]) -> Iterator[str]:
    """Tools of our own locks, where the evidence comes from this very version of py-secure-ci."""
    predicate = statement.get("predicate")
    if not isinstance(predicate, dict) or predicate.get("producer") != {"name": "py-secure-ci", "version": VERSION}:
        return
    ours = {digest(path.read_bytes()) for path in LOCKS.glob("*.lock")}
    tools = predicate.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        lock = tool.get("lock") if isinstance(tool, dict) and tool.get("source") == "locked" else None
        if isinstance(lock, dict) and lock and lock.get("sha256") not in ours:
            yield f"{tool.get('name')}: its lock is not one that this version of py-secure-ci carries"


def _project(path: str, statement: Mapping[str, Any], output: Path, environ: Mapping[str, str]) -> list[str]:
    """The tree at hand against the one that was checked."""
    from py_secure_ci.commands.project import open_project
    from py_secure_ci.commands.projects import members_of
    from py_secure_ci.commands.session import Session
    from py_secure_ci.judging.joining import tree_over
    from py_secure_ci.source.tree_digest import tree_digest

    predicate = statement.get("predicate")
    source = predicate.get("source", {}) if isinstance(predicate, dict) else {}
    with Session(environ) as session:
        project = open_project(path, None, output.absolute(), session)
        members = members_of(project, session)
        trees = [(one.folder, tree_digest(one.project.sources, one.project.tree.files)) for one in members]
        tree = {"sha256": tree_over(trees) if len(trees) > 1 else trees[0][1]}
        commit = project.tree.repository.commit if project.tree.repository else ""
    wrong = []
    if source.get("commit") != commit:
        wrong.append(f"{path} is at commit {commit or 'none'}, the evidence speaks of {source.get('commit') or 'none'}")
    if source.get("tree") != tree:
        wrong.append(f"{path}: its files are not those that were checked")
    return wrong


def _uncovered(path: Path, files: Mapping[str, str]) -> set[str]:
    known = {*files, path.name, ".gitignore"}
    return {one.name for one in path.parent.iterdir() if one.is_file()} - known
