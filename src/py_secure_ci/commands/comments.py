"""What people wrote in comments: our own suppressions, and how many of the tools' own there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from py_secure_ci.cache.keys import digest
from py_secure_ci.cache.memory import Memory
from py_secure_ci.commands.project import Project
from py_secure_ci.judging.inline import inline_suppressions, native_suppressions
from py_secure_ci.report import Inline, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments:
    """What people wrote to scanners in one file."""

    inline: tuple[Inline, ...] = ()
    native: Mapping[str, int] = field(default_factory=dict)


def with_comments(report: Report, project: Project, memory: Memory) -> Report:
    """The report with the comments of the project's files; those of a file that did not change are remembered."""
    tree, sources = project.tree, project.sources
    digests = {path: sources.digest(path) for path in tree.files if path not in tree.binary}
    given = {path: digest([path.encode("utf-8", "surrogateescape").hex(), of]) for path, of in digests.items() if of}

    def read(path: str) -> Comments:
        text = sources.text(path) or ""
        return Comments(inline=inline_suppressions(path, text), native=native_suppressions(path, text))

    found = memory.each("comments", Comments, given, read, lambda path: sources.unchanged((path,)))
    native = Counter[str]()
    for one in found.values():
        native.update(one.native)
    inline = tuple(inline for one in found.values() for inline in one.inline)
    notes = (*report.notes, *_told(native))
    return replace(report, inline=inline, native_suppressions=dict(sorted(native.items())), notes=notes)


def _told(native: Mapping[str, int]) -> tuple[str, ...]:
    """What a tool that obeys such comments hides, nobody counts: so the comments are."""
    kinds = ", ".join(f"{count} `{kind}`" for kind, count in sorted(native.items()))
    return (f"Comments that ask tools to look away: {kinds}.",) if kinds else ()
