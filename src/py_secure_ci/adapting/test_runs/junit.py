"""A test run as JUnit XML (https://github.com/testmoapp/junitxml): no clock, no host, no path of the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from py_secure_ci.adapting.test_runs.run import Result, TestRun, Trouble

# XML 1.0 allows no other control characters, and no lone surrogates, however they are written.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TAGS = {Result.FAILED: "failure", Result.ERROR: "error"}


def _printable(text: str) -> str:
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def attribute(text: str) -> str:
    """A quoted attribute value; what XML cannot hold is replaced."""
    from xml.sax.saxutils import quoteattr  # late: it takes half of urllib along

    return quoteattr(_printable(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _trouble(one: Trouble) -> str:
    tag = TAGS[one.result]
    from xml.sax.saxutils import escape

    return f"      <{tag} message={attribute(one.message)}>{escape(_printable(one.text))}</{tag}>\n"


def _case(node: str, path: str, inner: str) -> str:
    head = f"    <testcase classname={attribute(path)} name={attribute(node)} file={attribute(path)}"
    return f"{head}>\n{inner}    </testcase>\n" if inner else f"{head}/>\n"


def _cases(run: TestRun) -> Iterator[str]:
    by_node: dict[str, str] = {}
    for one in run.troubles:
        by_node[one.node] = by_node.get(one.node, "") + _trouble(one)
    skipped = {Result.SKIPPED: "      <skipped/>\n", Result.XFAILED: '      <skipped message="expected to fail"/>\n'}
    for node, result in sorted(run.results.items()):
        yield _case(node, run.paths[node], by_node.get(node, "") or skipped.get(result, ""))
    for one in sorted(run.broken, key=lambda trouble: trouble.node):
        yield _case(one.node, one.location.path, _trouble(one))


def junit(run: TestRun) -> str:
    """The whole file, tests in the order of their ids."""
    failed, broken = run.count(Result.FAILED), run.count(Result.ERROR) + len(run.broken)
    skipped = run.count(Result.SKIPPED) + run.count(Result.XFAILED)
    counts = f'tests="{len(run.results) + len(run.broken)}" failures="{failed}" errors="{broken}" skipped="{skipped}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuites {counts}>\n"
        f'  <testsuite name="pytest" {counts}>\n{"".join(_cases(run))}  </testsuite>\n</testsuites>\n'
    )
