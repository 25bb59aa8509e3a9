"""Which files of a tree hold tests, by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath

from py_secure_ci.tool import Selection

TEST_FILES = ("test_*.py", "*_test.py")
TEST_FOLDER = re.compile(r"(^|/)tests?/([^/]+/)*(?!__init__\.py$|conftest\.py$)[^/]*\.py$")
PYTHON_FILES = re.compile(r"^[ \t]*python_files\s*=\s*(\[[^\]]*\]|.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
BENCHMARKS = re.compile(
    r"(^|/)(benchmarks?|performance|perf)/([^/]+/)*(test_|bench_)[^/]*\.py$"
    r"|(^|/)(bench_[^/]*|test_bench[^/]*|test_perf[^/]*|[^/]*_bench(mark)?s?)\.py$"
)
EXAMPLES = (".py", ".rst", ".md", ".txt")
# Files that do something when they are imported.
NO_MODULES = frozenset({"setup.py", "conftest.py", "noxfile.py", "__main__.py", "manage.py", "wsgi.py", "asgi.py"})


def select(tree: tuple[str, ...], settings: Mapping[str, str]) -> Selection:
    """Files named like tests (the project may add names); where there are none, those in folders of tests."""
    own = [name for text in settings.values() for one in PYTHON_FILES.findall(text) for name in _globs(one)]
    named = tuple(path for path in tree if any(_matches(path, pattern) for pattern in (*TEST_FILES, *own)))
    return Selection(named or tuple(path for path in tree if TEST_FOLDER.search(path)))


def _globs(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\s,'\"\[\]]+", text) if word.endswith(".py") or "*" in word]


def _matches(path: str, pattern: str) -> bool:
    return path.endswith(".py") and fnmatch(PurePosixPath(path).name, PurePosixPath(pattern).name)


def select_unittest(tree: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    """Files named like tests, for pytest or for unittest; where there are none, those in folders of tests."""
    named = tuple(path for path in tree if any(_matches(path, one) for one in ("test*.py", "*_test.py")))
    return Selection(named or tuple(path for path in tree if TEST_FOLDER.search(path)))


def select_examples(tree: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    """Modules and texts; requirements and lists of files hold no examples, but do no harm."""
    return Selection(
        tuple(path for path in tree if path.endswith(EXAMPLES) and PurePosixPath(path).name not in NO_MODULES)
    )


def select_benchmarks(tree: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    """Test files in folders of benchmarks, and those named like one anywhere."""
    return Selection(tuple(path for path in tree if BENCHMARKS.search(path)))
