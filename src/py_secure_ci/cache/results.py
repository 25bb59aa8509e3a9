"""The desk of each tool: which answers are kept from earlier runs, and keeping the new ones."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from py_secure_ci.cache import keys, surroundings
from py_secure_ci.cache.kept import Kept, as_reading, by_file, from_text, is_of, to_text, whole
from py_secure_ci.cache.memory import ENDING, Memory
from py_secure_ci.cache.shelf import newer, read_shelf, write_shelf
from py_secure_ci.cache.tool_caches import Lent, lend
from py_secure_ci.report import Completed, Outcome, ToolInfo
from py_secure_ci.serial.writing import writer
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import Tree
from py_secure_ci.tool import Reading, Task, Tool

RESULTS, OWN = "results", "tool-caches"

_WORTH_KEEPING = 20  # files with findings; below that, assembling is as quick as reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The outcomes of a run with every finding complete."""

    outcomes: tuple[Outcome, ...]


@dataclass(slots=True)
class Desk:
    """What is kept for one tool under one set of circumstances. `whole`: the key of its one answer, if it has one."""

    tool: Tool
    task: Task
    shelf: Path
    key_of: Callable[[str], str]  # of a file
    unchanged: Callable[[Iterable[str]], bool]
    whole: str = ""
    inputs: tuple[str, ...] = ()  # files that the whole answer depends on
    used: dict[str, str] = field(default_factory=dict)

    def answer(self) -> Reading | None:
        """The whole answer, if it is kept."""
        text = self._texts().get(self.whole)
        kept = from_text(text, self.tool) if text else None
        if text is None or kept is None:
            return None
        self.used[self.whole] = text
        self._touch()
        return as_reading(kept)

    def known(self) -> Mapping[str, Kept]:
        """The files' own answers that are kept."""
        texts, found = self._texts(), {}
        plain: dict[str, Kept | None] = {}
        for path in self.task.files:
            key = self.key_of(path)
            text = texts.get(key) if key else None
            if text is None:
                continue
            kept = plain[text] if text in plain else plain.setdefault(text, from_text(text, self.tool))
            if kept is not None and is_of(kept, path):
                found[path] = kept
                self.used[key] = text
        self._touch()
        return found

    def keep_whole(self, reading: Reading) -> None:
        """Keep the whole answer, if it may be kept and nothing changed under the tool's hands."""
        kept = whole(reading, self.task, self.tool)
        if kept is not None and self.unchanged(self.inputs):
            self._write({self.whole: to_text(kept)})

    def keep_files(self, readings: Iterable[tuple[Task, Reading]]) -> None:
        """Keep what was said of each file."""
        new = {}
        for task, reading in readings:
            for path, kept in by_file(reading, task, self.tool).items():
                key = self.key_of(path)
                if key and self.unchanged((path,)):
                    new[key] = to_text(kept)
        if new:
            self._write(new)

    def _write(self, new: Mapping[str, str]) -> None:
        here = json.dumps(str(self.task.root))[1:-1]  # what speaks of a place on this machine is of no use elsewhere
        clean = {key: text for key, text in new.items() if here not in text}
        # Read again: another run may have written meanwhile. What gets lost between the two costs time, nothing else.
        write_shelf(self.shelf, newer(read_shelf(self.shelf), {**self.used, **clean}))

    def _texts(self) -> Mapping[str, str]:
        return {key: text for key, (_, text) in read_shelf(self.shelf).items()}

    def _touch(self) -> None:
        with contextlib.suppress(OSError):
            os.utime(self.shelf)  # the shelf that was used least recently is pruned first


