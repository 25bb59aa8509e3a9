"""Runs pytest inside the project's own interpreter and writes down what happened.

Standard library only, and old syntax on purpose: the project picks the Python.
The project's own pytest and coverage win; ours (the overlay) stand at the very end of `sys.path`.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

WORKERS = ("-p", "_py_secure_ci_worker")  # the only way that reaches the workers of every pytest-xdist


def main(session: Any) -> int:
    """Run as the request says; then again what failed, and the slowest under a profiler, where that is asked for."""
    witness = session.load("witness.py").Witness(session)
    status: int = session.run(lambda _: _run(session, witness))
    failed = witness.failed
    for number in range(1, session.request["reruns"] + 1):
        if failed:
            session.again(f"rerun-{number}", instead=failed)
            failed = witness.still_failing(f"rerun-{number}", failed)
    if session.request["profile"] and witness.slowest:
        session.again("profile", instead=[witness.slowest], profiler=True)
    return status


def _run(session: Any, witness: Any) -> int:
    own = importlib.util.find_spec("pytest") is not None
    session.prepare()
    measure = session.start_coverage()
    try:
        pytest = importlib.import_module("pytest")
    except Exception as error:  # whatever a broken installation raises
        session.problem("pytest", error)
        return 4
    session.find_project()
    sys.path.append(os.path.join(session.scratch, "lent"))
    session.record.write(event="start", pytest=pytest.__version__, own=own, python=sys.version.split()[0])
    plugins = [session.recorder.make(pytest, session.record, session.request), witness.hooks(pytest)]
    try:
        status = int(pytest.main([*WORKERS, *session.request["args"]], plugins=plugins))
    except SystemExit as error:  # a conftest.py that ends the process
        session.problem("exit", f"SystemExit({error.code}) while pytest was starting")
        status = 3
    session.report_coverage(measure)
    return status
