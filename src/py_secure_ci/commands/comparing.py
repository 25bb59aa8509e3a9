"""What new findings are told from: the merge base's findings, from the first place that has them."""

from __future__ import annotations

import argparse
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from py_secure_ci.commands.caching import label
from py_secure_ci.commands.project import Project
from py_secure_ci.commands.session import Session
from py_secure_ci.errors import BaselineError, OutputError, SourceError
from py_secure_ci.judging import baseline as baselines
from py_secure_ci.judging.baseline import BASELINE_FILE, Baseline
from py_secure_ci.model import Stage
from py_secure_ci.output import write_one
from py_secure_ci.source.git import Entry, Git
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import read_tree, without
from py_secure_ci.toolchain.places import LOCKS
from py_secure_ci.version import VERSION

MAX_BYTES = 100 * 1024 * 1024
# Tests are not run again at the base: whatever fails now is judged as new.
_NOT_AT_BASE = frozenset({Stage.TEST, Stage.SBOM})


@dataclass(frozen=True, slots=True)
class Base:
    """The merge base with the ref that was asked for."""

    commit: str
    ref: str


@dataclass(frozen=True, slots=True)
class NoBase:
    """There is no base; `why` is empty when none was asked for."""

    why: str = ""


Known = tuple[Baseline | None, str, str]


def find_base(project: Project, ref: str) -> Base | NoBase:
    """The merge base of HEAD and `ref`."""
    if not ref:
        return NoBase()
    if project.tree.repository is None:
        return NoBase(f"there is no git repository to find the base {ref} in: every finding counts as new")
    commit = project.git.resolve(ref)
    if not commit:
        return NoBase(f"the base {ref} is not here (a shallow clone? fetch it): every finding counts as new")
    merge_base = project.git.merge_base(commit)
    if not merge_base:
        shallow = "the clone is shallow: fetch its whole history" if project.git.is_shallow() else "no common history"
        return NoBase(f"there is no merge base with {ref} ({shallow}): every finding counts as new")
    return Base(merge_base, ref)


def known_at(
    base: Base | NoBase,
    project: Project,
    stages: tuple[Stage, ...],
    arguments: argparse.Namespace,
    session: Session,
) -> Known:
    """(baseline, where it is from, why there is none)."""
    if not project.config.policy.new_only:
        return None, "none", ""
    if isinstance(base, NoBase):
        own = None if base.why else committed(project.root)
        return own, "baseline" if own else "none", base.why
    place = _cache_place(project, base, stages, session)
    cached = None if arguments.no_cache else _read(place)
    if cached is not None:
        return cached, "cache", ""
    at_base = _committed_at(project, base)
    if at_base is not None:
        return at_base, "baseline", ""
    return _scan(base, project, stages, arguments, session, place)


def committed(root: Path) -> Baseline | None:
    """The project's own baseline file. Raises BaselineError if it is damaged: it is then no baseline at all."""
    path = root / BASELINE_FILE
    try:
        raw = path.read_bytes() if path.is_file() and not path.is_symlink() else None
    except OSError as error:
        raise BaselineError(f"{BASELINE_FILE}: cannot be read: {error.strerror}") from None
    return None if raw is None else _parsed(raw, BASELINE_FILE)


def _committed_at(project: Project, base: Base) -> Baseline | None:
    """The baseline file as the merge base has it: a pull request must not extend what is known to itself."""
    for entry in project.git.tree(base.commit):
        if entry.path == BASELINE_FILE and entry.mode.startswith("100"):
            return _parsed(project.git.blob(entry.blob), f"{BASELINE_FILE} at {base.commit[:12]}")
    return None


def _parsed(raw: bytes, name: str) -> Baseline:
    if len(raw) > MAX_BYTES:
        raise BaselineError(f"{name}: {len(raw):,} bytes is too much for a baseline")
    try:
        return baselines.parse(raw.decode("utf-8"), name)
    except UnicodeDecodeError:
        raise BaselineError(f"{name}: this is not UTF-8 text") from None


def _cache_place(project: Project, base: Base, stages: tuple[Stage, ...], session: Session) -> Path:
    """By everything that findings depend on: commit, project, configuration, stages, tools, our own version."""
    locks = hashlib.sha256()
    for lock in sorted(LOCKS.glob("*.lock")):
        locks.update(lock.name.encode() + b"\0" + lock.read_bytes())
    prefix = project.tree.repository.prefix if project.tree.repository else ""
    words = (VERSION, base.commit, prefix, project.config.digest, locks.hexdigest(), *(one.value for one in stages))
    key = hashlib.sha256("\0".join(words).encode()).hexdigest()
    return session.cache / "baselines" / f"{key}.txt"


def _read(place: Path) -> Baseline | None:
    """A damaged or missing entry is a miss."""
    try:
        return baselines.parse(place.read_text(encoding="utf-8"), place.name)
    except (OSError, ValueError, BaselineError):
        return None


def _scan(
    base: Base,
    project: Project,
    stages: tuple[Stage, ...],
    arguments: argparse.Namespace,
    session: Session,
    place: Path,
) -> Known:
    """Check the merge base in a scratch folder, with today's configuration and tools."""
    from py_secure_ci.commands.checking import findings_of

    folder = session.new_folder() / "base"
    folder.mkdir()
    try:
        written = [entry for entry in project.git.tree(base.commit) if _write(folder, entry, project.git)]
    except (SourceError, OSError) as error:
        return None, "none", f"the base {base.commit[:12]} cannot be read ({error}): every finding counts as new"
    there = Git(folder, session.run, session.environment(session.new_folder(), False))
    tree = without(read_tree(folder, there, project.config.exclude, project.config.file, None), project.tree.elsewhere)
    old = replace(project, root=folder, tree=tree, sources=Sources(folder, tree.files), git=there, name=label(project))
    report = findings_of(old, tuple(one for one in stages if one not in _NOT_AT_BASE), arguments, session)
    known = baselines.of_report(report)
    complete = len(baselines.tool_states(report)) == len(report.outcomes)
    if written and complete and not session.interrupted and not arguments.no_cache:
        with suppress(OutputError):  # a cache that cannot be written costs time, nothing else
            write_one(place, baselines.render(known))
    return known, "worktree", ""


def _write(folder: Path, entry: Entry, git: Git) -> bool:
    """One file of a commit as it is stored; links and submodules are left out, as they are in any tree."""
    if not entry.mode.startswith("100"):
        return False
    path = folder / entry.path
    if os.path.isabs(entry.path) or ".." in entry.path.split("/") or ".git" in entry.path.lower().split("/"):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(git.blob(entry.blob))
    return True
