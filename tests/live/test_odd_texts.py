"""Files as editors on other systems leave them: line ends, marks and endings that no tool may stumble over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from py_secure_ci import cli
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.model import Stage

pytestmark = pytest.mark.network

CODE = b"import sys\nimport os\n\n\ndef add( a,b ):\n    return a+b\n\n\nx = {  'a':1 }\n"
FILES = {
    "app/unix.py": CODE,
    "app/windows.py": CODE.replace(b"\n", b"\r\n"),
    "app/marked.py": b"\xef\xbb\xbf" + CODE,
    "app/marked_windows.py": b"\xef\xbb\xbf" + CODE.replace(b"\n", b"\r\n"),
    "app/no_last_break.py": CODE.rstrip(b"\n"),
    "app/no_last_break_windows.py": CODE.rstrip(b"\n").replace(b"\n", b"\r\n"),
    "app/form_feed.py": CODE.replace(b"\n\n\n", b"\n\n\x0c\n", 1),
    "app/empty.py": b"",
    "app/one_break.py": b"\r\n",
}
FORMATTERS = [tool.name for tool in TOOLS if tool.stage is Stage.FORMAT]
UNFORMATTED = sorted(name for name, data in FILES.items() if b"add(" in data)
STATIC = (Stage.LINT, Stage.FORMAT, Stage.SAST)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("odd")
    root = folder / "project"
    (root / "app").mkdir(parents=True)
    for name, data in FILES.items():
        (root / name).write_bytes(data)
    stages: dict[str, Any] = {one.value: False for one in Stage}
    for stage in STATIC:
        stages[stage.value] = {"tools": [tool.name for tool in TOOLS if tool.stage is stage]}
    (root / ".py-secure-ci.yml").write_text(json.dumps({"version": 1, "stages": stages}), encoding="utf-8")
    assert cli.main(["run", str(root), "--output-dir", str(folder / "report"), "--exit-zero"]) == 0
    document = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    return {one["tool"]["name"]: one for one in document["report"]["outcomes"]}


@pytest.mark.parametrize("name", [tool.name for tool in TOOLS if tool.stage in STATIC])
def test_each_looks_at_all_of_them(name: str, outcomes: dict[str, Any]) -> None:
    assert outcomes[name]["kind"] == "completed", outcomes[name]
    assert outcomes[name]["looked_at"] == len(FILES)
    assert not outcomes[name].get("gaps")


@pytest.mark.parametrize("name", FORMATTERS)
def test_formatters_say_the_same_of_each(name: str, outcomes: dict[str, Any]) -> None:
    found = {one["location"]["path"] for one in outcomes[name]["findings"]}
    assert found >= set(UNFORMATTED)
