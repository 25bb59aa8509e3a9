"""`run`: check a project and judge it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from py_secure_ci.commands.session import Session


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Check, judge, write every file, print; the exit status is the verdict's."""
    with Session(environ) as session:
        from py_secure_ci.commands.whole import check  # most of our modules: the launcher comes up meanwhile

        return check(arguments, session)
