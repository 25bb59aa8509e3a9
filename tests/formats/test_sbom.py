"""SBOMs: valid by the official schemas, rooted, honest about what is not known, the same every time."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from py_secure_ci.formats import cyclonedx, spdx
from py_secure_ci.pins import Component, Declaration, Dependencies, Pin, Unpinned
from py_secure_ci.report import Context, Report, Status, Verdict

VERDICT = Verdict(status=Status.PASS, failed=False, findings=(), blocking=(), reasons=(), incomplete=())
SHA = "a" * 64


def report(*, gap: bool = False, manager: str = "uv", committed: str = "") -> Report:
    pins = (
        Pin(
            name="flask",
            version="1.0",
            file="uv.lock",
            line=2,
            direct=True,
            requires=("jinja2",),
            hashes=(f"sha256:{SHA}", "blake2b:00"),
        ),
        Pin(name="jinja2", version="2.0+local.1", file="uv.lock", line=5, direct=False, licence="BSD-3-Clause"),
        Pin(name="pytest", version="7.0", file="uv.lock", line=9, direct=True, groups=("test",)),
    )
    unpinned = (Unpinned(name="tool", file="uv.lock", line=12, reason="from git"),) if gap else ()
    lock = Declaration(
        file="uv.lock",
        manager=manager,
        locked=True,
        pins=pins,
        unpinned=unpinned,
        project="shop",
        project_version="1.2",
    )
    again = Declaration(
        file="sub/requirements.txt",
        manager="pip",
        locked=True,
        pins=(Pin(name="six", version="1.0", file="sub/requirements.txt", line=1),),
    )
    seen = (
        Component(
            name="left-pad", version="1.3.0", purl="pkg:npm/left-pad@1.3.0", kind="npm", paths=("package-lock.json",)
        ),
        Component(
            name="flask", version="1.0", purl="pkg:pypi/flask@1.0", kind="python", licences=("BSD",), paths=("lib/x",)
        ),
    )
    context = Context(project="checkout", committed=committed)
    declarations = (again, lock) if manager == "pip" else (lock,)
    return Report(
        version="0.1.0", context=context, outcomes=(), dependencies=Dependencies(declarations), components=seen
    )


def cdx(one: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cyclonedx.render(one, VERDICT))
    return found


def validator() -> Any:
    spec = importlib.util.find_spec("cyclonedx")
    if spec is None or spec.origin is None:
        pytest.skip("cyclonedx-python-lib, which bundles the official schema, is not installed")
    folder = Path(spec.origin).parent / "schema" / "_res"
    registry: Registry[Any] = Registry()
    for name in ("spdx.SNAPSHOT", "jsf-0.82.SNAPSHOT", "cryptography-defs.SNAPSHOT"):
        path = folder / f"{name}.schema.json"
        if path.exists():
            resource = Resource.from_contents(json.loads(path.read_text(encoding="utf-8")))
            registry = registry.with_resource(f"http://cyclonedx.org/schema/{path.name}", resource)
    schema = json.loads((folder / "bom-1.6.SNAPSHOT.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(schema, registry=registry)


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("committed", ["", "2026-11-22T10:00:00Z"])
def test_cyclonedx_is_valid_by_the_official_schema(gap: bool, committed: str) -> None:
    check = validator()
    whole = report(gap=gap, committed=committed)
    texts = [cyclonedx.render(whole, VERDICT), *cyclonedx.gitlab_sboms(whole).values()]
    assert [error.message for text in texts for error in check.iter_errors(json.loads(text))] == []
    broken = {**json.loads(texts[0]), "specVersion": 2}
    assert list(check.iter_errors(broken))


def test_cyclonedx_graph_is_rooted_and_groups_are_scope() -> None:
    found = cdx(report())
    assert found["metadata"]["component"] == {
        "type": "application",
        "bom-ref": "project:shop",
        "name": "shop",
        "version": "1.2",
    }
    graph = {one["ref"]: one.get("dependsOn", []) for one in found["dependencies"]}
    assert graph["project:shop"] == ["pkg:npm/left-pad@1.3.0", "pkg:pypi/flask@1.0", "pkg:pypi/pytest@7.0"]
    assert graph["pkg:pypi/flask@1.0"] == ["pkg:pypi/jinja2@2.0%2Blocal.1"]
    parts = {one["name"]: one for one in found["components"]}
    assert {name: one["scope"] for name, one in parts.items()} == {
        "flask": "required",
        "jinja2": "required",
        "pytest": "optional",
        "left-pad": "required",
    }
    assert parts["flask"]["hashes"] == [{"alg": "SHA-256", "content": SHA}]
    assert parts["flask"]["licenses"] == [{"license": {"name": "BSD"}}]
    assert {"name": "py-secure-ci:declared-in", "value": "uv.lock:2"} in parts["flask"]["properties"]


def test_completeness_is_stated() -> None:
    assert [one["aggregate"] for one in cdx(report())["compositions"]] == ["complete", "complete"]
    assert [one["aggregate"] for one in cdx(report(manager="pipenv"))["compositions"]] == ["complete", "unknown"]
    incomplete = cdx(report(gap=True))
    assert incomplete["compositions"][0]["aggregate"] == "incomplete"
    tool = next(one for one in incomplete["components"] if one["name"] == "tool")
    assert "version" not in tool
    assert {"name": "py-secure-ci:unknown", "value": "version"} in tool["properties"]
    assert {"name": "py-secure-ci:not-pinned", "value": "uv.lock:12: tool: from git"} in incomplete["metadata"][
        "properties"
    ]


def test_what_the_minimum_elements_ask_for_is_filled_or_said_to_be_unknown() -> None:
    unknown = {one["value"] for one in cdx(report())["metadata"]["properties"]}
    assert unknown == {"author of the SBOM data", "supplier of the project", "timestamp"}
    dated = cdx(report(committed="2026-11-22T10:00:00Z"))
    assert dated["metadata"]["timestamp"] == "2026-11-22T10:00:00Z"


def test_same_report_same_bytes_other_report_other_serial() -> None:
    assert cyclonedx.render(report(), VERDICT) == cyclonedx.render(report(), VERDICT)
    assert spdx.render(report(), VERDICT) == spdx.render(report(), VERDICT)
    assert cdx(report())["serialNumber"] != cdx(report(gap=True))["serialNumber"]


def test_gitlab_gets_one_file_a_lock_with_its_properties() -> None:
    two = sorted(cyclonedx.gitlab_sboms(report(manager="pip")))
    assert len(two) == 2
    assert re.fullmatch(r"gl-sbom-pypi-pip-[0-9a-f]{8}\.cdx\.json", two[0])
    assert two[1] == "gl-sbom-pypi-pip.cdx.json"
    uv = json.loads(cyclonedx.gitlab_sboms(report())["gl-sbom-pypi-uv.cdx.json"])
    properties = {one["name"]: one["value"] for one in uv["metadata"]["properties"]}
    assert properties["gitlab:meta:schema_version"] == "1"
    assert properties["gitlab:dependency_scanning:input_file:path"] == "uv.lock"
    assert properties["gitlab:dependency_scanning:package_manager:name"] == "uv"
    assert properties["gitlab:dependency_scanning:language:name"] == "Python"
    categories = {
        one["name"]: value["value"]
        for one in uv["components"]
        for value in one["properties"]
        if value["name"] == "gitlab:dependency_scanning:category"
    }
    assert categories == {"flask": "production", "jinja2": "production", "pytest": "test"}
    assert "\n" not in cyclonedx.gitlab_sboms(report())["gl-sbom-pypi-uv.cdx.json"]


def test_spdx_has_what_the_standard_requires() -> None:
    found = json.loads(spdx.render(report(gap=True), VERDICT))
    assert (found["spdxVersion"], found["dataLicense"], found["SPDXID"]) == ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT")
    ids = [one["SPDXID"] for one in found["packages"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in ids)
    known = {*ids, "SPDXRef-DOCUMENT", "NOASSERTION"}
    assert all({one["spdxElementId"], one["relatedSpdxElement"]} <= known for one in found["relationships"])
    assert found["relationships"][0] == {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": "SPDXRef-Project",
    }
    assert found["relationships"][-1]["relatedSpdxElement"] == "NOASSERTION"
    flask = next(one for one in found["packages"] if one["name"] == "flask")
    assert flask["checksums"] == [{"algorithm": "SHA256", "checksumValue": SHA}]
    assert flask["externalRefs"][0]["referenceLocator"] == "pkg:pypi/flask@1.0"
    assert all(one["downloadLocation"] == one["supplier"] == "NOASSERTION" for one in found["packages"])


@pytest.mark.parametrize("gap", [False, True])
def test_spdx_is_valid_by_the_reference_implementation(gap: bool, tmp_path: Path) -> None:
    parser = pytest.importorskip("spdx_tools.spdx.parser.parse_anything", reason="spdx-tools is not installed")
    validation = pytest.importorskip("spdx_tools.spdx.validation.document_validator")
    target = tmp_path / "x.spdx.json"
    target.write_text(spdx.render(report(gap=gap), VERDICT), encoding="utf-8")
    messages = validation.validate_full_spdx_document(parser.parse_file(str(target)))
    assert [one.validation_message for one in messages] == []


def test_empty_project_is_still_a_valid_document() -> None:
    nothing = Report(version="0.1.0", context=Context(project=""), outcomes=())
    assert list(validator().iter_errors(json.loads(cyclonedx.render(nothing, VERDICT)))) == []
    assert json.loads(spdx.render(nothing, VERDICT))["packages"][0]["name"] == "project"
