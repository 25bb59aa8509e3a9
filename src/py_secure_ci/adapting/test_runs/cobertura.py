"""Coverage as Cobertura XML (coverage-04.dtd), which GitLab reads; paths are relative to the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from py_secure_ci.adapting.test_runs.coverage_data import CoverageData, FileCoverage
from py_secure_ci.adapting.test_runs.junit import attribute


def _rate(hit: int, valid: int) -> str:
    return f"{hit / valid:.4g}" if valid else "1"


def _numbers(files: tuple[FileCoverage, ...]) -> tuple[int, int, int, int]:
    """Lines hit, lines, branches hit, branches."""
    hit = sum(len(one.executed) for one in files)
    taken = sum(taken for one in files for _, taken, _ in one.branches)
    exits = sum(possible for one in files for _, _, possible in one.branches)
    return hit, hit + sum(len(one.missing) for one in files), taken, exits


def _rates(files: tuple[FileCoverage, ...]) -> str:
    hit, valid, taken, exits = _numbers(files)
    return f'line-rate="{_rate(hit, valid)}" branch-rate="{_rate(taken, exits) if exits else "0"}" complexity="0"'


def _lines(one: FileCoverage) -> Iterator[str]:
    branches = {line: (taken, possible) for line, taken, possible in one.branches}
    executed = set(one.executed)
    for line in sorted(one.executed + one.missing):
        more = ""
        if line in branches:
            taken, possible = branches[line]
            more = f' branch="true" condition-coverage="{100 * taken // possible}% ({taken}/{possible})"'
        yield f'            <line number="{line}" hits="{int(line in executed)}"{more}/>\n'


def _class(one: FileCoverage) -> str:
    name = attribute(PurePosixPath(one.path).name)
    head = f"          <class name={name} filename={attribute(one.path)} {_rates((one,))}>\n          <methods/>\n"
    return f"{head}          <lines>\n{''.join(_lines(one))}          </lines>\n          </class>\n"


def _packages(data: CoverageData) -> Iterator[str]:
    folders: dict[str, list[FileCoverage]] = {}
    for one in data.files:
        folders.setdefault(PurePosixPath(one.path).parent.as_posix(), []).append(one)
    for folder, files in sorted(folders.items()):
        name = attribute(folder.replace("/", "."))
        yield f"      <package name={name} {_rates(tuple(files))}>\n        <classes>\n"
        yield from (_class(one) for one in files)
        yield "        </classes>\n      </package>\n"


def cobertura(data: CoverageData) -> str:
    """The whole file, in path order; the time stamp that the format demands is 0."""
    hit, valid, taken, exits = _numbers(data.files)
    counts = f'lines-covered="{hit}" lines-valid="{valid}" branches-covered="{taken}" branches-valid="{exits}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">\n'
        f'<coverage version="py-secure-ci" timestamp="0" {counts} {_rates(data.files)}>\n'
        "  <sources>\n    <source>.</source>\n  </sources>\n"
        f"    <packages>\n{''.join(_packages(data))}    </packages>\n</coverage>\n"
    )
