"""How old a tool's own advisory data is, against what the YAML allows. Pure: the tool itself says what day it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from py_secure_ci.config.settings import AdvisorySettings
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Gap
from py_secure_ci.tool import Reading, Task


def aged(reading: Reading, task: Task, tool: str, updated: str, now: str) -> Reading:
    """The reading with a gap, or a note where the YAML says `on_stale: warn`, for data that is older than allowed.

    `updated` and `now`: RFC 3339, as the tool says them. A note tells the data's day in any case.
    """
    given = task.stage_options.get("advisories")
    settings = AdvisorySettings(**given) if isinstance(given, Mapping) else AdvisorySettings()
    days = max(0, (_day(now, tool) - _day(updated, tool)).days)
    age = f"{tool}'s advisory data is of {updated[:10]}, {days} days old"
    if days <= settings.max_age_days:
        return replace(reading, notes=(*reading.notes, f"{age}."))
    said = f"{age}; the limit is {settings.max_age_days} days"
    if settings.on_stale == "warn":
        return replace(reading, notes=(*reading.notes, f"{said}."))
    return replace(reading, gaps=(*reading.gaps, Gap("advisories", f"{said}. Get newer data, or set on_stale: warn")))


def _day(said: str, tool: str) -> datetime:
    try:
        return datetime.strptime(said[:10], "%Y-%m-%d")
    except ValueError:
        raise WrongShape(f"{tool} names the date {said!r}") from None
