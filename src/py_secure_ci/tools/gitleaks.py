"""gitleaks: secrets in the working tree and in the commits since the base (https://github.com/gitleaks/gitleaks).

The program comes from PATH. Its configuration is ours (its own default rules), so that a `.gitleaks.toml` steers
nothing; a `.gitleaksignore` is read all the same, hence what the log says it passed over because of it is a finding.
The log of level trace names each file that is scanned; status 77 is ours for leaks, 1 is also that of an error.
In a run with a base it searches the commits since then too: what they add and take away again is published all the
same. The second run listens to `gitleaks:allow` comments: what only the first one finds is counted, not reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from py_secure_ci.adapting.file_kinds import LOCKS
from py_secure_ci.adapting.git_history import git_environment, history_gaps, log_options, unread
from py_secure_ci.adapting.gitleaks_log import LEAKS, entries_of, ignored_of, is_below, paths_of
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.secret_files import secret, secret_rule, select_texts
from py_secure_ci.adapting.selection import project_path
from py_secure_ci.model import Confidence, Excluded, Finding, Gap, Location, Severity, Stage
from py_secure_ci.reading import field, position
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

GENERIC = "generic-api-key"  # a name and high entropy: a guess; every other rule knows the form of one secret


def _commands(task: Task) -> tuple[Command, ...]:
    canary = (task.scratch / "canary").as_posix()
    strict = ("-l", "trace", "--ignore-gitleaks-allow")
    runs = (("main", ".", strict), ("allowed", ".", ("-l", "error")), ("canary", canary, strict))
    commands = tuple(_command(task, name, where, options) for name, where, options in runs)
    if task.history is None or not task.history.base:
        return commands
    words = (*strict, f"--log-opts={log_options(task.history)}")
    history = replace(_command(task, "history", ".", words, "git"), env=git_environment())
    return (*commands, history)


def _command(task: Task, name: str, where: str, options: tuple[str, ...], mode: str = "dir") -> Command:
    config = (task.scratch / "gitleaks.toml").as_posix()
    report = ("-f", "json", "-r", "-", "--redact=100", "--no-banner", "--no-color", f"--exit-code={LEAKS}")
    argv = ("gitleaks", mode, where, "-c", config, *report, *options, *task.options.args)
    inputs = {"gitleaks.toml": "[extend]\nuseDefault = true\n"}
    # What it finds may be allowed by a comment, or lie where nothing is due: `_entries` holds status against report.
    either = frozenset({0, LEAKS})
    return Command(name=name, argv=argv, clean=either, found=either, inputs=inputs)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    entries = entries_of(main)
    scanned, skipped = paths_of(main.stderr)
    listened = {(one.rule, one.location) for one in _findings(entries_of(executions["allowed"]), task)}
    ignored = {_finding(task, path, rule, line) for path, rule, line in ignored_of(main.stderr)}
    found = [one for one in _findings(entries, task) if _due(one, task)]
    kept = [one for one in found if (one.rule, one.location) in listened]
    planted = _findings(entries_of(executions["canary"]), task)
    here = {(one.rule, one.location) for one in (*found, *ignored)}
    past = [one for one in _past(task, executions) if (one.rule, one.location) not in here]
    return Reading(
        findings=(*kept, *sorted((one for one in ignored if _due(one, task)), key=str), *past, *planted),
        rules=tuple(
            secret_rule(rule, rule.replace("-", " ").capitalize(), TOOL.uri)
            for rule in sorted({one.rule for one in (*kept, *ignored, *past)})
        ),
        looked_at=frozenset(file for file in task.files if file in scanned),
        excluded=tuple(Excluded(file, "gitleaks' own list of paths") for file in task.files if is_below(file, skipped)),
        gaps=_gaps(task, executions),
        notes=(f"Secrets passed over by `gitleaks:allow` comments: {hidden}.",)
        if (hidden := len(found) - len(kept))
        else (),
    )


def _gaps(task: Task, executions: Mapping[str, Execution]) -> tuple[Gap, ...]:
    if task.history is None or "history" not in executions:
        return unread(task.history)
    return history_gaps(task.history, executions["history"].stderr, "gitleaks")


def _past(task: Task, executions: Mapping[str, Execution]) -> Iterator[Finding]:
    """What commits added that is not in the tree as it is, and what `.gitleaksignore` hides of that."""
    if "history" not in executions:
        return
    what = "gitleaks' leak"
    told: list[tuple[str, str, str, object]] = [
        (*(field(one, key, str, what) for key in ("Commit", "File", "RuleID")), one.get("StartLine"))  # type: ignore[misc]
        for one in entries_of(executions["history"])
    ]
    for place, rule, number in ignored_of(executions["history"].stderr):
        commit, _, path = place.partition(":")
        told.append((commit, path, rule, number))
    for commit, path, rule, line in told:
        one = _finding(task, path, rule, line)
        if PurePosixPath(path).name not in LOCKS:
            said = f"{one.message}, added by commit {commit[:12]}"
            yield replace(one, message=said, anchor=f"{commit}:{path}:{rule}:{line}")


def _findings(entries: list[dict[str, Any]], task: Task) -> list[Finding]:
    what = "gitleaks' leak"
    return [
        _finding(task, field(one, "File", str, what), field(one, "RuleID", str, what), one.get("StartLine"))
        for one in entries
    ]


def _finding(task: Task, path: str, rule: str, line: object) -> Finding:
    rating = (Severity.MEDIUM, Confidence.LOW) if rule == GENERIC else (Severity.HIGH, Confidence.HIGH)
    location = Location(project_path(path, task.root), position(line, "gitleaks' StartLine"))
    return secret("gitleaks", rule, rule.replace("-", " "), rating, location)


def _due(one: Finding, task: Task) -> bool:
    return one.location is not None and one.location.path in task.files


TOOL = Tool(
    name="gitleaks",
    stage=Stage.SECRETS,
    about="finds secrets in the working tree, by the form of each kind",
    uri="https://github.com/gitleaks/gitleaks",
    commands=_commands,
    parse=_parse,
    select=select_texts,
    canary=planted("gitleaks", "github-pat"),
    source="path",
    history=True,
    text_only=True,
)
