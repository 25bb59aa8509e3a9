"""Record real runs for test_pytest_recorded.py, paths made neutral.

usage: python record.py NAME PROJECT PYTHON [OVERLAY]
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from py_secure_ci.tool import Task
from py_secure_ci.tools.pytest import TOOL

sys.path.insert(0, str(Path(__file__).parent))
execute = importlib.import_module("conftest").execute


def main(name: str, project: str, python: str, overlay: str = "") -> None:
    """Run the adapter on a project and keep what came of each command."""
    root, scratch = Path(project).resolve(), Path(tempfile.mkdtemp()).resolve()
    canary = scratch / "test_canary.py"
    assert TOOL.canary is not None
    canary.write_text(TOOL.canary.files[canary.name], "utf-8")
    task = Task(
        root=root,
        scratch=scratch,
        canaries=(str(canary),),
        python=Path(python),
        overlay=Path(overlay) if overlay else None,
    )
    folder = Path(__file__).parent / name
    folder.mkdir(exist_ok=True)
    neutral = {str(scratch): "/scratch", str(root): "/project", overlay or "\0": "/overlay"}
    neutral |= {str(Path(python).parent.parent): "/environment", sys.base_prefix: "/python"}
    for command, execution in execute(task).items():
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
