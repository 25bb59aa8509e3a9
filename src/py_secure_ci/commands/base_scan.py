"""The merge base, checked in a scratch folder with today's configuration and tools."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

from py_secure_ci.commands.caching import label, memory_of
from py_secure_ci.commands.comments import with_comments
from py_secure_ci.commands.configuration import find_config
from py_secure_ci.commands.project import Project
from py_secure_ci.commands.session import Session
from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.errors import ConfigError
from py_secure_ci.judging import baseline as baselines
from py_secure_ci.judging.baseline import Baseline
from py_secure_ci.judging.policy import judge
from py_secure_ci.model import Stage
from py_secure_ci.report import Failed, Report
from py_secure_ci.source.git import Git
from py_secure_ci.source.repository import Entry
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import read_tree, without

# Tests are not run again at the base: whatever fails now is judged as new.
NOT_AT_BASE = frozenset({Stage.TEST, Stage.SBOM})


def scan(
    commit: str, project: Project, stages: tuple[Stage, ...], arguments: argparse.Namespace, session: Session
) -> tuple[Baseline, bool]:
    """What the commit's files give, and whether every tool completed. Raises SourceError or OSError."""
    from py_secure_ci.commands.checking import findings_of

    folder = session.new_folder() / "base"
    folder.mkdir()
    written = check_out(folder, project.git, commit)
    there = Git(folder, session.run, session.environment(session.new_folder(), False))
    tree = without(read_tree(folder, there, project.config.exclude, project.config.file, None), project.tree.elsewhere)
    old = replace(project, root=folder, tree=tree, sources=Sources(folder, tree.files), git=there, name=label(project))
    report = findings_of(old, tuple(one for one in stages if one not in NOT_AT_BASE), arguments, session)
    said = with_comments(report, old, memory_of(old, session, forgetful=arguments.no_cache))
    known = known_of(said, _policy(folder, project, arguments.config))
    return known, bool(written) and not any(isinstance(one, Failed) for one in report.outcomes)


def known_of(report: Report, policy: PolicySettings) -> Baseline:
    """What a report of the base makes known. What the base's own policy suppresses is remembered as that.

    When was judged must make no difference, so no suppression counts as expired here: one that has run out since, or
    that the change takes away, was all that ever excused its finding.
    """
    return baselines.of_report(report, judge(report, policy, baseline=None, today=date.min))


def check_out(folder: Path, git: Git, commit: str) -> int:
    """Write a commit's files as they are stored; links and submodules are left out. How many there are."""
    entries = [entry for entry in git.tree(commit) if _is_plain(entry)]
    places: dict[str, list[str]] = {}
    for entry in entries:
        places.setdefault(entry.blob, []).append(entry.path)
    for blob, content in git.blobs(places):
        for name in places[blob]:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return len(entries)


def _is_plain(entry: Entry) -> bool:
    parts = entry.path.split("/")
    return (
        entry.mode.startswith("100")
        and not os.path.isabs(entry.path)
        and ".." not in parts
        and ".git" not in (part.lower() for part in parts)
    )


def _policy(folder: Path, project: Project, given: str | None) -> PolicySettings:
    """The policy that the base had; where its configuration is not to be had, today's."""
    if project.config.file.startswith("../"):  # the root project's file, which is not in this folder
        return project.config.policy
    try:
        if given is None:
            return find_config(folder, None).policy
        inside = Path(os.path.realpath(given)).relative_to(project.root)
        return find_config(folder, str(folder / inside)).policy
    except (ConfigError, ValueError):
        return project.config.policy
