"""evidence.intoto.json: an in-toto statement over a run, made of its report and the digests of every file it wrote.

Everything in it follows from those files, so that it can be made again and compared. It is not signed: the platform
that ran the job does that. Its schema is `schemas/evidence.schema.json`. https://github.com/in-toto/attestation
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from py_secure_ci.errors import UsageError
from py_secure_ci.model import Finding, State
from py_secure_ci.report import Completed, Outcome, Report, Verdict
from py_secure_ci.taxonomies.exercised import control_views

NAME = "evidence.intoto.json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:py-secure-ci:evidence:v1"
COMMIT = "git-commit"  # the name of the subject that is a commit


class EvidenceError(UsageError):
    """A file given as evidence is none, or is damaged beyond reading."""


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def evidence_text(report: Report, verdict: Verdict, files: Mapping[str, str]) -> str:
    """The statement; `files`: name -> SHA-256 of every other file of the run."""
    statement = {
        "_type": STATEMENT,
        "subject": _subjects(report, files),
        "predicateType": PREDICATE,
        "predicate": _predicate(report, verdict),
    }
    return json.dumps(statement, indent=1, sort_keys=True) + "\n"


def covered(statement: Mapping[str, Any]) -> dict[str, str]:
    """Name -> SHA-256 of the files that a statement covers. Raises EvidenceError if it is not one of ours."""
    if statement.get("_type") != STATEMENT or statement.get("predicateType") != PREDICATE:
        raise EvidenceError("this is no evidence of py-secure-ci", hint=f"Name the {NAME} of a run.")
    files: dict[str, str] = {}
    subjects = statement.get("subject")
    for one in subjects if isinstance(subjects, list) else [None]:
        name, digests = (one.get("name"), one.get("digest")) if isinstance(one, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(digests, dict) or name in files:
            raise EvidenceError("the list of subjects is damaged")
        if isinstance(sha256 := digests.get("sha256"), str):
            files[name] = sha256
    return files


def differences(given: Any, expected: Any, path: str = "") -> Iterator[str]:
    """The places in which two JSON values differ, as `a.b[0]`."""
    if isinstance(given, dict) and isinstance(expected, dict):
        for key in sorted({*given, *expected}):
            step = f"{path}.{key}" if path else key
            if key not in given or key not in expected:
                yield f"{step}: only in {'the evidence' if key in given else 'the report'}"
            else:
                yield from differences(given[key], expected[key], step)
    elif isinstance(given, list) and isinstance(expected, list) and len(given) == len(expected):
        for index, (one, other) in enumerate(zip(given, expected, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif type(given) is not type(expected) or given != expected:
        yield f"{path}: the evidence says {_short(given)}, the report {_short(expected)}"


def _short(value: Any) -> str:
    return json.dumps(value)[:80]


def _subjects(report: Report, files: Mapping[str, str]) -> list[dict[str, Any]]:
    subjects: list[dict[str, Any]] = [{"name": name, "digest": {"sha256": files[name]}} for name in sorted(files)]
    if report.context.commit:
        subjects.append({"name": COMMIT, "digest": {"gitCommit": report.context.commit}})
    return subjects


def _predicate(report: Report, verdict: Verdict) -> dict[str, Any]:
    context = report.context
    return {
        "producer": {"name": "py-secure-ci", "version": report.version},
        "source": {
            "project": context.project,
            "prefix": context.prefix,
            "repository": context.repository_uri,
            "commit": context.commit,
            "branch": context.branch,
            "tree": {"sha256": context.tree} if context.tree else {},
        },
        "configuration": {"file": context.config_file, "digest": context.config_digest},
        "compared_with": {"base": context.base, "source": context.base_source, "told": verdict.compared},
        "advisories": {"source": context.advisories, "offline": context.offline},
        "tools": [_tool(outcome) for outcome in report.outcomes],
        "not_checked": [{"subject": gap.subject, "reason": gap.reason} for gap in report.gaps],
        "excluded": [{"subject": one.subject, "by": one.by} for one in report.excluded],
        "controls": [{"id": view.control.id, "shown": view.shown.value} for view in control_views(report, verdict)],
        "verdict": _verdict(verdict),
    }


def _tool(outcome: Outcome) -> dict[str, Any]:
    tool = outcome.tool
    data: dict[str, Any] = {
        "name": tool.name,
        "stage": tool.stage.value,
        "version": tool.version,
        "source": tool.source,
        "lock": {"sha256": tool.lock.removeprefix("sha256:")} if tool.lock else {},
        "configuration": tool.config,
        "outcome": type(outcome).__name__.lower(),
    }
    if isinstance(outcome, Completed):
        gaps = [{"subject": gap.subject, "reason": gap.reason} for gap in outcome.gaps]
        return {**data, "looked_at": outcome.looked_at, "unit": outcome.unit, "not_checked": gaps}
    return {**data, "reason": outcome.reason}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    def count(state: State | None, suppressed: bool) -> int:
        return sum(_is(one, state, suppressed) for one in verdict.findings)

    return {
        "status": verdict.status.value,
        "exit_status": verdict.exit_status,
        "reasons": list(verdict.reasons),
        "incomplete": list(verdict.incomplete),
        "blocking": len(verdict.blocking),
        "new": count(State.NEW, False),
        "known": count(State.EXISTING, False),
        "suppressed": count(None, True),
        "fixed": len(verdict.fixed),
    }


def _is(finding: Finding, state: State | None, suppressed: bool) -> bool:
    return (finding.suppression is not None) is suppressed and (state is None or finding.state is state)
