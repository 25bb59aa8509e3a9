"""`plan`: cut a run into parts for several machines, and print them for the platform."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from py_secure_ci.commands.configuration import project_root
from py_secure_ci.commands.project import output_folder
from py_secure_ci.commands.session import Session
from py_secure_ci.commands.sharing import due_in, identity_of, made_plan
from py_secure_ci.output import probe, write_one
from py_secure_ci.parts.codec import to_text
from py_secure_ci.parts.collecting import PLAN_FILE
from py_secure_ci.parts.matrices import MATRICES, github_matrix
from py_secure_ci.step_outputs import output_file_text


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write plan.json into the output folder and print the parts; 0 if that was possible."""
    with Session(environ) as session:
        root = project_root(arguments.path)
        output = output_folder(root, Path(arguments.output_dir) if arguments.output_dir else None)
        due = due_in(arguments, session, ())
        identity = identity_of(due, arguments, session)
        plan = made_plan(due, identity, arguments.jobs, session, learned=not arguments.no_cache)
        probe(output)
        write_one(output / PLAN_FILE, to_text(plan))
        print(MATRICES[arguments.format](plan), end="")
        if session.ci.output_file:
            values = {"matrix": github_matrix(plan), "plan": plan.id}
            with Path(session.ci.output_file).open("a", encoding="utf-8", newline="\n") as stream:
                stream.write(output_file_text(values, f"end-{uuid4()}"))
    return 0
