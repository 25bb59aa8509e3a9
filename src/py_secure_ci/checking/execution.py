"""One tool's work from command line to outcome: plant, run, read, and believe nothing that was not proved."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from py_secure_ci.checking.accounting import Tally, settle
from py_secure_ci.checking.failure import Stopped, ToolFailure, TooSlow
from py_secure_ci.checking.merging import merge
from py_secure_ci.checking.proof import CANARY_FOLDER, proved
from py_secure_ci.checking.time_budget import OutOfTime, in_halves
from py_secure_ci.errors import PySecureCiError, WrongShape
from py_secure_ci.model import Gap, Stage
from py_secure_ci.pins import Pin
from py_secure_ci.report import Completed, Failed, Outcome, ToolInfo
from py_secure_ci.running.request import Ended, Request
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

MAX_OUTPUT = 64 * 1024 * 1024
MAX_FINDINGS = 200_000
_TIMED_OUT = "timed out"  # how the runner's word for it begins
# What the project's own code may write to besides its scratch folder; what of ours lies in there is closed again.
OPEN_TO_TESTS = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108
# What an adapter may raise over names and outputs that nobody foresaw. It is the tool's failure, never the whole run's.
FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What running a tool needs. `programs`: folder of the tool's programs. `usage` is told each process's cost."""

    info: ToolInfo
    programs: Path | None
    run: Callable[[Request], Ended]
    environment: Callable[[Path, bool], Mapping[str, str]]  # (scratch, network) -> a child's environment
    scratch: Callable[[], Path]  # a new empty folder
    usage: Callable[[str, str, Ended], None]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)  # further variables, never to be shown
    guarded: tuple[Path, ...] = ()  # folders that no child may change, whatever it may do to the tree
    spread: Callable[[Callable[[Task], Reading], tuple[Task, ...]], Iterable[Reading]] = map
    slot: Callable[[float], AbstractContextManager[None]] = lambda _seconds: nullcontext()


_STOPPED = {_TIMED_OUT: TooSlow, "interrupted": Stopped}


def run_tool(tool: Tool, tasks: tuple[Task, ...], workshop: Workshop, due: Tally) -> tuple[Outcome, Reading]:
    """The outcome of a tool over all its tasks, and what it said (for artifacts and components)."""
    try:
        return conclude(tool, attempt(tool, tasks, workshop), workshop.info, due)
    except ToolFailure as failure:
        return failed(workshop.info, failure.message, failure.detail, failure.hint), Reading()


def attempt(tool: Tool, tasks: tuple[Task, ...], workshop: Workshop) -> list[Reading]:
    """A reading of each task. Raises ToolFailure if one of them cannot be trusted."""
    return list(workshop.spread(lambda task: _read(tool, task, workshop), tasks))


def conclude(tool: Tool, readings: list[Reading], info: ToolInfo, due: Tally) -> tuple[Completed, Reading]:
    """The outcome of a tool over all its readings, and these as one. Raises ToolFailure."""
    reading = merge(readings)
    if len(reading.findings) > MAX_FINDINGS:
        raise ToolFailure(
            f"reported {len(reading.findings):,} findings; more than {MAX_FINDINGS:,} cannot be judged",
            hint="Exclude generated files, or choose fewer rules.",
        )
    return settle(tool, reading, info, due), reading


def _read(tool: Tool, task: Task, workshop: Workshop) -> Reading:
    """One task's reading, put together from several where a slow file made halves necessary."""

    def once(part: Task) -> Reading:
        try:
            return _run_task(tool, part, workshop)
        except TooSlow as failure:
            raise OutOfTime(failure.message) from failure

    try:
        return merge(in_halves(task, once)) if tool.per_file else _run_task(tool, task, workshop)
    except OutOfTime as slow:
        raise slow.__cause__ or slow from None


def failed(info: ToolInfo, reason: str, detail: str = "", hint: str = "") -> Failed:
    """A Failed outcome with the detail cut to its last lines."""
    return Failed(tool=info, reason=reason, detail=_last_words(detail), hint=hint)


def _run_task(tool: Tool, bare: Task, workshop: Workshop) -> Reading:
    task = replace(bare, scratch=workshop.scratch())
    try:
        return _run_planted(tool, _plant(tool, task), workshop)
    except ToolFailure as failure:
        failure.message, failure.detail = (_without_paths(text, task) for text in (failure.message, failure.detail))
        raise


def _without_paths(text: str, task: Task) -> str:
    """No folder of this machine or of this very run in a report."""
    return text.replace(str(task.scratch), "<scratch>").replace(f"{task.root}{os.sep}", "").replace(str(task.root), ".")


def _run_planted(tool: Tool, task: Task, workshop: Workshop) -> Reading:
    try:
        commands = tool.commands(task)
    except PySecureCiError as error:
        raise ToolFailure(error.message, hint=error.hint) from None
    except FAULTS as error:
        raise ToolFailure(f"cannot be asked about these files ({type(error).__name__}: {error})") from None
    try:
        executions = {command.name: run_command(tool, command, task, workshop) for command in commands}
    except TooSlow as failure:
        if task.budget is None:
            raise
        return Reading(
            looked_at=frozenset(), gaps=tuple(Gap(file, f"{tool.name} {failure.message}") for file in task.files)
        )
    try:
        reading = tool.parse(task, executions)
    except WrongShape as error:
        raise ToolFailure(
            f"wrote something that cannot be trusted: {error.message}", detail=_stderr(executions)
        ) from None
    except FAULTS as error:
        raise ToolFailure(
            f"wrote something of an unknown shape ({type(error).__name__}: {error})", detail=_stderr(executions)
        ) from None
    return proved(tool, task, commands, executions, reading)


