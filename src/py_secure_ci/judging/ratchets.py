"""Counts that may not grow: `at_most` of the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from py_secure_ci.judging.baseline import Baseline
from py_secure_ci.judging.dedupe import Group
from py_secure_ci.judging.suppressions import names
from py_secure_ci.tables import matches_any


def exceeded(groups: Sequence[Group], at_most: Mapping[str, int | None], baseline: Baseline | None) -> tuple[str, ...]:
    """One sentence for each count that is over its limit. Suppressed findings are not among `groups`."""
    reasons = []
    for glob, limit in at_most.items():
        whole = glob if "/" in glob else f"{glob}/*"
        count = sum(any(matches_any(name, (whole, glob)) for name in names(group)) for group in groups)
        allowed, why = limit, "the policy allows"
        if allowed is None:
            allowed, why = _known(whole, baseline), "the baseline has"
        if count > allowed:
            reasons.append(f"{count:,} findings of {glob}, {why} {allowed:,}")
    return tuple(reasons)


def _known(glob: str, baseline: Baseline | None) -> int:
    """Without a baseline nothing is known: the limit is none at all."""
    entries = baseline.entries if baseline is not None else ()
    return sum(any(matches_any(name, (glob,)) for name, _ in entry.members) for entry in entries)
