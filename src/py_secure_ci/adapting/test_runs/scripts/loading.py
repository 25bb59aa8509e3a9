"""Modules of the project by their files' paths, and failures as the record has them; for the runners without pytest.

Written into the scratch folder and imported inside the project's interpreter: standard library only, old syntax.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from typing import Any

OURS = "_py_secure_ci_"


def start(session: Any, runner: str) -> None:
    """The first two events. `pytest` is the word for the runner's version; this one comes with Python."""
    version = sys.version.split()[0]
    session.record.write(event="start", pytest=version, own=True, python=version, runner=runner)
    session.record.write(
        event="settings", ini="", testpaths=[], python_files=[], norecursedirs=[], narrowed=[], workers=""
    )


def module_of(session: Any, path: str) -> tuple[Any, Any]:
    """(the module that a file is, None), or (None, what came of importing it as `sys.exc_info` has it)."""
    full = os.path.realpath(os.path.join(session.root, path))
    top, name = _dotted(full, session.root)
    if top not in sys.path:
        sys.path.insert(1, top)
    try:
        module = importlib.import_module(name)
        if os.path.realpath(getattr(module, "__file__", None) or "") != full:  # another module of the same name
            module = _by_path(full)
    except BaseException:  # `sys.exit()` in a module is its failure, not our end
        return None, sys.exc_info()
    return module, None


def _dotted(full: str, root: str) -> tuple[str, str]:
    """The folder to import from, and the module's name there: packages go up as far as there is an `__init__.py`."""
    folder, file = os.path.split(full)
    parts = [file[:-3]] if file != "__init__.py" else []
    while os.path.isfile(os.path.join(folder, "__init__.py")) and folder != os.path.realpath(root):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    return folder, ".".join(parts) or file[:-3]


def _by_path(full: str) -> Any:
    name = OURS + "project_" + "".join(sign if sign.isalnum() else "_" for sign in full)
    spec: Any = importlib.util.spec_from_file_location(name, full)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def tell_file(session: Any, place: str, error: Any = None, skipped: bool = False) -> None:
    """A file was opened; or it could not be loaded."""
    outcome = "passed" if error is None else "skipped" if skipped else "failed"
    told = failure(session, error, "") if outcome == "failed" else {}
    session.record.write(event="collect", node=place, path=place, outcome=outcome, **told)


def failure(session: Any, error: Any, words: str) -> dict[str, Any]:
    """Message, frames from the outermost to the innermost, and text."""
    if error is None:
        return {"message": words, "frames": [], "text": words}
    kind, value, trace = error
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(trace)
        if "__unittest" not in frame.f_globals and not str(frame.f_globals.get("__name__")).startswith(OURS + "run")
    ]
    if isinstance(value, SyntaxError) and value.filename and value.lineno:
        frames.append((value.filename, value.lineno))
    said = "".join(traceback.format_exception_only(kind, value)).strip().split("\n")
    message = said[-1] if isinstance(value, SyntaxError) else said[0]
    return {
        "message": message[:2000],
        "frames": [[session.recorder.place(path), line] for path, line in frames if os.path.isfile(path)],
        "text": "".join(traceback.format_exception(kind, value, trace))[:20000],
    }
