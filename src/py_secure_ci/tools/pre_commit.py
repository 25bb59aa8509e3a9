"""pre-commit: the project's own hooks, whatever they are (https://pre-commit.com/).

Hooks are code that the project names, and it is downloaded when they run: off by default, and told in a note. They
run over a copy of the tree, with a repository of its own, so that what they change is seen and thrown away. A hook that
fails is a finding, at the places that it names or else at the configuration; so is a file that hooks change. A hook
that did not run (of another stage, say) is a gap; one for which there is no file is named in a note.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping

from py_secure_ci.adapting.findings import answer, in_words, rules_of
from py_secure_ci.adapting.hook_runs import Hook, hooks_of
from py_secure_ci.adapting.planting import planted, script
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Severity, Stage
from py_secure_ci.reading import as_dict, field, load_json
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task, Tool

CONFIG = ".pre-commit-config.yaml"
PLACE = re.compile(r"^(?:\./)?([^\s:][^:\n]*):(\d+)(?::\d+)?:? *(.+)$", re.MULTILINE)


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    return Selection(files if CONFIG in files else ())


def _commands(task: Task) -> tuple[Command, ...]:
    own, canary = (task.scratch / "own").as_posix(), (task.scratch / "planted").as_posix()
    files = [((task.root / file).as_posix(), file) for file in task.files]
    order = json.dumps({own: files, canary: [(path, CONFIG) for path in task.canaries]})
    copy = (sys.executable, "-I", "-c", script("pre_commit_trees.py"))
    changed = ("diff", "--name-only", "--no-ext-diff", "--no-renames", "-z")
    return (
        Command(name="trees", argv=copy, stdin=f"{order}\n", found=frozenset()),
        _run(task, "main", own),
        Command(name="changes", argv=(sys.executable, "-I", "-c", script("git.py"), *changed), env=_git(own)),
        _run(task, "canary", canary),
    )


def _git(tree: str) -> dict[str, str]:
    return {"GIT_DIR": f"{tree}.git", "GIT_WORK_TREE": tree}


def _run(task: Task, name: str, tree: str) -> Command:
    argv = ("pre-commit", "run", "--all-files", "--color=never", "--verbose", f"--config={tree}/{CONFIG}")
    env = {**_git(tree), "PRE_COMMIT_HOME": (task.scratch / "hooks").as_posix()}
    return Command(name=name, argv=(*argv, *task.options.args), env=env, network=name == "main")


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    what, ran, planted = "the copy", hooks_of(executions["main"]), hooks_of(executions["canary"])
    trees = as_dict(load_json(executions["trees"].stdout, what), what)
    files, hooks, due = (list(map(str, field(trees, key, list, what))) for key in ("files", "hooks", "due"))
    names = {hook.name for hook in ran}
    if files != list(task.files) or not set(due) <= names <= set(hooks):
        raise WrongShape(f"pre-commit ran other hooks than the configuration has: {', '.join(sorted(names))}")
    changes = [path for path in executions["changes"].stdout.split("\0") if path]
    # Hooks may undo what others change: then there is nothing to see but that they fail.
    found = [one for hook in ran if hook.failed and not (hook.changes and changes) for one in _findings(hook, task)]
    who = ", ".join(hook.name for hook in ran if hook.changes)
    found += [
        _finding("changed", path, None, f"The hooks that change files ({who}) change this one") for path in changes
    ]
    canaries = [_finding(hook.name, path, None, "planted") for hook in planted if hook.failed for path in task.canaries]
    idle = sorted(hook.name for hook in ran if hook.idle)
    return answer(
        task,
        (*found, *canaries),
        rules_of(found, TOOL.uri, in_words),
        gaps=[Gap(CONFIG, f"pre-commit did not run the hook {name}") for name in sorted(set(hooks) - names)],
        notes=(
            "The hooks are code that the project names, downloaded for this run.",
            *([f"Hooks for which there was no file: {', '.join(idle)}."] if idle else ()),
        ),
    )


def _findings(hook: Hook, task: Task) -> Iterator[Finding]:
    """One for each place of the project that the hook names, else one for the hook."""
    named = [match.groups() for match in PLACE.finditer(hook.text) if match[1] in task.files]
    for path, line, said in named:
        yield _finding(hook.name, path, int(line) or None, said.strip())
    if not named:
        last = hook.text.strip().rpartition("\n")[2][:200]
        yield _finding(hook.name, CONFIG, None, f"The hook {hook.name} fails{last and f': {last}'}")


def _finding(hook: str, path: str, line: int | None, message: str) -> Finding:
    rule = re.sub(r"[^\w.-]+", "-", hook)
    anchor = "" if line else f"{rule}:{path}"
    place = Location(path, line)
    return Finding(tool=TOOL.name, rule=rule, severity=Severity.ERROR, message=message, location=place, anchor=anchor)


TOOL = Tool(
    name="pre-commit",
    stage=Stage.CI,
    about="runs the project's own hooks over a copy of the tree (downloads them)",
    uri="https://pre-commit.com/",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=planted("pre-commit", "planted"),
    nothing=CONFIG,
)
