"""What people wrote in comments: our own suppressions, and how many of the tools' own there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from py_secure_ci.commands.project import Project
from py_secure_ci.judging.inline import inline_suppressions, native_suppressions
from py_secure_ci.report import Inline, Report


def with_comments(report: Report, project: Project) -> Report:
    """The report with the comments of the project's files."""
    inline: list[Inline] = []
    native = Counter[str]()
    for path in project.tree.files:
        text = None if path in project.tree.binary else project.sources.text(path)
        if text:
            inline += inline_suppressions(path, text)
            native.update(native_suppressions(path, text))
    return replace(report, inline=tuple(inline), native_suppressions=dict(sorted(native.items())))
