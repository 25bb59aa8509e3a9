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

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.tool import Task

sys.path.insert(0, str(Path(__file__).parent))
execute = importlib.import_module("conftest").execute


def main(tool: str, name: str, project: str, python: str, overlay: str = "") -> None:
    """Run the adapter on a project and keep what came of each command."""
    root, scratch = Path(project).resolve(), Path(tempfile.mkdtemp()).resolve()
    chosen = next(one for one in TOOLS if one.name == tool)
    assert chosen.canary is not None
    ((planted, text),) = chosen.canary.files.items()
    canary = scratch / planted
    canary.write_text(text, "utf-8")
    tree = tuple(sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()))
    task = Task(
        root=root,
        scratch=scratch,
        files=chosen.select(tree, {}).files,
        canaries=(str(canary),),
        python=Path(python),
        overlay=Path(overlay) if overlay else None,
    )
    folder = Path(__file__).parent.parent / tool / name
    folder.mkdir(exist_ok=True, parents=True)
    neutral = {str(scratch): "/scratch", str(root): "/project", overlay or "\0": "/overlay"}
    neutral |= {str(Path(python).parent.parent): "/environment", sys.base_prefix: "/python"}
    for command, execution in execute(task, chosen).items():
        (folder / f"{command}.status").write_text(f"{execution.status}\n", "utf-8")
        (folder / f"{command}.stdout").write_text(execution.stdout, "utf-8")
        for file, text in execution.files.items():
            for path, word in neutral.items():
                text = text.replace(path, word)
            kept = json.dumps({**json.loads(text), "meta": {}}, indent=1) + "\n" if file.endswith(".json") else text
            (folder / file).write_text(kept, "utf-8")
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main(*sys.argv[1:])
