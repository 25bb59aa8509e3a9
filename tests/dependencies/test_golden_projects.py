"""Small projects for every kind of declaration and every trap: pins, gaps, findings and verdict of a whole run, exact.

A project is one file, so that nobody takes it for dependencies of ours: `=== path [encoding]` starts a file of it,
`=== expected` what must come of it. `GOLDEN_UPDATE=1` writes that part anew; read it before you commit it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.dependencies.read_all import read_dependencies

FOLDER = Path(__file__).parent.parent / "data" / "dependency_projects"
PROJECTS = sorted(FOLDER.glob("*.txt"))
QUICK = frozenset({"requirements", "uv_workspace"})
PLACES = {
    "INDEX": "https://" + ".".join(("pypi", "org")) + "/simple",
    "FILES": "https://" + ".".join(("files", "pythonhosted", "org")),
}


def parts(path: Path) -> tuple[dict[str, bytes], str]:
    """The files of a project, and what is expected."""
    chunks = re.split(r"(?m)^=== (\S+)(?: (\S+))?\n", path.read_text("utf-8"))
    assert chunks[0] == "", path
    files: dict[str, bytes] = {}
    expected = ""
    for name, encoding, text in zip(chunks[1::3], chunks[2::3], chunks[3::3], strict=True):
        if name == "expected":
            expected = text
            continue
        whole = text
        for word, address in PLACES.items():
            whole = whole.replace(word, address)
        if encoding == "crlf":
            whole = whole.replace("\n", "\r\n")
        files[name] = whole.encode("utf-8" if encoding in (None, "crlf") else encoding)
    return files, expected


def pin_lines(pins: Iterator[Any]) -> list[str]:
    lines = []
    for one in pins:
        words = [f"pin {one['file']}:{one['line']} {one['name']}=={one['version']}"]
        words += [f"[{', '.join(one['groups'])}]"] if one.get("groups") else []
        words += [f"; {one['marker']}"] if one.get("marker") else []
        words += [f"via {' > '.join(one['via'])}"] if len(one.get("via", ())) > 1 else []
        words += [f"from {one['source']}"] if one.get("source") else []
        words += ["public"] if one.get("public") else []
        words += [f"{len(one['hashes'])} hashes"] if one.get("hashes") else []
        lines.append(" ".join(words))
    return lines


def told(ran: Any) -> str:
    """Everything that is expected of a run, one fact a line."""
    declarations = ran.report["report"].get("dependencies", {}).get("declarations", [])
    lines = pin_lines(pin for one in declarations for pin in one.get("pins", []))
    for tool in ("pip-audit", "syft"):
        outcome = ran.outcome(tool)
        if outcome["kind"] != "completed":
            lines.append(f"{tool} {outcome['kind']}: {outcome['reason']}")
        for gap in outcome.get("gaps", []):
            reason = re.sub(r"(perhaps a private name unknown to the advisory source).*", r"\1", gap["reason"])
            lines.append(f"gap {tool} {gap.get('line', '-')} {gap['subject']} | {reason}")
    for one in ran.findings:
        place = f"{one['location']['path']}:{one['location']['line']}"
        lines.append(f"finding {place} {one['rule']}" + (f" {one['message']}" if not one.get("advisory") else ""))
    lines.append(f"verdict {ran.verdict['status']}")
    return "\n".join(lines).replace(PLACES["INDEX"], "INDEX") + "\n"


@pytest.mark.network
@pytest.mark.parametrize(
    "path",
    [pytest.param(one, id=one.stem, marks=[] if one.stem in QUICK else [pytest.mark.slow]) for one in PROJECTS],
)
def test_a_project(path: Path, checked: Callable[..., Any]) -> None:
    files, expected = parts(path)
    ran = checked(files)
    assert ran.report, ran.stderr
    found = told(ran)
    if os.environ.get("GOLDEN_UPDATE"):
        text = path.read_text("utf-8")
        path.write_text(f"{text.split('=== expected')[0]}=== expected\n{found}", encoding="utf-8")
        return
    assert found == expected
    assert {"PASS": 0, "FAIL": 1, "INCOMPLETE": 3}[ran.verdict["status"]] == ran.status


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.stem)
def test_its_pins_are_read(path: Path) -> None:
    """The same without the product around it, so that every project is looked at every time."""
    files, expected = parts(path)
    wanted = [line.split()[1:3] for line in expected.splitlines() if line.startswith("pin ")]
    found = read_dependencies(tuple(files), lambda name: files[name].decode("utf-8"))
    assert [[f"{pin.file}:{pin.line}", f"{pin.name}=={pin.version}"] for pin in found.pins] == wanted
