"""pytest-benchmark (https://pytest-benchmark.readthedocs.io) of the project's environment, against a baseline.

The baseline is `.py-secure-ci.benchmarks.json`, or the file that `tools.pytest-benchmark.config` names: a
`benchmarks.json` that an earlier run left. Measured on another machine it is told, and nothing is judged.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.test_runs import benchmarks
from py_secure_ci.adapting.test_runs.findings import RULES, broken_files, findings
from py_secure_ci.adapting.test_runs.judging import not_run, refuse_contradictions
from py_secure_ci.adapting.test_runs.running import planted as seen_of
from py_secure_ci.adapting.test_runs.running import run_command, run_of
from py_secure_ci.adapting.test_runs.selecting import select_benchmarks
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Stage
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

NAME, FILE, BASELINE, THRESHOLD = "pytest-benchmark", "benchmark.json", ".py-secure-ci.benchmarks.json", 25.0
RUN, SEEN = "benchmark-run", "benchmark-canary"


def _commands(task: Task) -> tuple[Command, ...]:
    ours = ("--tb=short", "--color=no", "--maxfail=0", "--benchmark-only", "-o", f"cache_dir={task.scratch / 'cache'}")
    files = tuple(str(task.root / path) for path in task.files)
    args = (*task.options.args, *ours)
    measured = (*args, f"--benchmark-json={task.scratch / FILE}")
    suite = run_command(task, NAME, "run_pytest.py", RUN, measured, instead=files, outputs=(FILE,))
    if not task.canaries:
        return (suite,)
    return (suite, run_command(task, NAME, "run_pytest.py", SEEN, args, instead=task.canaries))


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions[RUN]
    run = run_of(task, main, RUN)
    refuse_contradictions(NAME, run, main.status, len(task.files))
    now = benchmarks.measured(main.files.get(FILE, ""), set(run.results))
    name = task.options.config or BASELINE
    if task.options.config and name not in task.settings:
        raise WrongShape(f"there is no baseline {name}", hint="Correct tools.pytest-benchmark.config.")
    before = benchmarks.read_benchmarks(task.settings[name], name) if name in task.settings else None
    limit = float(str(task.options.settings.get("threshold", THRESHOLD)))
    slower, notes = benchmarks.compared(NAME, now, before, limit)
    return Reading(
        findings=(*findings(NAME, run), *slower, *seen_of(task, NAME, executions, SEEN)),
        rules=(*RULES, *benchmarks.RULES),
        looked_at=frozenset(task.files) & run.files - {one.location.path for one in run.broken},
        gaps=(*not_run(run), *broken_files(run)),
        notes=notes,
        artifacts={"benchmarks.json": benchmarks.as_text(now)},
        metrics={"benchmarks": len(now.benchmarks), "slower": len(slower)},
    )


TOOL = Tool(
    name=NAME,
    stage=Stage.TEST,
    about="measures the project's benchmarks and compares them with a baseline",
    uri="https://pytest-benchmark.readthedocs.io",
    commands=_commands,
    parse=_parse,
    select=select_benchmarks,
    canary=planted("pytest-benchmark", "test-failed"),
    settings=(BASELINE,),
    source="project",
    program="pytest",
    distribution="pytest-benchmark",
    needs_environment=True,
)
