"""What a well-kept Python project has: each check is a line of the table, over the names of files and a few texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from py_secure_ci.adapting.project_toml import whole_table
from py_secure_ci.model import Finding, Location, Rule, Severity
from py_secure_ci.path_globs import fits

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "requirements*.txt")
TEXTS = ("pyproject.toml", ".gitignore", "requirements*.txt", ".github/workflows/*.yml", ".github/workflows/*.yaml")
DOCS = "https://github.com/org/py-secure-ci/blob/main/docs/hygiene.md"
_TESTS = re.compile(r"(^|/)(tests?/.*\.py|test_[^/]*\.py|[^/]*_test\.py)$")
_NO_PACKAGES = frozenset({"tests", "test", "docs", "examples", "scripts", "benchmarks", "src"})
_REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?\s*(?P<range>[^;#\s]*)")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the checks look at: the names of all files, and the texts of those that `TEXTS` names."""

    files: tuple[str, ...]
    texts: Mapping[str, str]

    def project(self) -> dict[str, Any]:
        """`[project]` of pyproject.toml. Raises WrongShape if that is no TOML."""
        found = whole_table(self.texts.get("pyproject.toml", ""), "pyproject.toml").get("project")
        return found if isinstance(found, dict) else {}

    def home(self) -> str:
        """The file that a finding about something missing is shown at."""
        known = ("pyproject.toml", "setup.cfg", "setup.py", ".gitignore")
        return next((name for name in known if name in self.files), self.files[0])

    def requirements(self) -> Iterator[tuple[str, int, str]]:
        """(file, line number, requirement) of requirements files; a hash on lines of its own belongs to it."""
        for name, text in sorted(self.texts.items()):
            if name.endswith(".txt"):
                logical = re.sub(r"\\\r?\n", lambda _match: "\0", text).split("\n")
                at = 1
                for line in logical:
                    if _REQUIREMENT.match(line.strip()):
                        yield name, at, line.strip().replace("\0", " ")
                    at += 1 + line.count("\0")


Place: TypeAlias = "tuple[str, int | None, str]"  # file, line, what is wrong


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `look` says where it fails."""

    rule: str
    severity: Severity
    summary: str
    look: Callable[[Seen], Iterator[Place]]


def _layout(seen: Seen) -> Iterator[Place]:
    for name in seen.files if "pyproject.toml" in seen.files else ():
        folder, _, rest = name.partition("/")
        if rest == "__init__.py" and folder not in _NO_PACKAGES:
            yield name, None, f"The package {folder} lies at the root, where tests import it without installing it"


def _tests(seen: Seen) -> Iterator[Place]:
    if not any(_TESTS.search(name) for name in seen.files):
        yield seen.home(), None, "There are no tests"


def _lock(seen: Seen) -> Iterator[Place]:
    declared = seen.project().get("dependencies") or any(name.endswith("requirements.in") for name in seen.files)
    if declared and not any(fits(name, LOCKS) for name in seen.files):
        yield seen.home(), None, "Dependencies are declared, but no lock file says which versions are installed"


def _pins(seen: Seen) -> Iterator[Place]:
    for name, line, text in seen.requirements():
        match = _REQUIREMENT.match(text)
        if match and "==" not in match["range"] and "@" not in text:
            yield name, line, "A requirement without an exact version"


def _hashes(seen: Seen) -> Iterator[Place]:
    told: set[str] = set()
    for name, line, text in seen.requirements():
        if "==" in text and "--hash=" not in text and name not in told:
            told.add(name)
            yield name, line, "Requirements are pinned without hashes"


def _requires_python(seen: Seen) -> Iterator[Place]:
    project = seen.project()
    if project and "requires-python" not in project and "requires-python" not in project.get("dynamic", ()):
        yield "pyproject.toml", None, "[project] has no requires-python"


def _environments(seen: Seen) -> Iterator[Place]:
    if not _ignored(seen, ".venv"):
        yield seen.home(), None, "No .gitignore covers the folder .venv of an environment"


def _env_file(seen: Seen) -> Iterator[Place]:
    tracked = [name for name in seen.files if PurePosixPath(name).name == ".env"]
    for name in tracked:
        yield name, None, "A file .env, which is meant for secrets, is part of the tree"
    if not tracked and not _ignored(seen, ".env"):
        yield seen.home(), None, "No .gitignore covers .env, which is meant for secrets"


def _ignored(seen: Seen, name: str) -> bool:
    """Whether the last line of the root's .gitignore that fits `name` ignores it."""
    said = False
    for line in seen.texts.get(".gitignore", "").splitlines():
        pattern = line.strip().removeprefix("!").strip("/").removeprefix("**/")
        if pattern and not line.startswith("#") and fits(name, (pattern,)):
            said = not line.startswith("!")
    return said


def _permissions(seen: Seen) -> Iterator[Place]:
    for name, text in sorted(seen.texts.items()):
        if name.startswith(".github/") and not re.search(r"^[ \t]*permissions\s*:", text, re.MULTILINE):
            yield name, None, "The workflow does not say which permissions it needs, so it may get all"


def _policy(seen: Seen) -> Iterator[Place]:
    if not any(PurePosixPath(name).stem.upper() == "SECURITY" for name in seen.files):
        yield seen.home(), None, "There is no SECURITY.md that says where to report a vulnerability"


CHECKS = (
    Check("lock-present", Severity.LOW, "Dependencies without a lock file", _lock),
    Check("lock-hashed", Severity.LOW, "Pins without hashes", _hashes),
    Check("pins", Severity.LOW, "A requirement without an exact version", _pins),
    Check("env-file", Severity.LOW, "A file .env that can be committed", _env_file),
    Check("ci-permissions", Severity.LOW, "A workflow without permissions", _permissions),
    Check("security-policy", Severity.LOW, "No security policy", _policy),
    Check("src-layout", Severity.NOTE, "A package at the root", _layout),
    Check("tests-present", Severity.WARNING, "No tests", _tests),
    Check("requires-python", Severity.NOTE, "No requires-python", _requires_python),
    Check("environment-ignored", Severity.NOTE, "An environment that can be committed", _environments),
)
NAMES = tuple(one.rule for one in CHECKS)
SECURITY = tuple(one.rule for one in CHECKS if one.severity is Severity.LOW)
OPTIONS = {
    "checks": {
        "anyOf": [{"const": "all"}, {"type": "array", "items": {"enum": list(NAMES)}}],
        "description": "Which checks: `all`, or a list.",
    }
}


def inspect(seen: Seen, wanted: tuple[str, ...]) -> list[Finding]:
    """The findings of the checks that are wanted."""
    return [
        Finding(
            tool="hygiene",
            rule=one.rule,
            severity=one.severity,
            message=said,
            location=Location(path, line),
            anchor="" if line else f"{one.rule}:{path}",
        )
        for one in CHECKS
        if one.rule in wanted and seen.files
        for path, line, said in one.look(seen)
    ]


def rules(wanted: tuple[str, ...]) -> list[Rule]:
    """What there is to say of each check."""
    tags = {one.rule: ("security",) if one.rule in SECURITY else () for one in CHECKS}
    chosen = [one for one in CHECKS if one.rule in wanted]
    return [Rule(one.rule, summary=one.summary, uri=f"{DOCS}#{one.rule}", tags=tags[one.rule]) for one in chosen]
