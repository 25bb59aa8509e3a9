"""Tables of a tool's own words for how bad a finding is."""

from __future__ import annotations

from py_secure_ci.model import Severity

_OURS = {one.word: one for one in Severity}


def severities(*same: str, **others: str) -> dict[str, Severity]:
    """`severities("HIGH", warn="warning")`: a word that means what it says, and one that we call otherwise."""
    return {word: _OURS[ours] for word, ours in {**{one: one.lower() for one in same}, **others}.items()}
