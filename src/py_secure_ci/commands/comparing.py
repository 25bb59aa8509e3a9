"""What new findings are told from: the merge base's findings, from the first place that has them."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from py_secure_ci.cache.keys import product
from py_secure_ci.cache.shelf import read_shelf, write_shelf
from py_secure_ci.commands.base_report import known_from
from py_secure_ci.commands.base_scan import scan
from py_secure_ci.commands.project import Project
from py_secure_ci.commands.session import Session
from py_secure_ci.errors import BaselineError, SourceError
from py_secure_ci.judging import baseline as baselines
from py_secure_ci.judging.baseline import BASELINE_FILE, Baseline
from py_secure_ci.model import Stage
from py_secure_ci.toolchain.places import LOCKS
from py_secure_ci.version import VERSION

_KEY = "baseline"
MAX_BYTES = 100 * 1024 * 1024
LIVE_DATA = "live"  # the word of Context.advisories for a service that was asked


@dataclass(frozen=True, slots=True)
class Base:
    """The merge base with the ref that was asked for."""

    commit: str
    ref: str


@dataclass(frozen=True, slots=True)
class NoBase:
    """There is no base; `why` is empty when none was asked for."""

    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known and where that is from: cache | report | baseline | worktree | none.

    `why` says why nothing is known although something was asked for. `added`: what the tree's own baseline file has
    more than the merge base's.
    """

    baseline: Baseline | None = None
    source: str = "none"
    why: str = ""
    notes: tuple[str, ...] = ()
    added: Baseline | None = None


def find_base(project: Project, ref: str) -> Base | NoBase:
    """The merge base of HEAD and `ref`."""
    if not ref:
        return NoBase()
    if project.tree.repository is None:
        return NoBase(f"there is no git repository to find the base {ref} in")
    commit = project.git.resolve(ref)
    if not commit:
        return NoBase(f"the base {ref} is not here (a shallow clone? fetch it)")
    merge_base = project.git.merge_base(commit)
    if not merge_base:
        shallow = "the clone is shallow: fetch its whole history" if project.git.is_shallow() else "no common history"
        return NoBase(f"there is no merge base with {ref} ({shallow})")
    return Base(merge_base, ref)


def known_at(
    base: Base | NoBase,
    project: Project,
    stages: tuple[Stage, ...],
    arguments: argparse.Namespace,
    session: Session,
    advisories: str,
    files: tuple[Baseline | None, Baseline | None],
) -> Known:
    """The findings of the merge base from the first place that has them. `advisories`: the data that this run asks.

    `files`: what `committed` and `committed_at` said before anything of the project could run.
    """
    if not project.config.policy.new_only:
        return Known()
    own, then = files
    if isinstance(base, NoBase):
        own = None if base.why else own
        left = f"{arguments.base_report} was not used: there is no base that it could be the report of"
        notes = (left,) if arguments.base_report else ()
        return Known(baseline=own, source="baseline" if own else "none", why=base.why, notes=notes)
    place = _cache_place(project, base, stages, session, advisories)
    known = _first(base, project, stages, arguments, session, _Places(place, then, advisories))
    return replace(known, added=_added(then, own))


@dataclass(frozen=True, slots=True)
class _Places:
    cache: Path
    committed: Baseline | None
    advisories: str


def _first(
    base: Base,
    project: Project,
    stages: tuple[Stage, ...],
    arguments: argparse.Namespace,
    session: Session,
    places: _Places,
) -> Known:
    cached = None if arguments.no_cache else _read(places.cache)
    if cached is not None:
        return Known(baseline=cached, source="cache")
    notes: tuple[str, ...] = ()
    if arguments.base_report:
        found, declined = known_from(arguments.base_report, base.commit, project, stages, places.advisories)
        if found is not None:
            return Known(baseline=found, source="report")
        notes = (declined,)
    if places.committed is not None:
        return Known(baseline=places.committed, source="baseline", notes=notes)
    try:
        found, whole = scan(base.commit, project, stages, arguments, session)
    except (SourceError, OSError) as error:
        why = f"the base {base.commit[:12]} cannot be read ({error})"
        return Known(why=why, notes=notes)
    if whole and not session.interrupted and not arguments.no_cache:
        # Signed: half a list would make new what is known. Where it cannot be written that costs time, nothing else.
        write_shelf(places.cache, {_KEY: (1, json.dumps(baselines.render(found)))})
    return Known(baseline=found, source="worktree", notes=notes)


def _added(then: Baseline | None, now: Baseline | None) -> Baseline | None:
    """The entries that a change adds to the baseline file; None without a file."""
    if now is None:
        return None
    more = Counter(now.entries) - Counter(then.entries if then is not None else ())
    return Baseline(tuple(sorted(more.elements())), now.tools)


def committed(root: Path) -> Baseline | None:
    """The project's own baseline file. Raises BaselineError if it is damaged: it is then no baseline at all."""
    path = root / BASELINE_FILE
    try:
        raw = path.read_bytes() if path.is_file() and not path.is_symlink() else None
    except OSError as error:
        raise BaselineError(f"{BASELINE_FILE}: cannot be read: {error.strerror}") from None
    return None if raw is None else _parsed(raw, BASELINE_FILE)


def committed_at(project: Project, base: Base) -> Baseline | None:
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


def _cache_place(project: Project, base: Base, stages: tuple[Stage, ...], session: Session, advisories: str) -> Path:
    """By everything that findings depend on: commit, project, configuration, stages, tools, data, our own version.

    A live service knows more every day: what it said of the base yesterday would make today's advisories new.
    """
    if advisories == LIVE_DATA:
        advisories += f" {datetime.now(timezone.utc).date()}"
    locks = hashlib.sha256()
    for lock in sorted(LOCKS.glob("*.lock")):
        locks.update(lock.name.encode() + b"\0" + lock.read_bytes())
    prefix = project.tree.repository.prefix if project.tree.repository else ""
    words = (
        VERSION,
        product(),
        base.commit,
        prefix,
        project.config.digest,
        locks.hexdigest(),
        advisories,
        *(one.value for one in stages),
    )
    key = hashlib.sha256("\0".join(words).encode()).hexdigest()
    return session.cache / "baselines" / f"{key}.kept"


def _read(place: Path) -> Baseline | None:
    """A damaged or missing entry is a miss."""
    _, text = read_shelf(place).get(_KEY, (0, ""))
    try:
        return baselines.parse(json.loads(text), place.name)
    except (ValueError, TypeError, AttributeError, RecursionError, BaselineError):
        return None
