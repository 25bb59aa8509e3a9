"""A test run that several machines share: what each tells, and all of it as the one run that it would have been.

Every machine collects the project's own way and leaves out the test files of the others. Lines count as run if they ran
on any machine: coverage is judged over all of them, never over a share.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from py_secure_ci.adapting.test_runs.judging import FAILURES, INTERRUPTED, NO_TESTS, OK
from py_secure_ci.adapting.test_runs.run import Result, TestRun, Trouble
from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_dict, load_json
from py_secure_ci.serial.reading import Wrong, decoder
from py_secure_ci.serial.writing import writer

_WORST_FIRST = (INTERRUPTED, FAILURES, OK, NO_TESTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShare:
    """One machine's run. `settings` and `coverage` are JSON texts; no coverage text: it was not measured."""

    files: frozenset[str]  # that this machine answers for
    results: Mapping[str, Result]
    paths: Mapping[str, str]
    troubles: tuple[Trouble, ...] = ()
    broken: tuple[Trouble, ...] = ()
    seen: frozenset[str] = frozenset()
    collected: frozenset[str] = frozenset()
    deselected: frozenset[str] = frozenset()
    reruns: tuple[str, ...] = ()
    status: int
    log: str = ""
    problems: tuple[tuple[str, str], ...] = field(default=())
    settings: str = "{}"
    seeds: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flaky: Mapping[str, Trouble | None] = field(default_factory=dict)
    version: str = ""
    coverage: str = ""


def share_text(run: TestRun, files: Iterable[str], coverage: str) -> str:
    """What a machine tells of its share; `coverage`: as `coverage json` wrote it, or nothing."""
    share = RunShare(
        files=frozenset(files),
        results=run.results,
        paths=run.paths,
        troubles=run.troubles,
        broken=run.broken,
        seen=run.files,
        collected=run.collected,
        deselected=run.deselected_nodes,
        reruns=run.reruns,
        status=OK if run.status is None else run.status,
        log=run.log,
        problems=run.problems,
        settings=json.dumps(run.settings, sort_keys=True),
        seeds=run.seeds,
        seconds=run.seconds,
        marks=run.marks,
        flaky=run.flaky,
        version=run.version,
        coverage=coverage,
    )
    return writer(RunShare)(share)


def read_share(text: str) -> RunShare:
    """The same back. Raises WrongShape."""
    try:
        share: RunShare = decoder(RunShare)(load_json(text, "a share of the test run"))
    except Wrong as error:
        raise WrongShape(f"a share of the test run: {error.path}: {error.message}") from None
    if not share.paths.keys() >= share.results.keys():
        raise WrongShape("a share of the test run: a test without a file")
    return share


def joined_run(shares: tuple[RunShare, ...]) -> TestRun:
    """All of it as one run. A test that several machines ran counts where its file belongs, else at the first."""
    chosen = {node: share for share in reversed(shares) for node in share.results}
    chosen |= {node: share for share in shares for node in share.results if share.paths[node] in share.files}
    broken = {one.node: one for share in reversed(shares) for one in share.broken}
    statuses = {share.status for share in shares}
    return TestRun(
        results={node: share.results[node] for node, share in chosen.items()},
        paths={node: share.paths[node] for node, share in chosen.items()},
        troubles=tuple(one for share in shares for one in share.troubles if chosen.get(one.node, share) is share),
        broken=tuple(broken.values()),
        files=frozenset().union(*(share.seen for share in shares)),
        collected=frozenset().union(*(share.collected for share in shares)),
        deselected=len(frozenset().union(*(share.deselected for share in shares))),
        reruns=tuple(sorted({one for share in shares for one in share.reruns})),
        status=next((one for one in _WORST_FIRST if one in statuses), min(statuses)),
        log=shares[0].log,
        problems=tuple(dict.fromkeys(one for share in shares for one in share.problems)),
        settings=as_dict(load_json(shares[0].settings, "pytest's settings"), "pytest's settings"),
        version=shares[0].version,
        seeds={name: seed for share in reversed(shares) for name, seed in share.seeds.items()},
        seconds={node: share.seconds.get(node, 0.0) for node, share in chosen.items()},
        marks={node: share.marks.get(node, ()) for node, share in chosen.items()},
        flaky={node: share.flaky[node] for node, share in chosen.items() if node in share.flaky},
    )
