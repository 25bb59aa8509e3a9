"""mypy, a static type checker (https://mypy.readthedocs.io/).

The project's configuration is written anew into the scratch folder without what writes, starts programs or loads
plugins, which are the project's code (`tools.mypy.plugins: true` keeps them). A configuration that mypy cannot read is
a failure here; mypy itself says a word on stderr and ends with exit status 0 (measured with 2.4.1).
What was looked at: with `--verbose` mypy names every source that it accepted. A line count report would name
the modules too, but turns the cache off (0.14 s becomes 1.4 s on 77 files).
Exit status 2 means that it stopped at the first broken file: that is a finding, and every other file a gap. The
canary runs apart, so that such a stop does not look like blindness; it asks for `arg-type`, without which there is no
type checking to speak of.
Columns: behind characters that are not ASCII, the native parser's columns are too small by the bytes in excess; kept,
because `--no-native-parser` knows no syntax newer than the Python that mypy itself runs on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from py_secure_ci.adapting.missing_imports import lost_imports
from py_secure_ci.adapting.module_names import import_roots, module_names, runs
from py_secure_ci.adapting.mypy_config import CONFIGS, MypyConfig, find, harmless
from py_secure_ci.adapting.mypy_output import entries_of, finding_of, merged, message_of, rule_of
from py_secure_ci.adapting.mypy_scope import select
from py_secure_ci.adapting.planting import BLINDING, planted
from py_secure_ci.adapting.selection import file_arguments
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Gap, Stage
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

IMPORTS = frozenset({"import-not-found", "import-untyped", "import"})
# fmt: off
OPTIONS = (
    "--output=json", "--verbose", "--check-untyped-defs", "--show-error-codes", "--show-column-numbers",
    "--show-error-end", "--hide-error-context", "--no-color-output", "--no-error-summary", "--no-pretty",
    "--no-warn-unused-configs", "--explicit-package-bases", "--namespace-packages",
)
# fmt: on


def _split(task: Task) -> tuple[Task, ...]:
    return tuple(replace(task, files=files) for files in runs(task.files))


def _config(task: Task) -> MypyConfig:
    return find(task.settings, task.options.config)


def _commands(task: Task) -> tuple[Command, ...]:
    config = _config(task)
    name = "mypy-config.toml" if config.name.endswith(".toml") else "mypy-config.ini"
    plugins = task.options.settings.get("plugins") is True
    options = (
        "mypy",
        *OPTIONS,
        f"--config-file={(task.scratch / name).as_posix()}",
        f"--cache-dir={(task.cache or task.scratch / 'cache').as_posix()}",
        # One file for each module, so that the canary's can be taken out: see cache.tool_caches.
        *(("--no-sqlite-cache",) if task.cache else ()),
        # Without the project's interpreter mypy would look imports up among the packages it was itself installed with.
        f"--python-executable={task.python.as_posix()}" if task.python else "--no-site-packages",
        *task.options.args,
    )
    inputs = {name: harmless(config, task.root.as_posix(), plugins=plugins)}
    names, lists = file_arguments(_accepted(task), task.scratch, "files.txt")
    path = ":".join(import_roots(task.files))
    canary = Command(name="canary", argv=(*options, *task.canaries), inputs=inputs)
    if not names:
        return (canary,)
    return (
        Command(
            argv=(*options, *names),
            inputs={**inputs, **lists},
            clean=frozenset({0}),
            found=frozenset({1, 2}),
            env={"MYPYPATH": path} if path else {},
        ),
        canary,
    )


def _accepted(task: Task) -> tuple[str, ...]:
    """The files but those that mypy would refuse, and with them the whole run."""
    names = module_names(task.files)
    return tuple(file for file in task.files if names[file])


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    accepted = _accepted(task)
    refused = tuple(
        Gap(file, "mypy refuses a folder that has an __init__.py and is no valid package name")
        for file in sorted(set(task.files) - set(accepted))
    )
    planted = tuple(finding_of(one) for one in entries_of(executions["canary"], task))
    if "main" not in executions:
        return Reading(findings=planted, looked_at=frozenset(), gaps=refused, notes=_notes(task))
    main = executions["main"]
    entries = merged(entries_of(main, task))
    named = frozenset(file for file in accepted if f"BuildSource(path={file!r}, " in main.stderr)
    stopped = main.status == 2
    if stopped and not any(one["code"] == "syntax" for one in entries):
        raise WrongShape(f"mypy stopped: {message_of(entries[0]) if entries else main.stderr[-500:]}")
    broken = {one["file"] for one in entries} if stopped else set()
    imports = [one for one in entries if one["code"] in IMPORTS and task.python is None]
    shown = tuple(finding_of(one) for one in entries if one not in imports)
    lost = lost_imports(one["message"] for one in imports)
    stops = tuple(Gap(file, "mypy stops at a syntax error elsewhere") for file in accepted if stopped)
    return Reading(
        findings=(*shown, *planted),
        rules=tuple({one.rule: rule_of(one.rule) for one in shown}.values()),
        looked_at=frozenset(broken) if stopped else named,
        gaps=(*refused, *(gap for gap in stops if gap.subject not in broken), *lost),
        told_as_gaps=len(lost),
        notes=_notes(task),
    )


def _notes(task: Task) -> tuple[str, ...]:
    config = _config(task)
    notes = [f"mypy is configured by {config.name}."] if config.name else []
    if disabled := config.words("disable_error_code"):
        notes.append(f"{config.name} switches off for all files: {', '.join(disabled)}.")
    if config.words("plugins") and task.options.settings.get("plugins") is not True:
        notes.append(f"{config.name} asks for plugins, which are not loaded: {', '.join(config.words('plugins'))}.")
    return tuple(notes)


TOOL = Tool(
    name="mypy",
    stage=Stage.TYPE,
    about="checks types",
    uri="https://mypy.readthedocs.io/",
    commands=_commands,
    parse=_parse,
    select=select,
    canary=planted("mypy", "arg-type"),
    settings=CONFIGS,
    options={"plugins": {"type": "boolean", "description": "Whether plugins that the project names may run."}},
    split=_split,
    needs_environment=True,
    own_cache=True,
    lasting_gaps="mypy (refuses a folder|stops at a syntax error elsewhere)",
    depends_on=(".py", ".pyi", ".typed", ".toml", ".ini", ".cfg"),
    leads_out=r"\b(mypy_path|custom_typeshed_dir|custom_typing_module|python_executable|plugins)\b",
    default=True,
    text_only=True,
    blind_directive=BLINDING["mypy"],
    blinders=dict.fromkeys(CONFIGS, r"^[ \t]*(ignore_errors|disable_error_code|follow_imports)\b"),
)
