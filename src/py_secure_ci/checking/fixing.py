"""The safe fixers of the chosen tools, run one after another in a copy of the tree; the tree itself stays as it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from py_secure_ci.adapting.python_syntax import syntax_command, unparsable
from py_secure_ci.checking.execution import FAULTS, Workshop, run_command
from py_secure_ci.checking.failure import ToolFailure
from py_secure_ci.checking.planning import Plan
from py_secure_ci.config.settings import Options
from py_secure_ci.errors import PySecureCiError
from py_secure_ci.running.request import Request
from py_secure_ci.running.tree_guard import changed_since, tree_state
from py_secure_ci.tool import Task, Tool

SETTINGS = (".toml", ".cfg", ".ini", ".flake8", ".isort.cfg")


@dataclass(frozen=True, slots=True)
class Fix:
    """What becomes of one file, and by which tools."""

    path: str
    before: bytes
    after: bytes
    by: tuple[str, ...]


@dataclass(slots=True)
class Fixes:
    """All that the fixers did, sorted by path. `declined`: tool -> why nothing of it was taken."""

    fixes: tuple[Fix, ...] = ()
    declined: dict[str, str] = field(default_factory=dict)


def find_fixes(
    plans: Iterable[Plan],
    originals: Mapping[str, bytes],
    copy: Path,
    workshop_of: Callable[[Tool], Workshop],
    options_of: Callable[[str], Options],
) -> Fixes:
    """Run the fixer of every plan that has one over `originals`, written to the empty folder `copy`.

    A fixer is taken whole or not at all: one that fails, changes a file that is not its own, or leaves Python that can
    no longer be parsed, is declined, and its changes are undone before the next one runs.
    """
    bench = _Bench(copy, dict(originals), workshop_of, options_of)
    due = sorted((plan for plan in plans if plan.tool.fixer), key=lambda plan: plan.tool.fixer.turn)  # type: ignore[union-attr]
    for plan in due:
        bench.apply(plan)
    changed = sorted(path for path, data in bench.now.items() if data != originals[path])
    fixes = tuple(Fix(path, originals[path], bench.now[path], tuple(bench.by[path])) for path in changed)
    return Fixes(fixes, bench.declined)


class _Bench:
    def __init__(
        self,
        copy: Path,
        now: dict[str, bytes],
        workshop_of: Callable[[Tool], Workshop],
        options_of: Callable[[str], Options],
    ) -> None:
        self.copy, self.now = Path(os.path.realpath(copy)), now
        self._write()
        self.workshop_of, self.options_of = workshop_of, options_of
        self.by: dict[str, list[str]] = {}
        self.declined: dict[str, str] = {}
        self.settings = {path: data.decode("utf-8", "replace") for path, data in now.items() if path.endswith(SETTINGS)}

    def apply(self, plan: Plan) -> None:
        name, before = plan.tool.name, tree_state(self.copy, self.now)
        try:
            files = tuple(path for path in plan.files if path in self.now)
            self._run(plan.tool, self._task(plan, files))
            touched = set(changed_since(before, self.copy)) & self.now.keys()
            if strange := sorted(touched - set(files)):
                raise ToolFailure(f"changed {strange[0]}, which was not given to it")
            changed = {path: data for path in sorted(touched) if (data := self._read(path)) != self.now[path]}
            self._check_syntax(plan, changed)
        except ToolFailure as failure:
            self.declined[name] = f"{failure.message} {failure.detail[-300:].strip()}".strip()
            self._restore()
            return
        self.now.update(changed)
        for path in changed:
            self.by.setdefault(path, []).append(name)

    def _task(self, plan: Plan, files: tuple[str, ...]) -> Task:
        settings = {**self.settings, **plan.settings}
        return Task(
            root=self.copy, scratch=self.copy, files=files, settings=settings, options=self.options_of(plan.tool.name)
        )

    def _run(self, tool: Tool, bare: Task) -> None:
        workshop = self.workshop_of(tool)
        # The copy and the scratch folder are all that a fixer can write to.
        closed = replace(workshop, run=lambda request: workshop.run(self._closed(request)))
        for piece in tool.split(bare) if tool.split else (bare,):
            task = replace(piece, scratch=workshop.scratch())
            try:
                commands = tool.fixer.commands(task) if tool.fixer and task.files else ()
            except PySecureCiError as error:
                raise ToolFailure(error.message) from None
            except FAULTS as error:
                raise ToolFailure(f"cannot be asked about these files ({type(error).__name__}: {error})") from None
            for command in commands:
                run_command(tool, replace(command, found=frozenset()), task, closed)

    def _closed(self, request: Request) -> Request:
        return replace(request, readonly=(Path("/"),), writable=(*request.writable, self.copy))

    def _read(self, path: str) -> bytes:
        full = self.copy / path
        if os.path.realpath(full) != str(full) or not full.is_file():
            raise ToolFailure(f"took {path} away")
        return full.read_bytes()

    def _check_syntax(self, plan: Plan, changed: Mapping[str, bytes]) -> None:
        """What could be parsed must still be."""
        files = tuple(path for path in changed if path.endswith((".py", ".pyi", ".pyw")))
        if not files:
            return
        broken = self._broken(plan.tool, files)
        for path in broken:  # perhaps it was before
            (self.copy / path).write_bytes(self.now[path])
        if spoiled := sorted(set(broken) - set(self._broken(plan.tool, tuple(broken)))):
            raise ToolFailure(f"made {spoiled[0]} something that cannot be parsed")
        for path in broken:
            (self.copy / path).write_bytes(changed[path])

    def _broken(self, tool: Tool, files: tuple[str, ...]) -> Iterable[str]:
        if not files:
            return ()
        workshop = self.workshop_of(tool)
        task = Task(root=self.copy, scratch=workshop.scratch(), files=files)
        return unparsable(task, {"syntax": run_command(tool, syntax_command(task), task, workshop)})

    def _restore(self) -> None:
        shutil.rmtree(self.copy)
        self._write()

    def _write(self) -> None:
        for path, data in self.now.items():
            (self.copy / path).parent.mkdir(parents=True, exist_ok=True)
            (self.copy / path).write_bytes(data)
