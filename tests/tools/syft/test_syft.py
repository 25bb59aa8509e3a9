"""syft: its own configuration, recorded answers, the cross-check against the pins."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Pin
from py_secure_ci.tool import Execution, Task
from py_secure_ci.tools.syft import TOOL, commands, parse

HERE = Path(__file__).parent
FILES = (".github/workflows/ci.yml", ".syft.yaml", "package-lock.json", "poetry.lock")
JINJA = Pin(name="jinja2", version="3.1.6", file="poetry.lock", line=2)


def task(*pins: Pin, files: tuple[str, ...] = FILES) -> Task:
    planted = ("/s/plant/requirements.txt",)
    return Task(root=Path("/r"), scratch=Path("/s"), files=files, pins=pins, canaries=planted)


def said(name: str, canary: str = "findings/canary.json") -> dict[str, Execution]:
    texts = {"main": name, "canary": canary}
    return {
        key: Execution(status=0, stdout=(HERE / one).read_text(encoding="utf-8"), stderr="")
        for key, one in texts.items()
    }


def test_commands_bring_their_own_configuration_and_stay_off_the_network() -> None:
    main, canary = commands(task())
    assert main.argv[:5] == ("syft", "scan", "dir:.", "-c", "/s/syft.yaml")
    assert main.inputs == {"syft.yaml": "check-for-app-update: false\n"}
    assert canary.argv[2] == "dir:/s/plant"
    assert all(one.env == {"SYFT_CHECK_FOR_APP_UPDATE": "false"} and not one.network for one in (main, canary))


def test_what_is_in_the_tree_besides_the_pins() -> None:
    found = parse(task(JINJA), said("findings/main.json"))
    assert [(one.purl, one.kind, one.paths) for one in found.components] == [
        ("pkg:github/actions/checkout@v4", "github-action", (".github/workflows/ci.yml",)),
        ("pkg:npm/left-pad@1.3.0", "npm", ("package-lock.json",)),
        ("pkg:npm/web@1.0.0", "npm", ("package-lock.json",)),
    ]
    assert not found.gaps
    assert found.looked_at is None


def test_files_that_are_not_due_bring_nothing() -> None:
    assert not parse(task(files=()), said("findings/main.json")).components


def test_the_planted_package_is_found_at_the_planted_file() -> None:
    found = parse(task(JINJA), said("findings/main.json"))
    assert TOOL.canary is not None
    assert {
        one.rule for one in found.findings if one.location and one.location.path == "/s/plant/requirements.txt"
    } == set(TOOL.canary.expect)
    assert not parse(task(JINJA), said("findings/main.json", "clean/empty.json")).findings


def test_lock_in_which_syft_sees_nothing_is_a_gap() -> None:
    found = parse(task(JINJA), said("broken/corrupt-lock.json"))
    assert [(one.subject, one.reason) for one in found.gaps] == [
        ("poetry.lock", "syft does not see 1 of its pins: jinja2"),
    ]


def test_lock_that_syft_reads_and_we_did_not_is_a_gap() -> None:
    assert [one.subject for one in parse(task(), said("findings/main.json")).gaps] == ["poetry.lock"]


def test_empty_tree() -> None:
    assert not parse(task(files=()), said("clean/empty.json")).components


@pytest.mark.parametrize("text", ["", "{}", '{"bomFormat": "x"}', '{"bomFormat": "CycloneDX", "components": [{}]}'])
def test_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(WrongShape):
        parse(task(), {"main": Execution(status=0, stdout=text, stderr="")})


def test_its_own_document_is_the_same_from_run_to_run() -> None:
    first = said("findings/main.json")
    text = first["main"].stdout
    again = json.dumps({**json.loads(text), "serialNumber": "urn:uuid:another", "metadata": {"timestamp": "later"}})
    plain = json.dumps({**json.loads(text), "metadata": {}})
    documents = [
        parse(task(), {**first, "main": Execution(status=0, stdout=one, stderr="")}).artifacts["syft.cdx.json"]
        for one in (again, plain)
    ]
    assert documents[0] == documents[1]
    assert json.loads(documents[0])["components"] == json.loads(text)["components"]


def test_other_projects_below_are_not_looked_at() -> None:
    main, _ = commands(replace(task(), elsewhere=("services/api", "a*b")))
    assert "./services/api/**" in main.argv
    assert not any("a*b" in word for word in main.argv)  # a name that syft would take for a pattern is sorted out later
