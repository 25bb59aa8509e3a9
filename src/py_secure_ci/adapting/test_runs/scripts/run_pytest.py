"""Runs pytest inside the project's own interpreter and writes down what happened; started as a script, never imported.

usage: run_pytest.py REQUEST.json. Standard library only, and old syntax on purpose: the project picks the Python.
The project's own pytest and coverage win; ours (the overlay) stand at the very end of `sys.path`.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from typing import Any

USAGE_ERROR, INTERNAL_ERROR = 4, 3
NOT_OURS = ("*/test_*.py", "*/*_test.py", "*/tests/*", "*/test/*", "*/conftest.py", "*/setup.py", "*/noxfile.py")


def main(request_file: str) -> int:
    """Run as the request says. The exit status is pytest's own where it is one of its documented six."""
    with open(request_file, encoding="utf-8") as stream:
        request = json.load(stream)
    scratch = os.path.dirname(os.path.abspath(request_file))
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != os.path.realpath(scratch)]
    recorder = _load(os.path.join(scratch, "recorder.py"))
    recorder.ROOT, recorder.PID = os.path.realpath(os.getcwd()), os.getpid()
    record = recorder.Record(os.path.join(scratch, request["name"] + ".jsonl"), _quiet(scratch, request["name"]))
    owner = os.getpid()
    status = _run(request, scratch, recorder, record)
    if os.getpid() != owner:  # a test forked and its child came out at our end
        os._exit(INTERNAL_ERROR)
    record.write(event="end", status=status, log=_tail(os.path.join(scratch, request["name"] + ".log")))
    return status if 0 <= status <= 5 else INTERNAL_ERROR


def _quiet(scratch: str, name: str) -> Any:
    """Send everything that tests print into a log of ours; give the real standard output for our own lines."""
    real = os.fdopen(os.dup(1), "w", encoding="ascii", errors="backslashreplace")
    log = os.open(os.path.join(scratch, name + ".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    return real


def _run(request: dict[str, Any], scratch: str, recorder: Any, record: Any) -> int:
    root = os.getcwd()
    _activate()
    own = importlib.util.find_spec("pytest") is not None
    sys.path.extend(request["overlay"])
    os.environ["COVERAGE_FILE"] = os.path.join(scratch, "coverage", "data")
    measure = _start_coverage(scratch, record) if request["coverage"] else None
    try:
        pytest = importlib.import_module("pytest")
    except Exception as error:  # whatever a broken installation raises
        record.write(event="problem", what="pytest", reason=_words(error))
        return USAGE_ERROR
    sys.path.insert(0, root)  # as `python -m pytest` does
    if os.path.isdir(os.path.join(root, "src")):  # for a project that is not installed; one that is comes first
        sys.path.append(os.path.join(root, "src"))
    record.write(event="start", pytest=pytest.__version__, own=own, python=sys.version.split()[0])
    plugin = recorder.make(pytest, record, request["instead"], request["elsewhere"])
    try:
        status = int(pytest.main(list(request["args"]), plugins=[plugin]))
    except SystemExit as error:  # a conftest.py that ends the process
        record.write(event="problem", what="exit", reason=f"SystemExit({error.code}) while pytest was starting")
        status = INTERNAL_ERROR
    os.chdir(root)
    if measure is not None and os.getpid() == recorder.PID:
        _report_coverage(measure, scratch, record)
    return status


def _activate() -> None:
    """Let tests find the environment's own programs, as in a shell where it is active."""
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
    if sys.prefix != sys.base_prefix:
        os.environ["VIRTUAL_ENV"] = sys.prefix


def _start_coverage(scratch: str, record: Any) -> Any:
    os.mkdir(os.path.join(scratch, "coverage"))
    settings = {"root": os.getcwd(), "data": os.environ["COVERAGE_FILE"], "omit": NOT_OURS, "python": sys.version}
    try:
        measuring = _load(os.path.join(scratch, "measuring.py"))
        cover, resolved = measuring.make(settings)
        measuring.follow_children(resolved, scratch)
        cover.start()
    except Exception as error:  # coverage's own plugins and any broken setting of the project end here
        record.write(event="problem", what="coverage", reason=_words(error))
        return None
    return cover


def _report_coverage(cover: Any, scratch: str, record: Any) -> None:
    """Write coverage.json. A file that coverage cannot read is told, and the number is made without it."""
    for ignore_errors in (None, True):
        try:
            cover.stop()
            cover.save()
            cover.combine()
        except Exception as error:
            if type(error).__name__ not in ("NoDataError", "CoverageException"):  # nothing to combine is no trouble
                record.write(event="problem", what="coverage", reason=_words(error))
        try:
            cover.json_report(outfile=os.path.join(scratch, "coverage.json"), ignore_errors=ignore_errors)
            return
        except Exception as error:
            record.write(event="problem", what="coverage", reason=_words(error))


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _tail(path: str) -> str:
    sys.stdout.flush()
    sys.stderr.flush()
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()[-10000:]


def _load(path: str) -> Any:
    """Import one of our own files without putting its folder on the path."""
    name = "_py_secure_ci_" + os.path.basename(path)[:-3]
    spec: Any = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
