"""detect-secrets: secrets in any text file (https://github.com/Yelp/detect-secrets).

`scan` always ends with exit status 0 and names no file that it looked at, and it drops files silently: by suffix
(.svg, .css, .lock, …), by name (lock files, anything called swagger), and whatever is not UTF-8 (measured with
1.5.0). So one more filter of ours goes along (`FILTER`): it drops nothing, but writes down each file that the scan
reaches and whether it is text, and takes the list of suffixes away. `--disable-filter` alone would not do: the
worker processes put the default filters back. `--verbose` would name the files too, but prints secrets to stderr.
The canary is a second command because a file outside the root is passed over; `-C` moves the root to it.
`--no-verify`: never sends a secret to anybody. A secret that stands in one file twice is reported at one line.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.file_kinds import BINARY, LOCKS
from py_secure_ci.adapting.secret_baseline import FILE, Known, known_secrets
from py_secure_ci.adapting.secret_types import TYPES
from py_secure_ci.adapting.selection import argument, pieces
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Confidence, Excluded, Finding, Gap, Location, Rule, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, load_json_lines, position, word
from py_secure_ci.tool import Canary, Command, Execution, Reading, Selection, Task, Tool

FILTERS = "detect_secrets.filters.heuristic"
FILTER = """\
import json, os, re
from detect_secrets.filters import heuristic

heuristic.IGNORED_FILE_EXTENSIONS.clear()
PRAGMA = re.compile(r"pragma: ?(allow|white)list[ -](nextline[ -])?secret")


def looked(filename):
    try:
        with open(filename, encoding="utf-8") as file:
            allowed = len(PRAGMA.findall(file.read()))
    except UnicodeDecodeError:
        allowed = None
    with open(os.environ["PY_SECURE_CI_LOOKED"], "a", encoding="ascii") as out:
        out.write(json.dumps([filename, allowed]) + "\\n")
    return False
"""
# Fake, and put together here so that no scanner takes this file for one that holds secrets.
CANARY_TEXT = (
    "key = '" + "AKIA" + "QZ3XWV7RTY5PLM2K" + "'\n"
    "token = '" + "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8" + "'\n"
    "-----BEGIN " + "RSA PRIVATE KEY-----\n"
)  # fmt: skip


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    texts = [file for file in files if posixpath.splitext(file)[1].lower() not in BINARY]
    return Selection(
        tuple(file for file in texts if posixpath.basename(file) not in LOCKS),
        tuple(
            Excluded(file, "default (a lock file holds hashes)") for file in texts if posixpath.basename(file) in LOCKS
        ),
    )


def _commands(task: Task) -> tuple[Command, ...]:
    names = tuple(argument(file) for file in task.files)
    return (
        _command(task, "main", (), names),
        _command(task, "canary", ("-C", task.scratch.as_posix()), task.canaries),
    )


def _command(task: Task, name: str, where: tuple[str, ...], files: tuple[str, ...]) -> Command:
    off = (f"--disable-filter={FILTERS}.{one}" for one in ("is_non_text_file", "is_lock_file", "is_swagger_file"))
    code = task.scratch / "looked.py"
    looked = f"{name}.looked"
    return Command(
        name=name,
        argv=(
            "detect-secrets",
            *("--cores", "1"),
            *where,
            *("scan", "--no-verify", *off, f"--filter={code.as_posix()}::looked"),
            *task.options.args,
            "--",
            *files,
        ),
        clean=frozenset({0}),
        found=frozenset({0}),
        inputs={"looked.py": FILTER, looked: ""},
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
            Rule(rule, name=kind, summary=kind, cwe=(798,), tags=("security",), uri=TOOL.uri)
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
    return Finding(
        tool="detect-secrets",
        rule=rule,
        severity=severity,
        confidence=Confidence.HIGH if verified else confidence,
        message=f"Possible secret: {kind}",
        location=Location(path, position(entry.get("line_number"), f"{what}: line_number")),
        cwe=(798,),
        fix="Revoke it where it is valid, then take it out of the code and of the history.",
        secret=True,
        suppression=known.get((path.replace("\\", "/"), kind, field(entry, "hashed_secret", str, what))),
    )


TOOL = Tool(
    name="detect-secrets",
    stage=Stage.SECRETS,
    about="finds passwords, keys and tokens in any text file",
    uri="https://github.com/Yelp/detect-secrets",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=Canary(
        files={"canary.txt": CANARY_TEXT, "canary.svg": CANARY_TEXT},
        expect=frozenset({"aws-access-key", "github-token", "private-key"}),
    ),
    settings=(FILE,),
    per_file=True,
    lasting_gaps="detect-secrets passes over what is not UTF-8 text$",
    passed_over_by="`pragma: allowlist secret` comments",
    split=pieces,
    default=True,
    text_only=True,
)
