"""Whether a lock still fits its manifest, by the lock's own tool, without a line of the project's code being run.

These tools run what they find beside the manifest: uv starts `.venv/bin/python` and builds projects with dynamic
metadata, Poetry and PDM load plugins. So manifests and locks alone are copied into the scratch folder first, and the
check runs there, without a network: where the answer would need a build, or anything that is not static, it is a gap.
"""

from __future__ import annotations

import json
import posixpath
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task

MANIFEST, RULE = "pyproject.toml", "stale-lock"
MIRROR = """\
import json, os, shutil, sys
names, target, homes = json.load(sys.stdin)
count = 0
for folder, folders, files in os.walk("."):
    folders[:] = [
        one for one in folders
        if not one.startswith(".") and one not in ("node_modules", "__pycache__")
        and not os.path.lexists(os.path.join(folder, one, "pyvenv.cfg"))
    ]
    for name in names:
        path = os.path.join(folder, name)
        if name in files and os.path.isfile(path) and not os.path.islink(path):
            os.makedirs(os.path.join(target, folder), exist_ok=True)
            shutil.copyfile(path, os.path.join(target, path))
            count += 1
for home in homes:
    os.makedirs(os.path.join(home, ".venv", "bin"), exist_ok=True)
    os.symlink(sys.executable, os.path.join(home, ".venv", "bin", "python"))
    with open(os.path.join(home, ".venv", "pyvenv.cfg"), "w") as file:
        file.write("home = " + os.path.dirname(os.path.realpath(sys.executable)) + "\\n")
print(count)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One tool's way to ask. `argv`: the command line, given a folder. The patterns are searched in all that it says.

    `fresh` must be there where the lock fits; `stale` where it does not, with the reason as its first group if it
    tells one. An answer with neither is no answer. `besides` is all that it may say where the lock fits, and something
    else is wrong.
    """

    tool: str
    lock: str
    argv: Callable[[str], tuple[str, ...]]
    fresh: str
    stale: str
    fix: str
    besides: str = ""
    unable: frozenset[int] = frozenset()  # exit statuses with which it says that it could not find out
    stdout: str = ""  # all that it may write to the standard output; the rest goes to the other stream
    env: Mapping[str, str] = field(default_factory=dict)

    def select(self, files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
        """The locks, and the manifests beside them."""
        locks = [file for file in files if posixpath.basename(file) == self.lock]
        manifests = {posixpath.join(posixpath.dirname(file), MANIFEST) for file in locks} & set(files)
        return Selection(tuple(sorted({*locks, *manifests})))

    def split(self, task: Task) -> tuple[Task, ...]:
        """One piece for each lock."""
        folders = sorted({posixpath.dirname(file) for file in task.files})
        return tuple(
            replace(task, files=tuple(file for file in task.files if posixpath.dirname(file) == folder))
            for folder in folders or [""]
        )

    def commands(self, task: Task) -> tuple[Command, ...]:
        """Copy, ask about the project, and ask about the planted one."""
        mirror = (task.scratch / "mirror").as_posix()
        folder = posixpath.dirname(task.files[0]) if task.files else ""
        place = posixpath.join(mirror, folder) if folder else mirror
        planted = (task.scratch / "canary").as_posix()
        # uv looks for an interpreter in `.venv` first, and then, if that does not fit the project, on PATH.
        asked = json.dumps([[MANIFEST, self.lock], mirror, [place, planted]])
        return (
            Command(name="mirror", argv=(sys.executable, "-I", "-c", MIRROR), found=frozenset({0}), stdin=asked),
            self._ask("main", place),
            self._ask("canary", planted),
        )

    def _ask(self, name: str, folder: str) -> Command:
        wrong = frozenset({1}) | self.unable
        return Command(name=name, argv=self.argv(folder), clean=wrong | {0}, found=wrong, env=self.env)

    def parse(self, task: Task, executions: Mapping[str, Execution]) -> Reading:
        """A finding at the manifest of a lock that is stale, a gap for one of which there is no telling."""
        lock = next((file for file in task.files if posixpath.basename(file) == self.lock), self.lock)
        main, planted = (self._finding(executions[name]) for name in ("main", "canary"))
        found = [] if main is None or isinstance(main, Gap) else [self._placed(main, lock)]
        canary = [] if planted is None or isinstance(planted, Gap) else [self._placed(planted, task.canaries[0])]
        return Reading(
            findings=(*found, *canary),
            rules=(Rule(RULE, name="StaleLock", summary="A lock file is older than its manifest"),) if found else (),
            looked_at=frozenset() if isinstance(main, Gap) else frozenset(task.files),
            gaps=tuple(Gap(file, main.reason) for file in task.files) if isinstance(main, Gap) else (),
        )

    def _finding(self, execution: Execution) -> str | Gap | None:
        """The reason why it is stale, None if it is fresh, a gap if that is not said."""
        if "\ufffd" in execution.stderr:  # what they say is on that stream, and is only decoded for people elsewhere
            raise WrongShape(f"{self.tool} wrote bytes that are not UTF-8 text to the standard error")
        if not re.fullmatch(self.stdout, execution.stdout.strip()):
            raise WrongShape(f"{self.tool} wrote {execution.stdout.strip()[:80]!r} to the standard output")
        said = f"{execution.stdout}\n{execution.stderr}"
        stale = re.search(self.stale, said, re.MULTILINE)
        if execution.status == 0:
            if stale or not re.search(self.fresh, said, re.MULTILINE):
                raise WrongShape(f"{self.tool} ended with exit status 0, but does not say that the lock fits")
            return None
        if stale and execution.status not in self.unable:
            return (stale[1] if stale.re.groups else "").strip()
        if not said.strip() or (self.fresh and re.search(self.fresh, said, re.MULTILINE)):
            raise WrongShape(f"{self.tool} ended with exit status {execution.status}, but finds nothing wrong")
        if self.besides and re.fullmatch(self.besides, said):
            return None
        return Gap("", f"{self.tool} cannot tell without a build or a network: {_last(said)}")

    def _placed(self, why: str, lock: str) -> Finding:
        manifest = posixpath.join(posixpath.dirname(lock), MANIFEST)
        return Finding(
            tool=self.tool,
            rule=RULE,
            severity=Severity.ERROR,
            message=f"{self.lock} does not fit {MANIFEST} any more{f': {why}' if why else '.'}",
            location=Location(manifest, 1),
            fix=self.fix,
            anchor=f"{RULE}:{lock}",
        )


def _last(said: str) -> str:
    """The line that tells the error; the lines around it name folders of the day."""
    lines = [line.strip() for line in said.split("\n") if line.strip() and not line.startswith("DEBUG")]
    errors = [line for line in lines if re.match(r"(?i)\W*\w*error\b", line)]
    return next(iter([*errors, *lines[-1:]]), "it says nothing")[:300]
