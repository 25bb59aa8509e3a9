"""Real tools in situations that they do not survive: one small repository for each, and the whole product."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from by_path import load
from loopback import serving

PRODUCT = Path(__file__).parent.parent / "faults" / "product.py"


product = load(PRODUCT)


@pytest.fixture
def repository(tmp_path: Path) -> Callable[..., Any]:
    """`repository(files, yaml, git=True)` makes a project."""

    def make(files: dict[str, str | bytes], yaml: dict[str, Any], *, git: bool = True) -> Any:
        one = product.Project(tmp_path / "project")
        one.write({".py-secure-ci.yml": json.dumps(yaml), **files})
        return one.commit() if git else one

    return make


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Callable[[dict[str, str]], None]:
    """Keeps a row for the page, if somebody asked for it (`FAIL_CLOSED_ROWS` names the file)."""

    def tell(row: dict[str, str]) -> None:
        place = os.environ.get("FAIL_CLOSED_ROWS")
        if place:
            with Path(place).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    return tell


@pytest.fixture
def service() -> Iterator[Callable[..., str]]:
    """`service(status, body)` is the address of an advisory service on the loopback that always answers so."""
    with ExitStack() as stack:

        def make(status: int, body: str, kind: str = "application/json") -> str:
            return stack.enter_context(serving(lambda *_asked: (status, kind, body.encode())))

        yield make
