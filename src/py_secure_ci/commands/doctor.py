"""`doctor`: what would run, with which versions, and what is missing."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from py_secure_ci.running.runner import Runner
from py_secure_ci.running.sandbox import Sandbox


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """0 if everything that the configuration names is there or can be installed on first need, else 3."""
    with ThreadPoolExecutor(1) as pool:
        sandbox = pool.submit(_sandbox)  # a process of its own tries it out, while all the tools are loaded here
        from py_secure_ci.commands.diagnosis import diagnose

        return diagnose(arguments, environ, sandbox.result)


def _sandbox() -> Sandbox:
    with Runner() as runner:
        return runner.sandbox
