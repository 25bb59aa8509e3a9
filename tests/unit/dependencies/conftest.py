"""Projects as dictionaries of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from py_secure_ci.dependencies.read_all import read_dependencies
from py_secure_ci.pins import Dependencies

# Lock files name the default index; the sources do not.
INDEX = "https://" + ".".join(("pypi", "org")) + "/simple"


@pytest.fixture
def project() -> Callable[[Mapping[str, str]], Dependencies]:
    def read(files: Mapping[str, str]) -> Dependencies:
        texts = {path: text.replace("INDEX", INDEX) for path, text in files.items()}
        return read_dependencies(tuple(texts), texts.__getitem__)

    return read