class Results:
    """Answers below `folder`. `label` tells projects apart that would else push one another's answers out."""

    def __init__(self, folder: Path, tree: Tree, sources: Sources, label: str, *, advisories: str = "") -> None:
        """`advisories`: digest of the advisory data that is asked; empty if it is a live service."""
        self._folder, self._tree, self._sources, self._label = folder / RESULTS, tree, sources, label
        self._own = folder / OWN
        self._advisories = advisories
        self._product = keys.product()
        self._memory = Memory(self._folder, label, self._product)

    def desk(self, tool: Tool, info: ToolInfo, programs: Path | None, task: Task) -> Desk | None:
        """The desk of a tool for a task that covers all that it is due to look at; None: nothing may be kept."""
        names = keys.settings_names(tool, task)
        configs = {
            path: self._sources.text(path) or "" for path in self._tree.files if path.rpartition("/")[2] in names
        }
        if not self._product or keys.unsure(tool, info, task, configs):
            return None
        tuned = [self._product, self._label, keys.tuning(tool, info, programs, task)]
        shelf = self._folder / f"{tool.name}-{keys.digest(tuned)[:40]}{ENDING}"
        desk = Desk(tool, task, shelf, self._key, self._sources.unchanged)
        if tool.per_file:
            return desk
        desk.inputs = self._inputs(tool, task)
        inputs = self._whole(tool, task, desk.inputs)
        desk.whole = "" if inputs is None else keys.digest(inputs)
        return desk if desk.whole else None

    def assembled(self, joined: tuple[Outcome, ...], make: Callable[[], tuple[Outcome, ...]]) -> tuple[Outcome, ...]:
        """What `make` makes of these outcomes and of the files that they speak of: kept, if it was made before."""
        paths = {
            one.location.path
            for outcome in joined
            if isinstance(outcome, Completed)
            for one in outcome.findings
            if one.location
        }
        if not self._product or len(paths) < _WORTH_KEEPING:
            return make()
        digests = [(path, self._sources.digest(path)) for path in sorted(paths)]
        text = writer(Assembled)(Assembled(outcomes=joined))
        given = [digests, hashlib.sha256(text.encode()).hexdigest()]
        return self._memory.one(
            "assembled",
            Assembled,
            given,
            lambda: Assembled(outcomes=make()),
            lambda: self._sources.unchanged(path for path, found in digests if found),
        ).outcomes

    def own_cache(
        self, tool: Tool, info: ToolInfo, programs: Path | None, task: Task
    ) -> AbstractContextManager[Lent | None]:
        """A folder for the tool's own cache, if it may have one."""
        if info.source != "locked":
            return nullcontext()
        around = [str(task.root), str(task.python), keys.tuning(tool, info, programs, task)]
        digests = {path: self._sources.digest(path) or "" for path in self._inputs(tool, task)}
        planted = frozenset(Path(name).stem for name in (tool.canary.files if tool.canary else ()))
        return lend(self._own / f"{tool.name}-{keys.digest(around)[:40]}", task.root, digests, planted)

    def _key(self, path: str) -> str:
        found = self._sources.digest(path)
        name = path.encode("utf-8", "surrogateescape")
        return hashlib.sha256(f"{found}\0".encode() + name).hexdigest()[:40] if found else ""

    def _inputs(self, tool: Tool, task: Task) -> tuple[str, ...]:
        more = self._tree.scripts if tool.scripts else frozenset[str]()
        files = [path for path in self._tree.files if path.endswith(tool.depends_on or ()) or path in more]
        if tool.never_opens and not task.options.args:  # they may make it open what it never does by itself
            idle = re.compile(tool.never_opens).fullmatch
            files = [path for path in files if path in self._tree.binary or not idle(path.rpartition("/")[2])]
        return tuple(files)

    def _whole(self, tool: Tool, task: Task, inputs: tuple[str, ...]) -> object | None:
        if tool.needs_pins and not self._advisories:
            return None
        listed = keys.files((path, self._sources.digest(path)) for path in inputs)
        around: object = surroundings.folders(task.root) if inputs else []
        if tool.needs_environment:
            around = _environment(task, frozenset(self._tree.files))
        if listed is None or around is None:
            return None
        due = [path.encode("utf-8", "surrogateescape").hex() for path in task.files]
        return [listed, around, due, keys.pins(task), self._advisories if tool.needs_pins else ""]


def _environment(task: Task, known: frozenset[str]) -> object | None:
    stray = surroundings.strays(task.root, known)
    there = surroundings.installed(task.python, task.root) if task.python else []
    return None if stray is None or there is None else [stray, there]