def _plant(tool: Tool, task: Task) -> Task:
    canary = tool.canary
    if canary is None:
        return task
    paths = []
    for name, text in canary.files.items():
        path = task.scratch / CANARY_FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        paths.append(str(path))
    return replace(task, canaries=tuple(paths), canary_pin=_canary_pin(canary.pins, task))


def _canary_pin(candidates: tuple[tuple[str, str], ...], task: Task) -> Pin | None:
    """The first candidate that the project does not pin itself; where it pins them all, the adapter asks apart."""
    taken = {pin.name for pin in task.pins}
    free = [one for one in candidates if one[0] not in taken] or list(candidates)
    if not free:
        return None
    name, version = free[0]
    return Pin(name=name, version=version, file=str(task.scratch / CANARY_FOLDER / "pins.txt"), line=1)


def run_command(tool: Tool, command: Command, task: Task, workshop: Workshop) -> Execution:
    """What came of one command. Raises ToolFailure if it did not end by itself with a status of an answer."""
    for name, text in command.inputs.items():
        path = task.scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")
    with workshop.slot(task.expected):
        ended = _without_secrets(workshop.run(_request(command, task, workshop)), workshop.secrets)
    workshop.usage(tool.name, command.name, ended)
    said = (ended.stderr or ended.stdout).decode("utf-8", "replace")
    if ended.problem:
        kind = next((kind for words, kind in _STOPPED.items() if ended.problem.startswith(words)), ToolFailure)
        raise kind(ended.problem, detail=said, hint=_hint(ended.problem, tool))
    if ended.status is None or ended.status not in command.clean | command.found:
        meaning = f" ({said_so})" if (said_so := command.statuses.get(ended.status or 0)) else ""
        raise ToolFailure(f"ended with exit status {ended.status}, which is not an answer{meaning}", detail=said)
    try:
        stdout = ended.stdout.decode("utf-8")
    except UnicodeDecodeError:
        raise ToolFailure("wrote bytes that are not UTF-8 text", detail=said) from None
    return Execution(
        status=ended.status,
        stdout=stdout,
        stderr=ended.stderr.decode("utf-8", "replace"),
        files={
            name: _masked(made, workshop.secrets)
            for name in command.outputs
            if (made := _output(task.scratch / name)) is not None
        },
    )


def _without_secrets(ended: Ended, secrets: Mapping[str, str]) -> Ended:
    """What a process said, without the keys that it was handed."""
    for value in filter(None, secrets.values()):
        key = value.encode("utf-8", "surrogateescape")
        ended = replace(ended, stdout=ended.stdout.replace(key, b"****"), stderr=ended.stderr.replace(key, b"****"))
    return ended


def _masked(text: str, secrets: Mapping[str, str]) -> str:
    for value in filter(None, secrets.values()):
        text = text.replace(value, "****")
    return text


def _request(command: Command, task: Task, workshop: Workshop) -> Request:
    program = command.argv[0]
    if not os.path.isabs(program):
        program = str(_program(workshop.programs, program))
    return Request(
        argv=(program, *command.argv[1:]),
        cwd=task.scratch if command.in_scratch else task.root,
        env={**workshop.environment(task.scratch, command.network), **command.env, **workshop.secrets},
        stdin=command.stdin.encode("utf-8", "surrogateescape"),
        timeout=task.options.timeout if task.budget is None else task.budget,
        network=command.network,
        max_output=MAX_OUTPUT,
        readonly=_closed(command, task, workshop),
        writable=tuple(path for path in (*_opened(workshop), task.scratch, task.cache) if path is not None),
    )


def _closed(command: Command, task: Task, workshop: Workshop) -> tuple[Path, ...]:
    """What a child cannot change. Tests are a stranger's code: to them everything is closed that is not opened."""
    everything = (Path("/"),) if workshop.info.stage is Stage.TEST else ()
    return (*everything, *(() if command.writes_tree else (task.root,)), *workshop.guarded)


def _opened(workshop: Workshop) -> tuple[Path, ...]:
    return open_to_tests() if workshop.info.stage is Stage.TEST else ()


def open_to_tests() -> tuple[Path, ...]:
    """Where everybody may write, as far as that holds on this machine."""
    return tuple(path for path in OPEN_TO_TESTS if os.access(path, os.W_OK))


def _program(folder: Path | None, name: str) -> Path:
    if folder is None:
        raise ToolFailure(f"there is no folder to find the program {name!r} in")
    windows = folder / f"{name}.exe"
    return windows if windows.exists() else folder / name


def _output(path: Path) -> str | None:
    """The text of a file that a tool was told to write; a link or an endless file in its place is a failure."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise ToolFailure(f"put something that is not a file at {path.name}")
    if status.st_size > MAX_OUTPUT:
        raise ToolFailure(f"wrote {status.st_size:,} bytes to {path.name}; the limit is {MAX_OUTPUT:,}")
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise ToolFailure(f"wrote bytes that are not UTF-8 text to {path.name}") from None


def _hint(problem: str, tool: Tool) -> str:
    if problem.startswith(_TIMED_OUT):
        return f"Give it more time (tools.{tool.name}.timeout), or exclude what makes it slow."
    if problem.startswith("could not be started"):
        return "Run `py-secure-ci doctor` to see which tools are installed and from where."
    return ""


def _stderr(executions: Mapping[str, Execution]) -> str:
    return "\n".join(one.stderr for one in executions.values() if one.stderr)


def _last_words(text: str, lines: int = 20, width: int = 400) -> str:
    kept = [line[:width] for line in re.split(r"\r\n|\r|\n", text.strip()) if line.strip()]
    return "\n".join(kept[-lines:])
