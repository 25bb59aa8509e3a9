"""CycloneDX 1.6 JSON. See https://cyclonedx.org/docs/1.6/json/.

`render` gives the SBOM of the whole project; `gitlab_sboms` gives one for each lock file with the properties that
GitLab asks for (https://docs.gitlab.com/development/sec/cyclonedx_property_taxonomy/). Same report, same bytes: the
serial number comes from the content, the only time stated is that of the commit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from py_secure_ci.formats.sbom_inventory import Inventory, Package, inventory, of, serial
from py_secure_ci.pins import Declaration
from py_secure_ci.report import Report, Verdict

_ALGORITHMS = {
    "md5": ("MD5", 32),
    "sha1": ("SHA-1", 40),
    "sha256": ("SHA-256", 64),
    "sha384": ("SHA-384", 96),
    "sha512": ("SHA-512", 128),
}
_UNKNOWN = "unknown"
_GITLAB = "gitlab:dependency_scanning"
_GITLAB_MANAGERS = {"uv-pip": "pip", "pip-tools": "pip", "conda": "conda"}
_TEST_GROUPS = re.compile(r"tests?|testing|pytest", re.IGNORECASE)


def render(report: Report, verdict: Verdict) -> str:  # noqa: ARG001 (an SBOM states what is there, not what is judged)
    """The SBOM of the project, indented."""
    return json.dumps(_document(report, inventory(report), []), indent=2, ensure_ascii=False) + "\n"


def gitlab_sboms(report: Report) -> Mapping[str, str]:
    """File name -> minified SBOM, one for each declaration that holds pins."""
    found: dict[str, str] = {}
    for declaration in report.dependencies.declarations:
        if declaration.pins:
            manager = _GITLAB_MANAGERS.get(declaration.manager, declaration.manager)
            name = f"gl-sbom-pypi-{re.sub(r'[^a-z0-9]+', '-', manager.lower())}"
            if f"{name}.cdx.json" in found:
                name += "-" + serial(declaration.file).hex[:8]
            document = _document(report, of((declaration,), (), report.context.project), _gitlab(declaration, manager))
            for one in document["components"]:
                one["properties"].append({"name": f"{_GITLAB}:category", "value": _category(one)})
            found[f"{name}.cdx.json"] = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return found


def _document(report: Report, found: Inventory, properties: list[dict[str, str]]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": _metadata(report, found, properties),
        "components": [_component(one) for one in found.packages],
        "dependencies": [{"ref": ref, **({"dependsOn": list(to)} if to else {})} for ref, to in found.edges],
        "compositions": [
            {"aggregate": "complete" if found.whole else "incomplete", "assemblies": [found.root]},
            {"aggregate": "complete" if found.whole and found.graphed else _UNKNOWN, "dependencies": [found.root]},
        ],
    }
    return {"serialNumber": f"urn:uuid:{serial(json.dumps(body, sort_keys=True))}", **body}


def _metadata(report: Report, found: Inventory, properties: list[dict[str, str]]) -> dict[str, Any]:
    """What is not known is said so: the minimum elements of NTIA and CISA are filled or declared unknown."""
    missing = ["author of the SBOM data", "supplier of the project"]
    missing += [] if found.version else ["version of the project"]
    missing += [] if report.context.committed else ["timestamp"]
    stated = [{"name": "py-secure-ci:unknown", "value": one} for one in missing]
    stated += [{"name": "py-secure-ci:not-pinned", "value": one} for one in found.unknowns]
    tool = {"type": "application", "name": "py-secure-ci", "version": report.version}
    root = {"type": "application", "bom-ref": found.root, "name": found.project}
    return {
        **({"timestamp": report.context.committed} if report.context.committed else {}),
        "lifecycles": [{"phase": "pre-build"}],
        "tools": {"components": [tool]},
        "component": {**root, **({"version": found.version} if found.version else {})},
        "properties": [*stated, *properties],
    }


def _component(one: Package) -> dict[str, Any]:
    unknown = ["supplier", *([] if one.licences else ["licence"]), *([] if one.hashes else ["hash"])]
    unknown += [] if one.version else ["version"]
    properties = [("unknown", word) for word in unknown]
    properties += [("declared-in" if one.kind == "python" else "seen-in", place) for place in one.places]
    properties += [("group", group) for group in one.groups]
    properties += [("note", one.note)] if one.note else []
    hashes = [found for text in one.hashes if (found := _hash(text))]
    return {
        "type": "library",
        "bom-ref": one.ref,
        "name": one.name,
        **({"version": one.version} if one.version else {}),
        "scope": "required" if one.required else "optional",
        **({"hashes": hashes} if hashes else {}),
        **({"licenses": [{"license": {"name": text}} for text in one.licences]} if one.licences else {}),
        "purl": one.purl,
        "properties": [{"name": f"py-secure-ci:{name}", "value": value} for name, value in properties],
    }


def _hash(text: str) -> dict[str, str] | None:
    kind, _, value = text.partition(":")
    name, length = _ALGORITHMS.get(kind, ("", 0))
    return {"alg": name, "content": value} if re.fullmatch(f"[0-9a-fA-F]{{{length}}}", value) and name else None


def _gitlab(declaration: Declaration, manager: str) -> list[dict[str, str]]:
    values = {
        "gitlab:meta:schema_version": "1",
        f"{_GITLAB}:input_file:path": declaration.file,
        f"{_GITLAB}:source_file:path": declaration.file,
        f"{_GITLAB}:package_manager:name": manager,
        f"{_GITLAB}:language:name": "Python",
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def _category(component: dict[str, Any]) -> str:
    """GitLab knows production, development and test."""
    if component["scope"] == "required":
        return "production"
    groups = [one["value"] for one in component["properties"] if one["name"] == "py-secure-ci:group"]
    return "test" if groups and all(_TEST_GROUPS.fullmatch(group) for group in groups) else "development"
