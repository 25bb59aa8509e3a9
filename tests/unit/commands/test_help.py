"""Help, whatever the terminal says of itself."""

from __future__ import annotations

import pytest

from py_secure_ci.cli import main


@pytest.mark.parametrize("columns", ["", "0", "1", "60", "x", "-5", "9" * 5000])
@pytest.mark.parametrize("words", [["--help"], ["run", "--help"]])
def test_help_is_shown_in_any_terminal(
    columns: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert "usage: py-secure-ci" in capsys.readouterr().out
