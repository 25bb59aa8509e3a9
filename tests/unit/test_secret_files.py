"""What is due for a search for secrets, and what is told as left out."""

from __future__ import annotations

import pytest

from py_secure_ci.adapting.secret_files import select_texts


@pytest.mark.parametrize("name", ["a.zip", "dist/six-1.16.0-py2.py3-none-any.WHL", "data.tar", "notes.gz"])
def test_an_archive_is_told_as_left_out(name: str) -> None:
    selection = select_texts(("a.py", name), {})
    assert selection.files == ("a.py",)
    assert [(one.subject, one.by) for one in selection.excluded] == [
        (name, "default (an archive: what is inside is not looked at)")
    ]


def test_a_lock_is_told_and_a_picture_is_not() -> None:
    selection = select_texts(("a.py", "a.png", "uv.lock"), {})
    assert selection.files == ("a.py",)
    assert [one.subject for one in selection.excluded] == ["uv.lock"]
