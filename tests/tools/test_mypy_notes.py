"""mypy says some things once in a run, with whichever error its own cache lets come first: no finding depends on that."""

from __future__ import annotations

from typing import Any

import pytest

from py_secure_ci.adapting.mypy_output import finding_of, merged

PAGE = "https://mypy.readthedocs.io/en/stable/"
ONCE = (
    f"See {PAGE}running_mypy.html#missing-imports",
    'Hint: "python3 -m pip install types-PyYAML"',
    '(or run "mypy --install-types" to install all missing stub packages)',
    "See https://mypy.rtfd.io/en/stable/_refs.html#code-import-not-found for more info",
)


def error(file: str, *notes: str) -> dict[str, Any]:
    said = f'Cannot find implementation or library stub for module named "{file}"'
    where = {"file": file, "line": 1, "column": 0, "code": "import-not-found"}
    return {**where, "severity": "error", "message": said, "hint": "\n".join(notes) or None}


def note(file: str, text: str) -> dict[str, Any]:
    return {"file": file, "line": 1, "column": 0, "code": "", "severity": "note", "message": text, "hint": None}


@pytest.mark.parametrize("once", ONCE)
def test_where_a_note_stands_that_is_written_once_makes_no_difference(once: str) -> None:
    meant = "Did you mean os?"
    cold = [error("a.py", meant, once), error("b.py")]
    warm = [error("a.py", meant), error("b.py", once)]
    apart = [error("a.py"), note("a.py", f"{meant}\n{once}"), error("b.py"), note("c.py", once)]
    found = [[finding_of(one) for one in merged(entries)] for entries in (cold, warm, apart)]
    assert found[0] == found[1] == found[2]
    assert [one.message.count("\n") for one in found[0]] == [1, 0]
    assert found[0][0].message.endswith(meant)


def test_other_notes_stay() -> None:
    variance = f'"list" is invariant -- see {PAGE}common_issues.html#variance'
    (found,) = [finding_of(one) for one in merged([error("a.py"), note("a.py", variance)])]
    assert found.message.endswith(variance)
