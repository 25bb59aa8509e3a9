"""SPDX 2.3 JSON. See https://spdx.github.io/spdx-spec/v2.3/. Same report, same bytes."""

from __future__ import annotations

import json
import re
from typing import Any

from py_secure_ci.formats.sbom_inventory import Inventory, Package, inventory, serial
from py_secure_ci.report import Report, Verdict

_NO = "NOASSERTION"
_ALGORITHMS = {
    "md5": ("MD5", 32),
    "sha1": ("SHA1", 40),
    "sha256": ("SHA256", 64),
    "sha384": ("SHA384", 96),
    "sha512": ("SHA512", 128),
}
_DOCUMENT = "SPDXRef-DOCUMENT"
_ROOT = "SPDXRef-Project"
_NO_TIME = "1970-01-01T00:00:00Z"


def render(report: Report, verdict: Verdict) -> str:  # noqa: ARG001 (an SBOM states what is there, not what is judged)
    """The SBOM of the project, indented."""
    found = inventory(report)
    ids = {found.root: _ROOT, **{one.ref: _id(one.ref) for one in found.packages}}
    packages = [_project(found), *(_package(one, ids[one.ref]) for one in found.packages)]
    related = [_relation(_DOCUMENT, "DESCRIBES", _ROOT)]
    related += [_relation(ids[ref], "DEPENDS_ON", ids[to]) for ref, targets in found.edges for to in targets]
    if not found.whole:
        # The standard's way to say that there are dependencies which are not listed.
        related.append(_relation(_ROOT, "DEPENDS_ON", _NO))
    body = {"packages": packages, "relationships": related}
    name = f"{found.project}-{found.version}" if found.version else found.project
    digest = serial(json.dumps([name, report.context.committed, body], sort_keys=True))
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": name,
        "documentNamespace": f"https://spdx.org/spdxdocs/py-secure-ci-{digest}",
        "creationInfo": _creation(report, found),
        **body,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _creation(report: Report, found: Inventory) -> dict[str, Any]:
    said = ["Made from dependency declarations before the build. Author and suppliers are not known."]
    said += [] if report.context.committed else ["No time is recorded, so that equal input gives equal output."]
    said += ["The list is complete."] if found.whole else ["The list is incomplete; not pinned:", *found.unknowns]
    return {
        "created": report.context.committed or _NO_TIME,
        "creators": [f"Tool: py-secure-ci-{report.version}", "Organization: NOASSERTION"],
        "comment": "\n".join(said),
    }


def _id(ref: str) -> str:
    """Letters, digits, dots and dashes only; a digest keeps refs apart that look alike then."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", ref.removeprefix("pkg:"))
    return f"SPDXRef-{plain}-{serial(ref).hex[:8]}"


def _relation(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _common(name: str, version: str, id_: str) -> dict[str, Any]:
    return {
        "SPDXID": id_,
        "name": name,
        **({"versionInfo": version} if version else {}),
        "supplier": _NO,
        "downloadLocation": _NO,
        "filesAnalyzed": False,
        "licenseConcluded": _NO,
        "licenseDeclared": _NO,
        "copyrightText": _NO,
    }


def _project(found: Inventory) -> dict[str, Any]:
    return {**_common(found.project, found.version, _ROOT), "primaryPackagePurpose": "APPLICATION"}


def _package(one: Package, id_: str) -> dict[str, Any]:
    checksums = [found for text in one.hashes if (found := _checksum(text))]
    said = [f"Declared or seen in {', '.join(one.places)}."] if one.places else []
    said += [] if one.required else [f"Asked for by extras or groups only: {', '.join(one.groups)}."]
    said += [f"No version: {one.note}."] if one.note else []
    return {
        **_common(one.name, one.version, id_),
        **({"licenseComments": f"Stated as: {', '.join(one.licences)}"} if one.licences else {}),
        **({"checksums": checksums} if checksums else {}),
        "comment": " ".join(said),
        "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": one.purl}
        ],
    }


def _checksum(text: str) -> dict[str, str] | None:
    kind, _, value = text.partition(":")
    name, length = _ALGORITHMS.get(kind, ("", 0))
    if not name or not re.fullmatch(f"[0-9a-fA-F]{{{length}}}", value):
        return None
    return {"algorithm": name, "checksumValue": value.lower()}
