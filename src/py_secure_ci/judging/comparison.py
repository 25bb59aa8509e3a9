"""What is new, what is known and what is fixed: the defects of a report against those of a baseline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from py_secure_ci.judging.baseline import Baseline, Entry, state_of
from py_secure_ci.judging.dedupe import Group
from py_secure_ci.judging.fingerprints import Identity, holds_secret, identities, moved, subject
from py_secure_ci.judging.replaced import NOTEBOOK, is_touched
from py_secure_ci.model import Excluded, Finding, Gap, State
from py_secure_ci.path_globs import fits
from py_secure_ci.report import Completed, Report


@dataclass(frozen=True, slots=True)
class Comparison:
    """`states` and `upgrades` go with the groups, in their order; `fixed` are entries that nobody reports any more.

    `reopened` are groups that the baseline knows as suppressed: nobody ever took them for old debt.
    `unjudged` are entries that may be fixed or not: their tool gave no answer, or their file was not looked at.
    """

    states: tuple[State, ...]
    upgrades: frozenset[int] = frozenset()
    reopened: frozenset[int] = frozenset()
    fixed: tuple[Entry, ...] = ()
    unjudged: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Edited:
    """What the texts say of findings beyond their fingerprints (see judging/replaced.py and judging/former.py).

    `replaced`: the fingerprints of findings that are not those of the base, although they have their place.
    `former`: fingerprint -> what the finding was at the base, where the code around it had another name.
    """

    replaced: Collection[str] = frozenset()
    former: Mapping[str, Identity] = field(default_factory=dict)


NOT_EDITED = Edited()


def compare(groups: Sequence[Group], baseline: Baseline, report: Report, edited: Edited = NOT_EDITED) -> Comparison:
    """Match each defect with one entry of the baseline: by any of its fingerprints, then by those before a rename.

    What is left over on both sides is compared once more, by the names that the code around it had.
    """
    left, replaced = _Entries(baseline.entries), edited.replaced
    same = [not any(member.fingerprint in replaced for member in group.members) for group in groups]
    known = [left.take(_now(group)) if same[index] else None for index, group in enumerate(groups)]
    known = [
        known[index] or (left.take(_before(group, report)) if same[index] else None)
        for index, group in enumerate(groups)
    ]
    for index in (number for number, entry in enumerate(known) if entry is None and same[number]):
        known[index] = _pushed_down(groups[index], [one for n, one in enumerate(groups) if not same[n]], left, report)
    known = [entry or _stayed(group, left, edited.former) for entry, group in zip(known, groups, strict=True)]
    states = tuple(State.EXISTING if entry is not None else State.NEW for entry in known)
    reopened = frozenset(index for index, entry in enumerate(known) if entry is not None and entry.suppressed)
    upgrades = frozenset(
        index
        for index, state in enumerate(states)
        if state is State.NEW and _by_upgrade(groups[index], baseline, report)
    )
    fixed: list[Entry] = []
    unjudged: list[Entry] = []
    for entry in left.rest():
        (fixed if _could_be_seen(entry, report) else unjudged).append(entry)
    return Comparison(states, upgrades, reopened, tuple(fixed), tuple(unjudged))


class _Entries:
    """The entries that are not matched yet, found by fingerprint. Equal entries count as often as they are there."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._left = Counter(entries)
        self._by_fingerprint: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self._left:
            for one in dict.fromkeys(entry.fingerprints):
                self._by_fingerprint[one].append(entry)

    def take(self, fingerprints: Iterable[str]) -> Entry | None:
        for one in fingerprints:
            for entry in self._by_fingerprint.get(one, ()):
                if self._left[entry]:
                    self._left[entry] -= 1
                    return entry
        return None

    def take_one_of(self, identity: Identity) -> Entry | None:
        """One of those that are equal but for their order; the baseline numbers them without a gap."""
        return self.take(takewhile(self._by_fingerprint.__contains__, identity.fingerprints()))

    def rest(self) -> list[Entry]:
        return sorted(self._left.elements())


def _now(group: Group) -> list[str]:
    return [one for member in group.members for one in identities(member)]


def _before(group: Group, report: Report) -> list[str]:
    """The fingerprints that the same defect had in the file's former place."""
    found = []
    for member in group.members:
        before = report.renames.get(subject(member))
        if before is not None:
            found += [moved(one, before) for one in identities(member)]
    return found


def _stayed(group: Group, left: _Entries, former: Mapping[str, Identity]) -> Entry | None:
    """The entry of a defect whose line is that of the base, under the names that were around it there.

    Of a defect that several tools see, every finding must be on such a line.
    """
    if not all(member.fingerprint in former for member in group.members):
        return None
    entries = (left.take_one_of(former[member.fingerprint]) for member in group.members)
    return next((entry for entry in entries if entry is not None), None)


def _pushed_down(group: Group, others: Sequence[Group], left: _Entries, report: Report) -> Entry | None:
    """The entry of an old secret that a new one above it has taken the place of.

    Secrets of one rule in one file differ by their order alone, so one more shifts those below it. The one above is
    new, since its words are; the one on unchanged lines is then who the entry was about.
    """
    if any(not holds_secret(one) or not _on_known_line(one) or is_touched(one, report) for one in group.members):
        return None
    own = {(one.name, subject(one)) for one in group.members}
    for other in others:
        if own == {(one.name, subject(one)) for one in other.members}:
            entry = left.take([*_now(other), *_before(other, report)])
            if entry is not None:
                return entry
    return None


def _by_upgrade(group: Group, baseline: Baseline, report: Report) -> bool:
    """Whether the tools that see it changed since the baseline, while the lines that it is on did not."""
    tools = {one.tool.name: state_of(one.tool) for one in report.outcomes}
    changed = all(baseline.tools.get(member.tool) != tools.get(member.tool) for member in group.members)
    if not changed or not (report.changed or report.context.base):
        return False
    return all(_on_known_line(member) and not is_touched(member, report) for member in group.members)


def _on_known_line(finding: Finding) -> bool:
    """Whether the finding is about lines that git can speak of; of a notebook it can only as a whole."""
    place = finding.location
    if place is None or finding.anchor or finding.advisory is not None:
        return False
    return place.line is not None or place.path.endswith(NOTEBOOK)


def _could_be_seen(entry: Entry, report: Report) -> bool:
    """Whether every tool that saw it completed now, and was not kept from looking at its file."""
    completed = {one.tool.name: one for one in report.outcomes if isinstance(one, Completed)}
    if not entry.tools <= completed.keys():
        return False
    away: list[Gap | Excluded] = [*report.gaps, *report.excluded]
    for tool in entry.tools:
        away += [*completed[tool].gaps, *completed[tool].excluded]
    subjects = [one.subject for one in away if one.subject]
    return not any(one == entry.subject or fits(entry.subject, ("/" + one.strip("/"),)) for one in subjects)
