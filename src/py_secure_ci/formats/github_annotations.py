"""GitHub workflow commands: at most ten of a level, what matters most first, and one notice for the rest.

Findings that were there before are not annotated unless they block: a notice counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from py_secure_ci.formats.escaping import cut, visible
from py_secure_ci.formats.judged import WORDS, active, blocks, headline, plural
from py_secure_ci.formats.places import Places
from py_secure_ci.model import Finding, Level, Location, State
from py_secure_ci.report import Report, Verdict

MAX_OF_LEVEL = 10  # the runner drops what comes after, first come first served
MAX_MESSAGE = 4096  # UTF-16 units; the runner cuts there
_MAX_INCOMPLETE = 5  # errors spent on what was not checked while there are findings to tell
_MAX_TITLE = 200
_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})


def render(report: Report, verdict: Verdict) -> str:
    """One command a line; empty when there is nothing to say. For standard output inside a GitHub job only."""
    places = Places(report)
    order = _Order(report, verdict)
    findings = active(verdict)
    loud = sorted((finding for finding in findings if order.is_loud(finding)), key=order.key)
    groups = {level: [finding for finding in loud if finding.severity.level is level] for level in Level}
    reasons = _reasons(verdict.incomplete, bool(groups[Level.ERROR]))
    room = {
        Level.ERROR: MAX_OF_LEVEL - len(reasons),
        Level.WARNING: MAX_OF_LEVEL,
        Level.NOTE: MAX_OF_LEVEL - 1,  # one is kept for the rest
    }
    lines = [command("error", reason, title="Not checked") for reason in reasons]
    for level, group in groups.items():
        lines += [_annotation(finding, places, order) for finding in group[: room[level]]]
    left = sum(max(0, len(group) - room[level]) for level, group in groups.items())
    if rest := _rest(left, len(findings) - len(loud)):
        lines.append(command("notice", f"{rest}: see the job summary", title=f"py-secure-ci {headline(verdict)}"))
    return "".join(f"{line}\n" for line in lines)


def command(name: str, message: str, **properties: str | int | None) -> str:
    """One workflow command with its escapes; properties without a value are left out."""
    given = {key: str(value) for key, value in properties.items() if value not in ("", None)}
    told = ",".join(f"{key}={_harmless(value).translate(_PROPERTY)}" for key, value in given.items())
    return f"::{name}{' ' * bool(told)}{told}::{_data(message)}"


def _data(message: str) -> str:
    """The escaped message, cut so that neither the plain nor the escaped form is over the limit."""
    text = cut(_harmless(message) or "(no message)", MAX_MESSAGE).translate(_DATA)
    if len(text) <= MAX_MESSAGE // 2 or cut(text, MAX_MESSAGE) == text:
        return text
    text = cut(text, MAX_MESSAGE)[:-1]
    broken = text.rfind("%", len(text) - 2)  # an escape that was cut in two
    return (text[:broken] if broken >= 0 else text) + "…"


def _harmless(text: str) -> str:
    return visible(text.replace("\r\n", "\n").replace("\r", "\n"), keep="\n\t").replace("##[", "##\\[").strip()


class _Order:
    """What comes first: what blocks, what is on a changed line, what is new, what is worse."""

    def __init__(self, report: Report, verdict: Verdict) -> None:
        self._changed = report.changed
        self._blocking = blocks(verdict)

    def is_loud(self, finding: Finding) -> bool:
        return finding.state is not State.EXISTING or finding.fingerprint in self._blocking

    def blocks(self, finding: Finding) -> bool:
        return finding.fingerprint in self._blocking

    def key(self, finding: Finding) -> tuple[bool, bool, bool, int]:
        new = finding.state is State.NEW
        return (not self.blocks(finding), not self._on_changed_line(finding), not new, -finding.severity.rank)

    def _on_changed_line(self, finding: Finding) -> bool:
        place = finding.location
        if place is None or place.line is None:
            return False
        return any(first <= place.line <= last for first, last in self._changed.get(place.path, ()))


def _annotation(finding: Finding, places: Places, order: _Order) -> str:
    standing = "blocks" if order.blocks(finding) else WORDS[finding.state]
    title = cut(f"{finding.name} ({finding.severity.word}, {standing})", _MAX_TITLE)
    message = f"{finding.message}\nFix: {finding.fix}" if finding.fix else finding.message
    place = places.of(finding)
    where = {} if place is None else _where(place, places)
    return command(_COMMANDS[finding.severity.level], message, **where, title=title)


def _where(place: Location, places: Places) -> dict[str, str | int | None]:
    """The runner refuses columns of a span of lines, and an end before the beginning."""
    where: dict[str, str | int | None] = {"file": places.shown(place.path)}
    if place.line is None or place.line < 1:
        return where
    where["line"] = place.line
    end_line = place.end_line if place.end_line is not None and place.end_line > place.line else place.line
    where["endLine"] = end_line
    if end_line == place.line and place.column is not None and place.column > 0:
        where["col"] = place.column
        if place.end_column is not None and place.end_column >= place.column:
            where["endColumn"] = place.end_column
    return where


def _reasons(incomplete: Sequence[str], crowded: bool) -> list[str]:
    """The reasons why the run is incomplete, within what they may take of the errors."""
    room = _MAX_INCOMPLETE if crowded else MAX_OF_LEVEL
    if len(incomplete) <= room:
        return list(incomplete)
    return [*incomplete[: room - 1], f"{len(incomplete) - room + 1} more were not checked: see the job summary"]


def _rest(left: int, known: int) -> str:
    parts: Iterable[str] = (f"{left} more" if left else "", f"{plural(known, 'known finding')}" if known else "")
    return " and ".join(part for part in parts if part)
