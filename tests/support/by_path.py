"""Modules of the tests, and scripts, that no package holds: loaded by their place."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any


def load(path: Path, name: str = "") -> Any:
    """The module in a file, whatever its ending, made anew. `name`: what it is called, if not as the file."""
    name = name or path.stem.replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, path, loader=SourceFileLoader(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
