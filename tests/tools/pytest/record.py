"""Record real runs of the test runners for the tests beside this file and in the folders of the others.

usage: python record.py TOOL NAME PROJECT PYTHON [OVERLAY]; paths are made neutral.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.tool import Task

sys.path.insert(0, str(Path(__file__).parent))
execute = importlib.import_module("conftest").execute


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what speaks of the day and of the machine."""
    for key in ("datetime", "commit_info"):
        document.pop(key, None)
    for one in document.get("benchmarks", ()):
        one["stats"].pop("data", None)
    return {**document, "meta": {}}


def main(tool: str, name: str, project: str, python: str, overlay: str = "") -> None:
    """Run the adapter on a project and keep what came of each command."""
    root, scratch = Path(project).resolve(), Path(tempfile.mkdtemp()).resolve()
    chosen = next(one for one in TOOLS if one.name == tool)
    planted = chosen.canary.files if chosen.canary else {}
    for planted_name, text in planted.items():
        (scratch / planted_name).write_text(text, "utf-8")
    tree = tuple(sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()))
    task = Task(
        root=root,
        scratch=scratch,
        files=chosen.select(tree, {}).files,
        canaries=tuple(str(scratch / one) for one in planted),
        python=Path(python),
        overlay=Path(overlay) if overlay else None,
    )
    folder = Path(__file__).parent.parent / tool / name
    folder.mkdir(exist_ok=True, parents=True)
    neutral = {str(scratch): "/scratch", str(root): "/project", overlay or "\0": "/overlay"}
    neutral |= {str(Path(python).parent.parent): "/environment", sys.base_prefix: "/python"}
    for command, execution in execute(task, chosen).items():
        (folder / f"{command}.status").write_text(f"{execution.status}\n", "utf-8")
        said = execution.stdout
        for path, word in neutral.items():
            said = said.replace(path, word)
        (folder / f"{command}.stdout").write_text(said, "utf-8")
        for file, text in execution.files.items():
            for path, word in neutral.items():
                text = text.replace(path, word)
            kept = json.dumps(plain(json.loads(text)), indent=1) + "\n" if file.endswith(".json") else text
            (folder / file).write_text(kept, "utf-8")
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main(*sys.argv[1:])
