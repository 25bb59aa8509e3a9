"""assessment-results.oscal.json: the control view as OSCAL assessment results (https://pages.nist.gov/OSCAL/).

Observations only. An OSCAL finding would have to say whether a control is satisfied, and that is an assessor's word.
Times are those of the commit, which is what was assessed; identifiers follow from the content.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from py_secure_ci.formats.escaping import one_line
from py_secure_ci.formats.judged import headline
from py_secure_ci.report import Report, Verdict
from py_secure_ci.taxonomies.exercised import CheckView, ControlView, control_views

VERSION = "1.2.0"
NAMESPACE = "urn:py-secure-ci"
_OWN = uuid.UUID("0b6b2f6e-3c0e-5d0a-8f4b-6f2f9c1d2a11")
_NO_TIME = "1970-01-01T00:00:00Z"


def render(report: Report, verdict: Verdict) -> str:
    """The whole document."""
    return json.dumps({"assessment-results": _document(report, verdict)}, indent=1) + "\n"


def _document(report: Report, verdict: Verdict) -> dict[str, Any]:
    views = control_views(report, verdict)
    time = f"{report.context.time}Z" if report.context.time else _NO_TIME
    seed = json.dumps([report.context.commit, report.context.tree, report.context.config_digest, verdict.status.value])
    plan = _id(seed, "plan")
    metadata: dict[str, Any] = {
        "title": _text(f"py-secure-ci: {report.context.project}"),
        "last-modified": time,
        "version": report.context.commit or "uncommitted",
        "oscal-version": VERSION,
        "remarks": "Times are those of the commit." if report.context.time else "There is no commit: no time is known.",
    }
    result = {
        "uuid": _id(seed, "result"),
        "title": _text(headline(verdict)),
        "description": "What one run of py-secure-ci shows of each control. It does not say that a control is met.",
        "start": time,
        "props": [_prop("verdict", verdict.status.value)],
        "reviewed-controls": {"control-selections": list(_selections(views))},
        "observations": [_observation(view, seed, time) for view in views],
    }
    resource = {"uuid": plan, "title": "The configuration of py-secure-ci", "description": _plan(report)}
    return {
        "uuid": _id(seed, "document"),
        "metadata": metadata,
        "import-ap": {"href": f"#{plan}"},
        "results": [result],
        "back-matter": {"resources": [resource]},
    }


def _selections(views: tuple[ControlView, ...]) -> Iterator[dict[str, Any]]:
    """The controls; techniques of ATT&CK are none, they are observed as mitigations."""
    for key, name in (("csf", "NIST CSF 2.0"), ("ssdf", "NIST SP 800-218")):
        ids = [{"control-id": view.control.id} for view in views if view.control.taxonomy == key]
        yield {"description": name, "include-controls": ids}


def _observation(view: ControlView, seed: str, time: str) -> dict[str, Any]:
    control = view.control
    told = " ".join(_check(check) for check in view.checks) or control.note
    return {
        "uuid": _id(seed, control.id),
        "title": _text(f"{control.id}: {control.name}"),
        "description": _text(told),
        "props": [
            _prop("control", control.id),
            _prop("shown", view.shown.value),
            _prop("findings", str(view.findings)),
            _prop("blocking", str(view.blocking)),
        ],
        "methods": ["TEST"],
        "types": ["mitigation" if control.taxonomy == "attack" else "control-objective"],
        "collected": time,
    }


def _check(view: CheckView) -> str:
    gaps = f", {len(view.gaps)} not looked at" if view.gaps else ""
    return f"{view.check.stage.value} ({view.tool or 'no tool'}): {view.shown.value}: {view.scope}{gaps}."


def _plan(report: Report) -> str:
    context = report.context
    return _text(f"{context.config_file or 'the defaults'}, digest {context.config_digest or 'none'}")


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": NAMESPACE, "value": _text(value)}


def _text(words: str) -> str:
    return one_line(words).strip() or "unnamed"


def _id(seed: str, name: str) -> str:
    return str(uuid.uuid5(_OWN, f"{name}\n{seed}"))
