"""pytest-benchmark (https://pytest-benchmark.readthedocs.io) of the project's environment, against a baseline.

The baseline is `.py-secure-ci.benchmarks.json`, or the file that `tools.pytest-benchmark.config` names: a
`benchmarks.json` that an earlier run left. Measured on another machine it is told, and nothing is judged.
"""

from __future__ import annotations

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.test_runs.benchmark_runs import BASELINE, NAME, commands, parse
from py_secure_ci.adapting.test_runs.selecting import select_benchmarks
from py_secure_ci.model import Stage
from py_secure_ci.tool import Tool

TOOL = Tool(
    name=NAME,
    stage=Stage.TEST,
    about="measures the project's benchmarks and compares them with a baseline",
    uri="https://pytest-benchmark.readthedocs.io",
    commands=commands,
    parse=parse,
    select=select_benchmarks,
    canary=planted("pytest-benchmark", "test-failed"),
    settings=(BASELINE,),
    options={"threshold": {"type": "number", "minimum": 0, "description": "Per cent that a benchmark may be slower."}},
    source="project",
    program="pytest",
    distribution="pytest-benchmark",
    needs_environment=True,
)
