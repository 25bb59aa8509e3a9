"""The environment that tests and lint run in: made once from dev.lock, with this checkout installed editable."""

from __future__ import annotations

import os
import sys

import _make
import _start


def python() -> str:
    """The environment's interpreter. Ends the process, with a message, when it cannot be made."""
    lock = os.path.join(_start.LOCKS, "dev.lock")
    # The checkout is part of the key: two checkouts must not share an environment that names one of them.
    key = _start.digest(lock, os.path.join(_start.ROOT, "pyproject.toml"), also=_start.ROOT)
    environment = _start.environment("dev", key)
    if not _start.ready(environment):
        _make.make(environment, _make.DEVELOPMENT)
    return _start.python_of(environment)


def variables() -> dict[str, str]:
    """Our own process's environment, with our programs first on PATH and nobody's import path."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    kept["PATH"] = os.pathsep.join([os.path.dirname(python()), kept.get("PATH", os.defpath)])
    return kept


sys.dont_write_bytecode = True
