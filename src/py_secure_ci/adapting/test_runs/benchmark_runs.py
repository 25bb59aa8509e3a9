"""How a project's benchmarks are run, and what the record of the run and its measurements mean together."""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.test_runs import benchmarks
from py_secure_ci.adapting.test_runs.findings import RULES, broken_files, findings
from py_secure_ci.adapting.test_runs.judging import not_run, refuse_contradictions
from py_secure_ci.adapting.test_runs.running import planted, run_command, run_of
from py_secure_ci.errors import WrongShape
from py_secure_ci.tool import Command, Execution, Reading, Task

NAME, FILE, BASELINE, THRESHOLD = "pytest-benchmark", "benchmark.json", ".py-secure-ci.benchmarks.json", 25.0
RUN, SEEN = "benchmark-run", "benchmark-canary"


def commands(task: Task) -> tuple[Command, ...]:
    """The measured run, and the planted benchmark in one of its own."""
    ours = ("--tb=short", "--color=no", "--maxfail=0", "--benchmark-only", "-o", f"cache_dir={task.scratch / 'cache'}")
    files = tuple(str(task.root / path) for path in task.files)
    args = (*task.options.args, *ours)
    measured = (*args, f"--benchmark-json={task.scratch / FILE}")
    suite = run_command(task, NAME, "run_pytest.py", RUN, measured, instead=files, outputs=(FILE,))
    if not task.canaries:
        return (suite,)
    return (suite, run_command(task, NAME, "run_pytest.py", SEEN, args, instead=task.canaries))


def parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    """What the record says, and what got slower than the baseline. Raises WrongShape."""
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
        findings=(*findings(NAME, run), *slower, *planted(task, NAME, executions, SEEN)),
        rules=(*RULES, *benchmarks.RULES),
        looked_at=frozenset(task.files) & run.files - {one.location.path for one in run.broken},
        gaps=(*not_run(run), *broken_files(run)),
        notes=notes,
        artifacts={"benchmarks.json": benchmarks.as_text(now)},
        metrics={"benchmarks": len(now.benchmarks), "slower": len(slower)},
    )
