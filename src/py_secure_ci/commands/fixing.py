"""`run --fix`: let the chosen tools fix what they safely can, show it, and write it to files that are committed."""

from __future__ import annotations

import argparse
import difflib
import os
import tempfile
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from py_secure_ci.checking.execution import Workshop
from py_secure_ci.checking.failure import ToolFailure
from py_secure_ci.checking.fixing import Fix, find_fixes
from py_secure_ci.checking.planning import Plan, plan
from py_secure_ci.commands.checking import findings_of
from py_secure_ci.commands.configuration import default_tools
from py_secure_ci.commands.installing import Installer
from py_secure_ci.commands.project import Project, tools_by_name
from py_secure_ci.commands.session import Session
from py_secure_ci.config.settings import StageSettings
from py_secure_ci.errors import OutputError, ToolchainError
from py_secure_ci.formats.escaping import code_line, cut, one_line
from py_secure_ci.formats.judged import plural
from py_secure_ci.model import Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.report import Completed
from py_secure_ci.running.tree_guard import changed_since, tree_state
from py_secure_ci.source.committed import committed
from py_secure_ci.source.sources import Sources
from py_secure_ci.tool import Tool

MAX_LINES = 2_000  # of all diffs
_LONGEST = 400  # characters of a line


def fix_project(project: Project, stages: tuple[Stage, ...], arguments: argparse.Namespace, session: Session) -> None:
    """Find the fixes in a copy, print them, and write those that may be written. Raises OutputError if one cannot."""
    originals = {path: data for path in project.tree.files if (data := project.sources.raw(path)) is not None}
    tools = tools_by_name(project.config)
    plans = plan(project.config, tools, stages, project.tree, project.sources, Dependencies())
    due = [one for one in plans if isinstance(one, Plan) and one.tool.fixer]
    before = {} if session.runner.sandbox.readonly else tree_state(project.root, originals)
    found = find_fixes(due, originals, session.new_folder(), _workshops(project, session), project.config.options)
    if changed := changed_since(before, project.root):
        raise OutputError(f"{changed[0]} changed while the fixers ran on their copy: nothing was written")
    if session.interrupted:
        return
    clean = committed(project.git, {one.path: one.before for one in found.fixes})
    writable = {one.path for one in found.fixes} if arguments.allow_dirty else clean
    refused = {one.path: why for one in found.fixes if (why := _refusal(one, project, writable))}
    print("\n".join(_told(found.fixes, refused, _with_secrets(project, found.fixes, arguments, session))))
    for name, why in found.declined.items():
        print(one_line(f"{name}: its fixes were not taken: {cut(why, 500)}"))
    written = [one for one in found.fixes if one.path not in refused and not session.interrupted]
    for one in written:
        _write(project.root / one.path, one)
    print(f"{plural(len(written), 'file')} fixed, {len(refused)} left alone.\n", flush=True)


class _workshops:
    """Where each tool's fixer runs; asked once for each tool."""

    def __init__(self, project: Project, session: Session) -> None:
        self._installer, self._session = Installer(project, session), session
        self._made: dict[str, Workshop] = {}

    def __call__(self, tool: Tool) -> Workshop:
        if tool.name not in self._made:
            try:
                installed = self._installer.install(tool, None)
            except ToolchainError as error:
                raise ToolFailure(error.message, hint=error.hint) from None
            self._made[tool.name] = Workshop(
                info=installed.info,
                programs=installed.programs,
                run=self._session.run,
                environment=self._session.environment,
                scratch=self._session.new_folder,
                usage=lambda _tool, _name, _ended: None,
            )
        return self._made[tool.name]


def _refusal(fix: Fix, project: Project, writable: Container[str]) -> str:
    """Why a file is left alone; empty: it is not."""
    full = project.root / fix.path
    try:
        if os.path.realpath(full, strict=True) != str(full) or full.read_bytes() != fix.before:
            return "it is not the file that was looked at"
    except OSError:
        return "it cannot be read any more"
    return "" if fix.path in writable else "it is not as the last commit has it; commit it, or say --allow-dirty"


def _with_secrets(
    project: Project, fixes: tuple[Fix, ...], arguments: argparse.Namespace, session: Session
) -> Mapping[str, str]:
    """The files whose lines are not shown, and why: each in which a secret was found, or could not be looked for."""
    paths = tuple(one.path for one in fixes)
    if not paths:
        return {}
    stage = project.config.stages.get(Stage.SECRETS) or StageSettings(tools=default_tools()[Stage.SECRETS])
    part = replace(
        project,
        tree=replace(project.tree, files=paths, binary=frozenset()),
        sources=Sources(project.root, paths),
        config=replace(project.config, stages={**project.config.stages, Stage.SECRETS: stage}),
    )
    report = findings_of(part, (Stage.SECRETS,), arguments, session)
    answers = [one for one in report.outcomes if isinstance(one, Completed)]
    if not answers:
        return dict.fromkeys(paths, "the search for secrets failed")
    unread = {gap.subject: "no search for secrets could read it" for one in answers for gap in one.gaps}
    found = {at.path: "a secret stands in it" for one in answers for each in one.findings if (at := each.location)}
    return {**unread, **found}


def _told(fixes: tuple[Fix, ...], refused: Mapping[str, str], hidden: Mapping[str, str]) -> Iterator[str]:
    """What becomes of each file, and its diff."""
    room = MAX_LINES
    for one in fixes:
        why = f"left alone: {refused[one.path]}" if one.path in refused else f"fixed by {', '.join(one.by)}"
        yield one_line(f"── {one.path} ({why})")
        if one.path in hidden:
            yield f"   not shown: {hidden[one.path]}"
            continue
        lines = list(_diff(one))
        yield from lines[:room]
        if len(lines) > room:
            yield f"   … {plural(len(lines) - room, 'line')} more: see `git diff`"
        room = max(0, room - len(lines))


def _diff(fix: Fix) -> Iterator[str]:
    old, new = (data.decode("utf-8", "replace").splitlines() for data in (fix.before, fix.after))
    for line in list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]:
        yield f"  {code_line(cut(line, _LONGEST))}"


def _write(full: Path, fix: Fix) -> None:
    """The whole new file in the place of the old one, with its mode."""
    status = full.stat()
    try:
        handle, temporary = tempfile.mkstemp(dir=full.parent, prefix=f".{full.name[:50]}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(fix.after)
            Path(temporary).chmod(status.st_mode & 0o7777)
            with suppress(OSError, AttributeError):  # root alone may give a file away
                os.chown(temporary, status.st_uid, status.st_gid)
            Path(temporary).replace(full)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"{fix.path}: the fix cannot be written: {error.strerror}") from None
