"""ruff check, a fast linter (https://docs.astral.sh/ruff/linter/).

Always `--no-fix --no-fix-only`: with `fix = true` in the project's configuration ruff rewrites the tree, and with
`fix-only = true` it then reports nothing and exits 0 (measured with 0.17.6). Never a cache: it gains under a tenth,
and files that come from it are missing in the log that proves what was looked at.
The project's configuration tunes rules and leaves files out (`--force-exclude`; told as excluded). A project without
any gets `SELECT`, and `--isolated`, so that the folders above and the home folder have no say.
The canary goes through stdin under a name in the folder with the most files due: there the very configuration
applies, nested ones included, while patterns of exclusion do not (ruff leaves out no stdin without
`--force-exclude`), and the tree stays untouched.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from py_secure_ci.adapting.findings import answer, in_words
from py_secure_ci.adapting.planting import BLINDING, planted
from py_secure_ci.adapting.ruff_config import (
    CONFIGS,
    commands,
    config_arguments,
    config_file,
    left_out,
    nested_probes,
    silenced,
    switched_off,
)
from py_secure_ci.adapting.ruff_diagnostics import SYNTAX, UNREADABLE, Diagnostic, opened_files, read_diagnostics
from py_secure_ci.adapting.ruff_fixing import lint_fixes, settles
from py_secure_ci.adapting.ruff_severities import OTHER, QUALITY, SECURITY
from py_secure_ci.adapting.selection import ending, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Finding, Gap, Rule, Severity, Stage
from py_secure_ci.tool import Command, Execution, Fixer, Reading, Task, Tool

# For projects that chose nothing: errors and likely bugs, no matters of taste. Security rules (S) are bandit's here.
# Not ruff's own default, which since 0.15 holds hundreds of style rules.
SELECT = "E4,E7,E9,F,B,PLE"
BASE = ("ruff", "check", "--no-fix", "--no-fix-only", "--no-cache", "--output-format=json")
CANARY = planted("ruff")


def _commands(task: Task) -> tuple[Command, ...]:
    own = () if config_file(task) else (f"--select={SELECT}",)
    folders = Counter(str(PurePosixPath(file).parent) for file in task.files)
    folder = max(sorted(folders), key=lambda one: folders[one]) if folders else "."
    mode = (*BASE, *config_arguments(task), *own)
    return (
        *commands(task, BASE, planted=(folder, CANARY.files["canary.py"]), own=own),
        *nested_probes(task, mode, CANARY.files["canary.py"]),
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    said = read_diagnostics(main.stdout)
    if (main.status == 1) != bool(said):
        raise WrongShape(f"ruff ended with exit status {main.status} and {len(said)} diagnostics")
    unread = {project_path(one.path, task.root): one for one in said if one.code in UNREADABLE}
    logged = [one for one in unread.values() if f"Checking: {one.path}\n" in main.stderr]
    log = {"marker": "Checking: ", "total": " Checked"}
    opened = opened_files(main.stderr, **log, due=task.files, root=task.root, missing=len(unread) - len(logged))
    place = task.canaries[0] if task.canaries else ""
    canary = read_diagnostics(executions["canary"].stdout) if place else ()
    shown = [one for one in said if one.code not in UNREADABLE]
    spoken_of = {project_path(one.path, task.root) for one in said}
    blinded = {file: by for file, by in silenced(task, {one.code for one in canary}).items() if file not in spoken_of}
    off = {file: path for file, path in switched_off(task, executions).items() if file not in spoken_of}
    return answer(
        task,
        (*(_finding(one, one.path, task) for one in shown), *(_finding(one, place, task) for one in canary)),
        {one.code: Rule(one.code, one.name, in_words(one.name), uri=one.uri) for one in shown}.values(),
        said=opened - blinded.keys() - off.keys(),
        instead=[Gap(path, f"ruff could not read it: {one.message}") for path, one in unread.items()],
        gaps=[
            Gap(file, f"{by} switches ruff off: it does not report what was planted there") for file, by in off.items()
        ],
        excluded=[
            *(
                Excluded(file, f"ruff's per-file-ignores: {pattern} ({config_file(task)})")
                for file, pattern in sorted(blinded.items())
            ),
            *left_out(task, opened | unread.keys() | blinded.keys() | off.keys()),
        ],
        notes=() if config_file(task) else (f"The project has no ruff configuration: checked with --select={SELECT}.",),
    )


def _finding(one: Diagnostic, path: str, task: Task) -> Finding:
    moved = path != one.path
    return Finding(
        tool="ruff",
        rule=one.code,
        severity=_severity(one.code),
        message=one.message if one.cell is None else f"{one.message} (notebook cell {one.cell})",
        location=type(one.location)(path, one.location.line) if moved else one.location,
        fix=one.fix,
        edits=() if moved else one.edits,
        fixable=one.safe and settles(task, one.code),
    )


def _severity(code: str) -> Severity:
    if code == SYNTAX:
        return Severity.ERROR
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", code)
    if match is None:
        raise WrongShape(f"ruff reports a rule of no known form: {code!r}")
    if match[1] == "S":
        return SECURITY.get(code, Severity.MEDIUM)
    prefixes = (match[1] + match[2][:length] for length in range(len(match[2]), -1, -1))
    return next((QUALITY[prefix] for prefix in prefixes if prefix in QUALITY), OTHER)


TOOL = Tool(
    name="ruff",
    stage=Stage.LINT,
    about="lints Python: errors, likely bugs and the style rules that the project chose",
    uri="https://docs.astral.sh/ruff/",
    commands=_commands,
    parse=_parse,
    select=ending(".py", ".pyi", ".ipynb"),
    canary=CANARY,
    fixer=Fixer(turn=1, commands=lambda task: lint_fixes(task, SELECT)),
    settings=CONFIGS,
    nested_settings=True,
    default=True,
    lasting_gaps="ruff could not read it: Expected a Jupyter Notebook",
    depends_on=(".py", ".pyi", ".ipynb", ".toml"),
    leads_out=r"^[ \t]*extend\s*=",
    blind_directive=BLINDING["ruff"],
    blinders=dict.fromkeys(CONFIGS, r"^[ \t]*(lint\.)?(select|ignore|extend-ignore|per-file-ignores)\b|\bALL\b"),
)
