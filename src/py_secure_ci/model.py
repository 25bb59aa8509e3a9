"""What a tool says, in our words: severities, places, rules, findings and coverage gaps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Stage(Enum):
    """What tools are for. The order is the order in every output."""

    __hash__ = object.__hash__  # that of Enum runs Python code, a million times over a large report

    LINT = "lint"
    FORMAT = "format"
    TYPE = "type"
    TEST = "test"
    SAST = "sast"
    SECRETS = "secrets"
    SCA = "sca"
    SBOM = "sbom"
    CI = "ci"


class Kind(Enum):
    """Which threshold judges a finding."""

    SECURITY = "security"
    QUALITY = "quality"


class Level(Enum):
    """How loud a finding is in SARIF, annotations and consoles."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Severity(Enum):
    """One table for everything: (word, kind, level, rank); a higher rank is worse, and sorts first.

    Security words follow CVSS v3.1 section 5; `unknown` is judged as high and told as unknown.
    """

    __hash__ = object.__hash__

    CRITICAL = ("critical", Kind.SECURITY, Level.ERROR, 90)
    HIGH = ("high", Kind.SECURITY, Level.ERROR, 80)
    UNKNOWN = ("unknown", Kind.SECURITY, Level.ERROR, 79)
    ERROR = ("error", Kind.QUALITY, Level.ERROR, 70)
    MEDIUM = ("medium", Kind.SECURITY, Level.WARNING, 60)
    WARNING = ("warning", Kind.QUALITY, Level.WARNING, 50)
    LOW = ("low", Kind.SECURITY, Level.NOTE, 40)
    NOTE = ("note", Kind.QUALITY, Level.NOTE, 30)
    INFO = ("info", Kind.SECURITY, Level.NOTE, 20)

    def __init__(self, word: str, kind: Kind, level: Level, rank: int) -> None:
        """Spread the row of the table over named attributes."""
        self.word = word
        self.kind = kind
        self.level = level
        self.rank = rank


class Confidence(Enum):
    """How sure the tool is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class State(Enum):
    """A finding against the baseline. `UNJUDGED` until policy has looked."""

    __hash__ = object.__hash__

    UNJUDGED = "unjudged"
    NEW = "new"
    EXISTING = "existing"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the project.

    `path` is POSIX and relative to the project's root once the pipeline has anchored it (adapters may
    give what the tool said, absolute or relative to the root). Lines and columns count from 1, columns
    in Unicode code points; `end_column` is exclusive (one past the last character).
    """

    path: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a tool says of one of its rules; texts are plain or Markdown, never HTML."""

    id: str
    name: str = ""
    summary: str = ""
    help: str = ""
    uri: str = ""
    cwe: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement that would fix a finding: put `text` where `location` is."""

    location: Location
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """A known vulnerability of one pinned package."""

    package: str
    version: str
    ids: tuple[str, ...]  # every alias, the preferred one (CVE, then GHSA, then PYSEC) first
    fixed_in: tuple[str, ...] = ()  # versions that the advisory names as fixed, ascending
    upgrade: str | None = None  # the lowest version free of every known vulnerability, if any
    allowed: bool | None = None  # whether the declared constraints allow `upgrade`; None: not known
    command: str = ""  # what gets there
    vector: str = ""  # CVSS vector
    score: float | None = None
    direct: bool | None = None
    via: tuple[str, ...] = ()  # shortest path from a direct dependency to the package, both ends included
    groups: tuple[str, ...] = ()  # extras and groups that ask for it
    imported_at: tuple[str, ...] = ()  # project files that import the package, `path:line`
    reach: str = ""  # imported | not-imported | unknown
    epss: float | None = None  # left open: no source yet
    kev: bool | None = None  # left open: no source yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Why a finding does not count. `source`: config | inline | tool."""

    source: str
    reason: str
    place: str = ""  # where it is written, `file:line`
    owner: str = ""
    expires: str = ""  # ISO date


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing one tool says.

    `message` holds no secret: adapters redact. `anchor` is the identity of a finding that is not a line
    (a test's id, `coverage`, a package). The fields below the mark are filled in after the tool was read.
    """

    tool: str
    rule: str
    severity: Severity
    message: str
    location: Location | None = None
    confidence: Confidence | None = None
    cwe: tuple[int, ...] = ()
    fix: str = ""
    edits: tuple[Edit, ...] = ()
    fixable: bool = False  # `run --fix` settles it
    advisory: Advisory | None = None
    secret: bool = False  # the code at the location may not be shown
    anchor: str = ""
    # --- filled in by the pipeline and by policy
    code: str = ""  # the source line as text, never for a secret
    before: tuple[str, ...] = ()  # the lines above `code`, and
    after: tuple[str, ...] = ()  # those below; empty wherever a secret could be near
    line_hash: str = ""  # GitHub's primaryLocationLineHash
    fingerprint: str = ""
    state: State = State.UNJUDGED
    upgrade: bool = False  # new because the tool, its rules or its settings changed, not the code
    suppression: Suppression | None = None
    also: tuple[str, ...] = ()  # `tool/rule` of other tools that saw the same defect
    project: str = ""  # in a report over several projects: whose finding, by folder; empty: the root project's

    @property
    def name(self) -> str:
        """The rule's full name, `tool/rule`."""
        return f"{self.tool}/{self.rule}"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a tool was due to look at and did not. `subject`: a path, a package or a service.

    `final`: what was lost on the way; nobody can answer for it (`policy.accepted_gaps` does not reach it).
    """

    subject: str
    reason: str
    line: int | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Excluded:
    """Something left out on purpose, and by whose word (`by`: `.py-secure-ci.yml`, `pyproject.toml`, …)."""

    subject: str
    by: str
