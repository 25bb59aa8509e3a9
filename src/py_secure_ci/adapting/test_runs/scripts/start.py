"""Where every run inside the project's own interpreter starts and ends.

usage: start.py REQUEST.json RUNNER.py, both beside it. Standard library only, and old syntax on purpose: the project
picks the Python.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any


def main(request_file: str, runner: str) -> int:
    """The exit status of the runner."""
    scratch = os.path.dirname(os.path.abspath(request_file))
    session = load(os.path.join(scratch, "session.py")).Session(request_file, runner, load)
    status: int = session.load(runner).main(session)
    return status


def load(path: str) -> Any:
    """Import one of our own files without putting its folder on the path."""
    name = "_py_secure_ci_" + os.path.basename(path)[:-3]
    spec: Any = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
