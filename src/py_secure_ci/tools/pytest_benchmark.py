"""pytest-benchmark (https://pytest-benchmark.readthedocs.io) of the project's environment, against a baseline.

The baseline is `.py-secure-ci.benchmarks.json`, or the file that `tools.pytest-benchmark.config` names: a
`benchmarks.json` that an earlier run left. Measured on another machine it is told, and nothing is judged.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.test_runs import benchmarks
from py_secure_ci.adapting.test_runs.findings import RULES, broken_files, findings
from py_secure_ci.adapting.test_runs.judging import not_run, refuse_contradictions
from py_secure_ci.adapting.test_runs.running import SUITE, run_command, run_of
from py_secure_ci.adapting.test_runs.selecting import select_benchmarks
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Gap, Stage
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

NAME, FILE, BASELINE, THRESHOLD = "pytest-benchmark", "benchmark.json", ".py-secure-ci.benchmarks.json", 25.0


def _commands(task: Task) -> tuple[Command, ...]:
    ours = ("--tb=short", "--color=no", "--maxfail=0", "--benchmark-only", f"--benchmark-json={task.scratch / FILE}")
    files = tuple(str(task.root / path) for path in task.files)
    args = (*task.options.args, *ours, "-o", f"cache_dir={task.scratch / 'cache'}")
    return (run_command(task, NAME, "run_pytest.py", SUITE, args, instead=files, outputs=(FILE,)),)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions[SUITE]
    run = run_of(task, main, SUITE)
    refuse_contradictions(NAME, run, main.status, len(task.files))
    if not main.files.get(FILE, "").strip():
        raise WrongShape("pytest-benchmark wrote no measurements: is it installed, and does a test use `benchmark`?")
    now = benchmarks.read_benchmarks(main.files[FILE], FILE)
    strangers = sorted(set(now.benchmarks) - set(run.results))
    if strangers or not now.benchmarks:
        raise WrongShape(f"pytest-benchmark measured {strangers[0] if strangers else 'nothing'}, which no test ran")
    name = task.options.config or BASELINE
    if task.options.config and name not in task.settings:
        raise WrongShape(f"there is no baseline {name}", hint="Correct tools.pytest-benchmark.config.")
    before = benchmarks.read_benchmarks(task.settings[name], name) if name in task.settings else None
    judged, notes = benchmarks.compared(now, before)
    limit = float(str(task.options.settings.get("threshold", THRESHOLD)))
    slower = tuple(benchmarks.slower(NAME, now, before, limit)) if judged and before else ()
    seen = run.files - {one.location.path for one in run.broken}
    unseen = tuple(Gap(path, "it was not collected") for path in task.files if path not in run.files)
    return Reading(
        findings=(*findings(NAME, run), *slower),
        rules=(*RULES, *benchmarks.RULES),
        looked_at=frozenset(task.files) & seen,
        gaps=(*not_run(run), *broken_files(run), *unseen),
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
    settings=(BASELINE,),
    source="project",
    program="pytest",
    distribution="pytest-benchmark",
    needs_environment=True,
)
