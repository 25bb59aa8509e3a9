"""Run ruff, bandit, detect-secrets and mypy over src/ and write what they say to recorded.json: `python record.py`.

The tools must be on the PATH. Passwords in src/ are placeholders; fake ones are put in for the run only.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FAKE = {
    "@@A@@": "-".join(["not", "a", "real", "one"]),
    "@@B@@": "-".join(["fake", "token", "for", "tests"]),
    "@@C@@": "-".join(["made", "up", "too"]),
    "@@D@@": "".join(["hun", "ter", "2"]),
    "@@E@@": "".join(["swor", "dfish"]),
    "@@HEX@@": "0123456789abcdef"[::-1] * 2 + "a7",
    "@@HEX2@@": "b7c1" + "0f29d8e36a54" * 2,
}
Row = list[Any]


def main() -> None:
    """Record."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for file in sorted((HERE / "src").glob("*.txt")):
            text = file.read_text(encoding="utf-8")
            for mark, value in FAKE.items():
                text = text.replace(mark, value)
            (root / file.stem).write_text(text, encoding="utf-8")
        rows = sorted(
            [*ruff(root), *bandit(root), *secrets(root), *mypy(root)],
            key=lambda row: (row[2], row[3], row[4] or 0, row),
        )
    lines = ",\n".join("  " + json.dumps([number, *row]) for number, row in enumerate(rows))
    (HERE / "recorded.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def run(root: Path, *argv: str) -> str:
    """Standard output of a tool."""
    return subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False).stdout


def ruff(root: Path) -> list[Row]:
    """Rows are [tool, rule, path, line, column, end line, end column, secret]."""
    text = run(root, "ruff", "check", "--isolated", "--no-cache", "--select=E,F,S,B", "--output-format=json")
    rows = []
    for one in json.loads(text):
        start, end, code = one["location"], one["end_location"], one["code"] or "invalid-syntax"
        path = Path(one["filename"]).name
        rows.append(["ruff", code, path, start["row"], start["column"], end["row"], end["column"], code[:4] == "S105"])
    return rows


def bandit(root: Path) -> list[Row]:
    """Columns count from 1; the line may be an argument's where the column is the call's."""
    rows = []
    for one in json.loads(run(root, "bandit", "-q", "-r", "-f", "json", "."))["results"]:
        path, last = Path(one["filename"]).name, max(one["line_range"])
        column, end = one["col_offset"] + 1, one["end_col_offset"] + 1
        rows.append(["bandit", one["test_id"], path, one["line_number"], column, last, end, False])
    return rows


def secrets(root: Path) -> list[Row]:
    """The tool gives a line and nothing else."""
    results = json.loads(run(root, "detect-secrets", "scan", "--all-files", "."))["results"]
    return [
        [
            "detect-secrets",
            one["type"].lower().replace(" ", "-"),
            Path(path).name,
            one["line_number"],
            None,
            None,
            None,
            True,
        ]
        for path, found in results.items()
        for one in found
    ]


def mypy(root: Path) -> list[Row]:
    """Columns count from 1 in text, from 0 in JSON."""
    rows = []
    text = run(root, "mypy", "--output=json", "--no-incremental", "--ignore-missing-imports", "typing_errors.py")
    for line in text.splitlines():
        one = json.loads(line)
        if one["severity"] == "error":
            rows.append(
                ["mypy", one["code"], Path(one["file"]).name, one["line"], one["column"] + 1, None, None, False]
            )
    return rows


if __name__ == "__main__":
    main()
