"""Taxonomies of a SARIF run: CWE, OWASP Top 10 and the controls of its stage, each only where a rule needs it.

A rule's CWE is the tool's word, its OWASP category is OWASP's list of CWEs, its controls are those of its stage.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from py_secure_ci.formats.sarif_text import sarif_text
from py_secure_ci.model import Finding, Rule, Stage
from py_secure_ci.taxonomies.tables import (
    Control,
    Taxonomy,
    categories,
    categories_of,
    controls,
    taxonomies,
    weakness_name,
    weakness_uri,
)

_OWN = uuid.UUID("5d4f0d2e-7a57-5f0e-9a3c-3a1c9c1f7f10")  # the namespace of the identifiers below


class Taxa:
    """What the rules of one run relate to."""

    def __init__(self, stage: Stage) -> None:
        """`stage` decides about the controls."""
        self._used: dict[str, dict[str, dict[str, Any]]] = {}
        self._references = {key: _reference(taxonomy) for key, taxonomy in taxonomies().items()}
        due = [one for one in controls() if any(check.stage is stage for check in one.checks)]
        self._controls = [(one.taxonomy, one.id, _control(one)) for one in due]

    def relationships(self, rule: Rule, findings: list[Finding]) -> list[dict[str, Any]]:
        """Of one rule; every target is kept for `components`."""
        weaknesses = sorted({*rule.cwe, *(number for finding in findings for number in finding.cwe)})
        related = []
        for number in weaknesses:
            related.append(self._relate("cwe", str(number), _weakness(number), "superset"))
        found = {one.id: one for number in weaknesses for one in categories_of(number)}
        for category in (one for one in categories() if one.id in found):
            entry = {"id": category.id, "name": category.name, "helpUri": category.uri}
            related.append(self._relate("owasp", category.id, entry, "relevant"))
        related += [self._relate(key, id_, entry, "relevant") for key, id_, entry in self._controls]
        return related

    def components(self) -> list[dict[str, Any]]:
        """The `taxonomies` of the run, in a fixed order."""
        used = [(taxonomy, self._used[key]) for key, taxonomy in taxonomies().items() if key in self._used]
        return [_component(taxonomy, taxa) for taxonomy, taxa in used]

    def references(self) -> list[dict[str, Any]]:
        """The driver's `supportedTaxonomies`."""
        return [self._references[key] for key in taxonomies() if key in self._used]

    def _relate(self, key: str, id_: str, entry: Mapping[str, Any], kind: str) -> dict[str, Any]:
        self._used.setdefault(key, {}).setdefault(id_, dict(entry))
        return {"target": {"id": id_, "toolComponent": self._references[key]}, "kinds": [kind]}


def _reference(taxonomy: Taxonomy) -> dict[str, Any]:
    return {"name": taxonomy.name, "guid": str(uuid.uuid5(_OWN, taxonomy.key))}


def _component(taxonomy: Taxonomy, taxa: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {
        **_reference(taxonomy),
        "organization": taxonomy.organization,
        "shortDescription": {"text": sarif_text(taxonomy.title)},
        "informationUri": taxonomy.uri,
        "isComprehensive": False,
        "taxa": [dict(entry) for _, entry in sorted(taxa.items())],
    }
    if taxonomy.version:
        data["version"] = taxonomy.version
    return data


def _weakness(number: int) -> dict[str, Any]:
    name = weakness_name(number)
    named = {"shortDescription": {"text": sarif_text(name)}} if name else {}
    return {"id": str(number), **named, "helpUri": weakness_uri(number)}


def _control(control: Control) -> dict[str, Any]:
    return {"id": control.id, "shortDescription": {"text": sarif_text(control.name)}, "helpUri": control.uri}
