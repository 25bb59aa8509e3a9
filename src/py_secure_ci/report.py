"""All outcomes of a run with their context, and the verdict that policy gives over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from py_secure_ci.model import Excluded, Finding, Gap, Rule, Stage
from py_secure_ci.pins import Component, Dependencies

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Hunk:
    """One replaced stretch of a file. A stretch of no lines stands after the line that `start` names."""

    old_start: int
    old_count: int
    start: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolInfo:
    """Which program gave an outcome. `source`: locked | project | path. `lock`: digest of its lock file.

    `config` is a digest of everything that tunes the tool (its settings files and its part of the YAML).
    """

    name: str
    stage: Stage
    version: str = ""
    source: str = ""
    lock: str = ""
    uri: str = ""
    config: str = ""
    project: str = ""  # in a report over several projects: whose tool, by folder; empty: the root project's

    @property
    def label(self) -> str:
        """The tool's name, and the project's where it is one of several."""
        return f"{self.name} in {self.project}" if self.project else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The tool looked, and proved it."""

    tool: ToolInfo
    findings: tuple[Finding, ...] = ()
    rules: tuple[Rule, ...] = ()
    looked_at: int = 0  # how many files, packages or tests
    unit: str = "files"
    gaps: tuple[Gap, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The tool gave no answer that can be trusted. `reason` names the cause, `hint` what to do."""

    tool: ToolInfo
    reason: str
    detail: str = ""  # the tool's own last words, cut and made harmless
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """There was nothing for the tool to look at (no workflow files, say). Never the word for a failure."""

    tool: ToolInfo
    reason: str
    excluded: tuple[Excluded, ...] = ()


Outcome = Completed | Failed | Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What was checked, and where. Paths in findings are relative to the project; `prefix` leads from the
    repository's root to the project (`examples/shop`, or empty).
    """

    project: str
    prefix: str = ""
    commit: str = ""
    tree: str = ""  # SHA-256 over the paths and bytes of every file that was due, uncommitted changes included
    time: str = ""  # of the commit, UTC, `YYYY-MM-DDTHH:MM:SS` without a zone; empty: not known
    branch: str = ""
    base: str = ""  # merge base that new findings are counted from
    base_source: str = ""  # cache | report | baseline | worktree | none
    host: str = "local"  # github | gitlab | local
    repository_uri: str = ""
    python: str = ""  # version of the project's interpreter, where there is one
    config_file: str = ""
    config_digest: str = ""
    advisories: str = ""  # where advisory data came from: `live` or `snapshot 2026-07-23`
    offline: bool = False
    projects: tuple[str, ...] = ()  # those that a report is over, by folder (`.`: the root); empty: one project alone
    committed: str = ""  # when the commit was made, `2026-11-22T10:00:00Z`; the only time that SBOMs may state


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """A `# py-secure-ci: ignore[rules] reason` comment. `problem` says why it does not suppress anything."""

    path: str
    line: int
    rules: tuple[str, ...] = ()  # globs over `tool/rule` or an advisory id
    reason: str = ""
    alone: bool = False  # nothing else on its line: it speaks of the next line
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run: outcomes in stage order, project-wide gaps, notes, and the dependencies that were read."""

    version: str  # of py-secure-ci
    context: Context
    outcomes: tuple[Outcome, ...]
    gaps: tuple[Gap, ...] = ()  # of the whole run: unreadable files, an interruption, …
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    dependencies: Dependencies = Dependencies()
    components: tuple[Component, ...] = ()  # what SBOM tools saw in the tree beyond the declarations
    changed: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)  # changed line ranges by path
    renames: Mapping[str, str] = field(default_factory=dict)  # path now -> path at the base
    inline: tuple[Inline, ...] = ()
    native_suppressions: Mapping[str, int] = field(default_factory=dict)  # `noqa`, `nosec`, … -> how many

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of every completed tool, in outcome order."""
        return tuple(
            finding for outcome in self.outcomes if isinstance(outcome, Completed) for finding in outcome.findings
        )


class Status(Enum):
    """The answer."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Policy's answer over a report.

    `status` is INCOMPLETE whenever anything due was not looked at, even if findings block too (`failed` says so).
    `findings` holds each finding once, judged: state and suppression set, duplicates merged, worst first.
    """

    status: Status
    failed: bool
    findings: tuple[Finding, ...]
    blocking: tuple[str, ...]  # fingerprints of the findings that block
    reasons: tuple[str, ...]  # why FAIL: one sentence each
    incomplete: tuple[str, ...]  # why INCOMPLETE: one sentence each
    fixed: tuple[str, ...] = ()  # fingerprints in the baseline that no completed tool reports any more
    warnings: tuple[str, ...] = ()  # unused or expired suppressions, and the like
    compared: str = ""  # what new findings were told from: a sentence

    @property
    def exit_status(self) -> int:
        """0 PASS, 1 FAIL, 3 INCOMPLETE."""
        return {Status.PASS: 0, Status.FAIL: 1, Status.INCOMPLETE: 3}[self.status]
