"""The packages of a CycloneDX document as syft writes it."""

from __future__ import annotations

import json
from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Component
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional


def components_of(text: str) -> list[Component]:
    """Read CycloneDX JSON. Raises `WrongShape`."""
    document = as_dict(load_json(text, "syft's output"), "syft's output")
    if field(document, "bomFormat", str, "syft's output") != "CycloneDX":
        raise WrongShape(f"syft's output has bomFormat {document['bomFormat']!r}")
    listed = as_list(document.get("components", []), "components")
    found = [_component(as_dict(one, "components")) for one in listed]
    return [one for one in found if one is not None]


def _component(one: dict[str, Any]) -> Component | None:
    """A package; syft also lists files and operating systems, which are none."""
    name, purl = field(one, "name", str, "a component"), optional(one, "purl", str, "a component")
    if purl is None:
        return None
    properties = [as_dict(item, name) for item in as_list(one.get("properties", []), name)]
    values = [(field(item, "name", str, name), field(item, "value", str, name)) for item in properties]
    paths = [value.lstrip("/") for key, value in values if key.startswith("syft:location:") and key.endswith(":path")]
    return Component(
        name=name,
        version=optional(one, "version", str, name) or "",
        purl=purl,
        kind=next((value for key, value in values if key == "syft:package:type"), ""),
        licences=tuple(sorted({_licence(as_dict(item, name)) for item in as_list(one.get("licenses", []), name)})),
        paths=tuple(sorted(set(paths))),
    )


def _licence(one: dict[str, Any]) -> str:
    if "expression" in one:
        return field(one, "expression", str, "a licence")
    licence = as_dict(field(one, "license", dict, "licenses"), "license")
    return optional(licence, "id", str, "license") or field(licence, "name", str, "license")


def steady(text: str) -> str:
    """The document without what differs from run to run: its random number and the time."""
    document = as_dict(load_json(text, "syft's output"), "syft's output")
    metadata = as_dict(document.get("metadata", {}), "metadata")
    kept = {key: value for key, value in document.items() if key not in ("serialNumber", "metadata")}
    kept["metadata"] = {key: value for key, value in metadata.items() if key != "timestamp"}
    return json.dumps(kept, indent=1) + "\n"
