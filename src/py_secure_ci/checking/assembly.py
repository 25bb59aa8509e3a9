"""What tools said, made into one report: advisories joined, code lines shown, secrets out, fingerprints on."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import replace

from py_secure_ci.checking.accounting import order
from py_secure_ci.checking.redaction import redact
from py_secure_ci.judging.fingerprints import with_fingerprints
from py_secure_ci.model import Finding, Stage
from py_secure_ci.report import Completed, Outcome
from py_secure_ci.source.sources import Sources

Joiner = Callable[[Completed], Completed]
Memo = Callable[[tuple[Outcome, ...], Callable[[], tuple[Outcome, ...]]], tuple[Outcome, ...]]


def assemble(
    outcomes: Iterable[Outcome],
    sources: Sources,
    join: Joiner,
    byte_columns: Container[str] = (),
    memo: Memo = lambda _joined, make: make(),
) -> tuple[Outcome, ...]:
    """The outcomes with every finding complete. `join` adds what advisory data knows to an `sca` outcome.

    `byte_columns`: the tools whose columns count bytes. Lines around findings are kept only if a search for secrets
    completed: where nobody looked, a secret may stand in them. `memo` may know what became of the same outcomes over
    the same files before.
    """
    joined = tuple(join(one) if isinstance(one, Completed) else one for one in outcomes)
    return memo(joined, lambda: _assembled(joined, sources, byte_columns))


def _assembled(joined: tuple[Outcome, ...], sources: Sources, byte_columns: Container[str]) -> tuple[Outcome, ...]:
    searched = any(isinstance(one, Completed) and one.tool.stage is Stage.SECRETS for one in joined)
    annotated = {
        index: tuple(sources.annotate(finding, finding.tool in byte_columns, searched) for finding in one.findings)
        for index, one in enumerate(joined)
        if isinstance(one, Completed)
    }
    everything = [finding for index in sorted(annotated) for finding in annotated[index]]
    clean = redact(everything, sources.between)
    marked = iter(with_fingerprints(clean, sources.text))
    result: list[Outcome] = []
    for index, one in enumerate(joined):
        if isinstance(one, Completed):
            findings: list[Finding] = [next(marked) for _ in annotated[index]]
            one = replace(one, findings=tuple(sorted(findings, key=order)))  # noqa: PLW2901
        result.append(one)
    return tuple(result)
