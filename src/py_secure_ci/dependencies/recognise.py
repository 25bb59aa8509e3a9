"""Which files declare dependencies: by name, and by content where the name alone proves nothing."""

from __future__ import annotations

import re
from enum import Enum

from py_secure_ci.dependencies.conda import is_environment
from py_secure_ci.dependencies.requirements import looks_like_requirements
from py_secure_ci.dependencies.script import is_script
from py_secure_ci.dependencies.setup_files import calls_setup


class Kind(Enum):
    """What a declaration file is: (word, is a manifest that a lock can answer for)."""

    PYPROJECT = ("pyproject.toml", True)
    SETUP_CFG = ("setup.cfg", True)
    SETUP_PY = ("setup.py", True)
    PIPFILE = ("Pipfile", True)
    SCRIPT = ("script", True)
    CONDA = ("environment.yml", True)
    REQUIREMENTS = ("requirements", True)
    CONSTRAINTS = ("constraints", False)
    UV_LOCK = ("uv.lock", False)
    SCRIPT_LOCK = ("script.lock", False)
    POETRY_LOCK = ("poetry.lock", False)
    PDM_LOCK = ("pdm.lock", False)
    PIPFILE_LOCK = ("Pipfile.lock", False)
    PYLOCK = ("pylock.toml", False)
    UNSUPPORTED = ("unsupported", False)

    def __init__(self, word: str, open_: bool) -> None:
        """Spread the row of the table over named attributes."""
        self.word = word
        self.open = open_


_EXACT = {
    "pyproject.toml": Kind.PYPROJECT,
    "setup.cfg": Kind.SETUP_CFG,
    "setup.py": Kind.SETUP_PY,
    "Pipfile": Kind.PIPFILE,
    "Pipfile.lock": Kind.PIPFILE_LOCK,
    "uv.lock": Kind.UV_LOCK,
    "poetry.lock": Kind.POETRY_LOCK,
    "pdm.lock": Kind.PDM_LOCK,
    "conda-lock.yml": Kind.UNSUPPORTED,
    "pixi.lock": Kind.UNSUPPORTED,
    "pixi.toml": Kind.UNSUPPORTED,
}
_PATTERNS = (
    (re.compile(r"(^|/)pylock(\.[^./]+)?\.toml$"), Kind.PYLOCK),
    (re.compile(r"\.py\.lock$"), Kind.SCRIPT_LOCK),
    (re.compile(r"(^|/)([^/]*[-_.])?environment([-_.][^/]*)?\.ya?ml$", re.IGNORECASE), Kind.CONDA),
    (re.compile(r"(^|/)([^/]*[-_.])?req(uirement)?s?([-_.][^/]*)?\.(txt|in|pip)$", re.IGNORECASE), Kind.REQUIREMENTS),
    (re.compile(r"(^|/)requirements/([^/]+/)*[^/]+\.(txt|in|pip)$", re.IGNORECASE), Kind.REQUIREMENTS),
    (re.compile(r"\.pyi?w?$"), Kind.SCRIPT),
)
# A name that says it all: the file is read whatever it holds, and garbage in it is a gap.
_CERTAIN = re.compile(r"(^|/)([^/]*[-_.])?requirements([-_.][^/]*)?\.(txt|in)$", re.IGNORECASE)


def by_name(path: str) -> Kind | None:
    """What a file may be, going by its name."""
    exact = _EXACT.get(path.rsplit("/", 1)[-1])
    return exact or next((kind for pattern, kind in _PATTERNS if pattern.search(path)), None)


def confirmed(kind: Kind, path: str, text: str) -> bool:
    """Whether the content agrees with the name. Only kinds whose names are in common use need to ask."""
    if kind is Kind.SCRIPT:
        return is_script(text)
    if kind is Kind.SETUP_PY:
        return calls_setup(text)
    if kind is Kind.CONDA:
        return is_environment(text)
    if kind is Kind.REQUIREMENTS and not _CERTAIN.search(path):
        return looks_like_requirements(text)
    return True
