"""bandit: security checks on Python syntax trees (https://bandit.readthedocs.io/).

Explicit files and never `-r`, so that bandit looks for no `.bandit` of its own (one can switch every rule off); an
empty `--ini` makes sure. The project's `.bandit` and `[tool.bandit]` count only if our YAML names the file as
`tools.bandit.config`. Exit status 0 is also what a run ends with in which no file could be parsed (measured with
1.9.4), so `errors` become gaps and the keys of `metrics` are what was looked at.
The canary asks for a shell command (B602) and for unsafe deserialisation (B506): a configuration may switch off
many rules with reason, but one that is blind to these two makes no security gate.
Its time grows with the square of a literal's length (a dictionary of 8,000 entries takes 25 s), hence `alone`.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.bandit_report import finding_of, metrics_of, rule_of
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.adapting.python_syntax import select_modules
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Gap, Stage
from py_secure_ci.reading import as_dict, field, load_json
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool


def _commands(task: Task) -> tuple[Command, ...]:
    ini = (task.scratch / "bandit.ini").as_posix()
    config = ("-c", argument(task.options.config)) if task.options.config else ()
    files = (argument(file) for file in task.files)
    options = ("-f", "json", "-q", "--ini", ini, *config, *task.options.args)
    return (
        Command(
            argv=("bandit", *options, "--", *files, *task.canaries),
            inputs={"bandit.ini": "[bandit]\n"},
        ),
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    unknown = [line for line in main.stderr.split("\n") if "Unknown test found in profile" in line]
    if unknown:  # bandit warns, and runs without it
        raise WrongShape(f"bandit's configuration names a test that does not exist: {unknown[0].strip()}")
    report = as_dict(load_json(main.stdout, "bandit's report"), "bandit's report")
    errors = [as_dict(one, "bandit's error") for one in field(report, "errors", list, "bandit's report")]
    gaps = {
        project_path(field(one, "filename", str, "bandit's error"), task.root): field(
            one, "reason", str, "bandit's error"
        )
        for one in errors
    }
    results = [as_dict(one, "bandit's result") for one in field(report, "results", list, "bandit's report")]
    if (main.status == 1) != bool(results):
        raise WrongShape(f"bandit ended with exit status {main.status} and {len(results)} results")
    metrics = metrics_of(task, report)
    looked_at = metrics.keys() - gaps.keys()
    left_out = set(task.files) - looked_at - gaps.keys() if task.options.config else set()
    return Reading(
        findings=tuple(finding_of(one, task) for one in results),
        rules=tuple({one["test_id"]: rule_of(one) for one in results}.values()),
        looked_at=frozenset(looked_at),
        gaps=tuple(Gap(path, f"bandit: {reason}") for path, reason in gaps.items()),
        excluded=tuple(Excluded(file, task.options.config) for file in sorted(left_out)),
        notes=_notes(task),
        passed_over={path: count for path, count in metrics.items() if count},
    )


def _notes(task: Task) -> tuple[str, ...]:
    notes = []
    for name in (".bandit", "pyproject.toml"):
        text = task.settings.get(name, "")
        present = name in task.settings if name == ".bandit" else "bandit" in text and tool_table(text, "bandit")
        if present and task.options.config != name:
            notes.append(
                f"{name} holds settings for bandit that are not used; name it in tools.bandit.config to use it."
            )
    return tuple(notes)


TOOL = Tool(
    name="bandit",
    stage=Stage.SAST,
    about="finds security defects in Python code",
    uri="https://bandit.readthedocs.io/",
    commands=_commands,
    parse=_parse,
    select=select_modules,  # stubs hold no code; bandit by itself leaves them out as well
    canary=planted("bandit", "B506", "B602"),
    settings=(".bandit", "pyproject.toml"),
    scripts=True,
    per_file=True,
    lasting_gaps="bandit: syntax error while parsing",
    alone=128 * 1024,
    passed_over_by="`# nosec` comments",
    split=pieces,
    default=True,
    byte_columns=True,
    blinders={".bandit": r"^[ \t]*(skips|tests|exclude)\b", "pyproject.toml": r"^[ \t]*(skips|tests|exclude_dirs)\b"},
)
