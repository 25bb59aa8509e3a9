"""detect-secrets: secrets in any text file (https://github.com/Yelp/detect-secrets).

`scan` always ends with exit status 0 and names no file that it looked at, and it drops files silently: by suffix
(.svg, .css, .lock, …), by name (lock files, anything called swagger), and whatever is not UTF-8 (measured with
1.5.0). So one more filter of ours goes along: it drops nothing, but writes down each file that the scan
reaches and whether it is text, and takes the list of suffixes away. `--disable-filter` alone would not do: the
worker processes put the default filters back. `--verbose` would name the files too, but prints secrets to stderr.
The canary is a second command because a file outside the root is passed over; `-C` moves the root to it.
`--no-verify`: never sends a secret to anybody. A secret that stands in one file twice is reported at one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.planting import planted, script
from py_secure_ci.adapting.secret_baseline import FILE, Known, known_secrets
from py_secure_ci.adapting.secret_files import secret, secret_rule, select_texts
from py_secure_ci.adapting.secret_types import TYPES
from py_secure_ci.adapting.selection import argument, pieces
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Confidence, Finding, Gap, Location, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, load_json_lines, position, word
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

FILTERS = "detect_secrets.filters.heuristic"
OFF = ("is_non_text_file", "is_lock_file", "is_swagger_file")


def _commands(task: Task) -> tuple[Command, ...]:
    names = tuple(argument(file) for file in task.files)
    return (
        _command(task, "main", (), names),
        _command(task, "canary", ("-C", task.scratch.as_posix()), task.canaries),
    )


def _command(task: Task, name: str, where: tuple[str, ...], files: tuple[str, ...]) -> Command:
    off = (f"--disable-filter={FILTERS}.{one}" for one in OFF)
    options = ("--no-verify", *off, f"--filter={(task.scratch / 'looked.py').as_posix()}::looked")
    looked = f"{name}.looked"
    return Command(
        name=name,
        argv=("detect-secrets", "--cores", "1", *where, "scan", *options, *task.options.args, "--", *files),
        found=frozenset({0}),
        inputs={"looked.py": script("detect_secrets_filter.py"), looked: ""},
        outputs=(looked,),
        # PYTHONUTF8: it opens files in the encoding of the locale, and takes what it cannot decode for binary.
        env={"PYTHONUTF8": "1", "PY_SECURE_CI_LOOKED": (task.scratch / looked).as_posix()},
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    looked = _looked(executions["main"], "main.looked")
    found = _secrets(executions["main"])
    by_name = {file.replace("\\", "/"): file for file in task.files if "\\" in file}  # it writes \ as / when alone
    known = known_secrets(task.settings)
    findings = [_finding(by_name.get(path, path), one, known) for path, one in found]
    planted = [_finding((task.scratch / path).as_posix(), one, {}) for path, one in _secrets(executions["canary"])]
    return Reading(
        findings=(*findings, *planted),
        rules=tuple(
            secret_rule(rule, kind, TOOL.uri, name=kind)
            for kind, (rule, _, _) in TYPES.items()
            if any(one.rule == rule for one in findings)
        ),
        looked_at=frozenset(file for file in task.files if looked.get(file) is not None),
        gaps=tuple(
            Gap(file, "detect-secrets passes over what is not UTF-8 text")
            for file in task.files
            if file in looked and looked[file] is None
        ),
        passed_over={file: count for file in task.files if (count := looked.get(file))},
    )


def _looked(execution: Execution, name: str) -> dict[str, int | None]:
    """Each file that the scan reached, with its number of pragmas; None: it is not text."""
    if name not in execution.files:
        raise WrongShape("detect-secrets left no record of the files it looked at")
    looked: dict[str, int | None] = {}
    for entry in load_json_lines(execution.files[name], "the record of files"):
        path, count = as_list(entry, "the record of files")
        if not isinstance(path, str) or not isinstance(count, int | None):
            raise WrongShape(f"the record of files has an entry of another shape: {entry!r}")
        looked[path] = count
    return looked


def _secrets(execution: Execution) -> list[tuple[str, dict[str, Any]]]:
    what = "detect-secrets' report"
    report = as_dict(load_json(execution.stdout, what), what)
    field(report, "plugins_used", list, what)
    results = field(report, "results", dict, what)
    return [(path, as_dict(one, what)) for path, entries in results.items() for one in as_list(entries, what)]


def _finding(path: str, entry: dict[str, Any], known: Known) -> Finding:
    what = "detect-secrets' result"
    kind = field(entry, "type", str, what)
    rule, severity, confidence = word(TYPES, kind, f"{what}: type")
    verified = field(entry, "is_verified", bool, what)
    return secret(
        "detect-secrets",
        rule,
        kind,
        (severity, Confidence.HIGH if verified else confidence),
        Location(path, position(entry.get("line_number"), f"{what}: line_number")),
        known.get((path.replace("\\", "/"), kind, field(entry, "hashed_secret", str, what))),
    )


TOOL = Tool(
    name="detect-secrets",
    stage=Stage.SECRETS,
    about="finds passwords, keys and tokens in any text file",
    uri="https://github.com/Yelp/detect-secrets",
    commands=_commands,
    parse=_parse,
    select=select_texts,
    canary=planted("detect-secrets", "aws-access-key", "github-token", "private-key"),
    settings=(FILE,),
    per_file=True,
    alone=4 * 1024 * 1024,  # it needs 6 µs a byte: what is larger waits for nobody, and has a time limit of its own
    lasting_gaps="detect-secrets passes over what is not UTF-8 text$",
    passed_over_by="`pragma: allowlist secret` comments",
    split=pieces,
    default=True,
    text_only=True,
)
