"""kingfisher: secrets in any text file (https://github.com/mongodb/kingfisher).

Never `--validate`, update checks or alerts: nothing is sent to anybody. Files are given by name, comments and words
that hide findings do not count, and its audit names each file with how its scan ended, which is what was looked at.
Status 200 means findings. A first JSON document is the report, a second one a summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.secret_files import secret, secret_rule, select_texts
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Confidence, Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_dict, field, load_json, position, word
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

CONFIDENCES = {"high": Confidence.HIGH, "medium": Confidence.MEDIUM, "low": Confidence.LOW}
OPTIONS = (
    *("--format=json", "--no-validate", "--no-update-check", "--redact", "--git-history=none", "--no-ignore"),
    *("--no-ignore-if-contains", "--no-dedup", "--no-extract-archives", "--no-limits", "--jobs=1"),
)


def _commands(task: Task) -> tuple[Command, ...]:
    files = (*(argument(file) for file in task.files), *task.canaries)
    cache = ("--rule-cache-dir", (task.cache or task.scratch / "cache" / "kingfisher").as_posix())
    return (Command(argv=("kingfisher", "scan", *OPTIONS, *cache, *task.options.args, *files), found=frozenset({200})),)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main, what = executions["main"], "kingfisher's report"
    first, _, second = main.stdout.strip().partition("\n")
    report = as_dict(load_json(first, what), what)
    entries = [as_dict(one, what) for one in field(report, "findings", list, what)]
    count = field(as_dict(load_json(second, "its summary"), "its summary"), "findings", int, "its summary")
    if count != len(entries) or (main.status == 200) != bool(entries):
        raise WrongShape(f"kingfisher ended with exit status {main.status} and {len(entries)} of {count} findings")
    audited = field(field(report, "audit", dict, what), "repositories", list, what)
    scans = dict(_scan(as_dict(one, what), task) for one in audited)
    return Reading(
        findings=tuple(_finding(one, task) for one in entries),
        rules=tuple({one["rule"]["id"]: _rule(one) for one in entries}.values()),
        looked_at=frozenset(file for file in task.files if scans.get(file) == "completed"),
        gaps=tuple(
            Gap(file, f"kingfisher's scan of it ended as {scans[file]!r}")
            for file in task.files
            if file in scans and scans[file] != "completed"
        ),
    )


def _scan(one: dict[str, Any], task: Task) -> tuple[str, str]:
    what = "kingfisher's audit"
    path = project_path(field(one, "key", str, what).removeprefix("local:"), task.root)
    return path, field(field(one, "scan", dict, what), "status", str, what)


def _finding(one: dict[str, Any], task: Task) -> Finding:
    what = "kingfisher's finding"
    rule, found = field(one, "rule", dict, what), field(one, "finding", dict, what)
    confidence = word(CONFIDENCES, field(found, "confidence", str, what), "kingfisher's confidence")
    return secret(
        "kingfisher",
        field(rule, "id", str, what),
        field(rule, "name", str, what),
        (Severity.HIGH, confidence),
        Location(project_path(field(found, "path", str, what), task.root), position(found.get("line"), what)),
    )


def _rule(one: dict[str, Any]) -> Rule:
    rule = field(one, "rule", dict, "kingfisher's finding")
    return secret_rule(str(rule["id"]), str(rule["name"]), TOOL.uri)


TOOL = Tool(
    name="kingfisher",
    stage=Stage.SECRETS,
    about="finds secrets in any text file, by the form of each kind",
    uri="https://github.com/mongodb/kingfisher",
    commands=_commands,
    parse=_parse,
    select=select_texts,
    canary=planted("kingfisher", "betterleaks.github-pat"),
    distribution="kingfisher-bin",
    split=pieces,
    own_cache=True,
    text_only=True,
)
