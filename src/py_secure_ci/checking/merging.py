"""Several readings of one tool, made into one."""

from __future__ import annotations

from py_secure_ci.tool import Reading


def merge(readings: list[Reading]) -> Reading:
    """One reading over several tasks of one tool."""
    if len(readings) == 1:
        return readings[0]
    looked = [reading.looked_at for reading in readings]
    rules = {rule.id: rule for reading in readings for rule in reading.rules}
    metrics: dict[str, float] = {}
    for reading in readings:
        for key, value in reading.metrics.items():
            metrics[key] = metrics.get(key, 0) + value
    return Reading(
        findings=tuple(finding for reading in readings for finding in reading.findings),
        rules=tuple(rules[key] for key in sorted(rules)),
        looked_at=None if None in looked else frozenset().union(*(one for one in looked if one is not None)),
        gaps=tuple(dict.fromkeys(gap for reading in readings for gap in reading.gaps)),
        told_as_gaps=sum(reading.told_as_gaps for reading in readings),
        excluded=tuple(dict.fromkeys(one for reading in readings for one in reading.excluded)),
        notes=tuple(dict.fromkeys(note for reading in readings for note in reading.notes)),
        artifacts={name: text for reading in readings for name, text in reading.artifacts.items()},
        components=tuple(dict.fromkeys(one for reading in readings for one in reading.components)),
        passed_over={path: count for reading in readings for path, count in reading.passed_over.items()},
        metrics=metrics,
        durations={path: spent for reading in readings for path, spent in reading.durations.items()},
    )
