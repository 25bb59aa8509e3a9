"""What advisory data adds to what tools say of pins: one finding a vulnerability, the way out, what nobody saw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from py_secure_ci.advisories import enrich
from py_secure_ci.advisories.gaps import gaps, unreported
from py_secure_ci.advisories.public_names import PublicNames
from py_secure_ci.advisories.record import Record
from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.commands.project import Project
from py_secure_ci.dependencies.imports import reach_of, read_imports
from py_secure_ci.model import Gap
from py_secure_ci.pins import Dependencies, Pin
from py_secure_ci.report import Completed

ADVISERS = {tool.name: tool for tool in TOOLS if tool.canary is not None and tool.canary.pins}
_MOST = 50  # advisories that a live service is asked about once more


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A live service: the records that it gave, and whether an advisory that it did not give still covers a version."""

    records: Mapping[str, Mapping[str, Record]]
    still_covers: Callable[[Record, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joiner:
    """Fills in the outcomes of the tools that are asked about pins.

    `gaps`: those of our data, no matter for a tool with data of its own. `live`: None where a snapshot answers.
    """

    project: Project
    dependencies: Dependencies
    snapshot: Snapshot
    public: Callable[[], PublicNames]
    gaps: tuple[Gap, ...] = ()
    live: Live | None = None

    def __call__(self, outcome: Completed) -> Completed:
        """The outcome with every finding complete; another tool's outcome as it is."""
        tool = ADVISERS.get(outcome.tool.name)
        if tool is None:
            return outcome
        snapshot = self.snapshot.with_records(self.live.records) if self.live else self.snapshot
        python = tuple(path for path in self.project.tree.files if path.endswith(".py"))
        reach = reach_of(read_imports(python, lambda path: self.project.sources.text(path) or ""))
        lost, gone = self._unreported(outcome, own=tool.own_advisories)
        public = self.public()
        reported = {one.advisory.package for one in outcome.findings if one.advisory}
        public = replace(public, known=frozenset(public.known) | reported)
        findings = (
            *enrich.advise(outcome.findings, self.dependencies, snapshot, reach),
            *(() if tool.own_advisories else enrich.stale_locks(self.dependencies, outcome.tool.name)),
        )
        return replace(
            outcome,
            findings=findings,
            rules=enrich.rules(findings),
            gaps=(
                *outcome.gaps,
                *(() if tool.own_advisories else self.gaps),
                *gaps(self.dependencies, snapshot, public),
                *lost,
            ),
            notes=(*outcome.notes, *gone),
        )

    def _unreported(self, outcome: Completed, *, own: bool) -> tuple[list[Gap], list[str]]:
        """What the snapshot knows and the answer lacks: gaps, and notes where the service has withdrawn it.

        `own`: the tool has data of its own, of which nobody can tell whether it knows better.
        """
        unasked = {gap.subject for gap in outcome.gaps}
        pins = (pin for pin in self.dependencies.pins if f"{pin.file}: {pin.name}=={pin.version}" not in unasked)
        missing = unreported(outcome.findings, pins, self.snapshot)
        if own:
            return [], [f"{gap.subject}: {gap.reason} (its own data may know better)" for _, _, gap in missing]
        if self.live is None:
            return [gap for _, _, gap in missing], []
        covered = self._covered(missing, self.live)
        lost = [gap for pin, record, gap in missing if (record.id, pin.version) in covered]
        gone = [gap for pin, record, gap in missing if (record.id, pin.version) not in covered]
        return lost, [f"{gap.subject}: {gap.reason} (the live service has withdrawn it since)" for gap in gone]

    def _covered(self, missing: Iterable[tuple[Pin, Record, Gap]], live: Live) -> set[tuple[str, str]]:
        """Those that still hold; what is not asked about, because there are too many, counts among them."""
        asked = {(record.id, pin.version): record for pin, record, _ in missing}
        few = dict(list(asked.items())[:_MOST])
        return {key for key, record in asked.items() if key not in few or live.still_covers(record, key[1])}
