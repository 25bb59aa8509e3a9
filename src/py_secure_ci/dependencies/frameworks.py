"""Which web frameworks a project uses: by its declarations, its pins, or its imports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from py_secure_ci.errors import PySecureCiError
from py_secure_ci.pins import Dependencies

FRAMEWORKS = ("django", "fastapi", "flask", "starlette")
_IMPORT = re.compile(rf"^[ \t]*(?:from|import)[ \t]+({'|'.join(FRAMEWORKS)})\b", re.MULTILINE)
_DISTRIBUTIONS = {"fastapi-slim": "fastapi", "djangorestframework": "django"}


def frameworks_of(
    dependencies: Dependencies, files: Iterable[str], read: Callable[[str], str | None]
) -> frozenset[str]:
    """Their names. A file is read only until every framework is found; one that cannot be read is passed over."""
    declared = dependencies.declarations
    names = {one.name for declaration in declared for one in declaration.pins}
    names |= {one.name for declaration in declared for one in declaration.unpinned}
    names |= {one.name for declaration in declared for one in declaration.constraints}
    found = {name for name in FRAMEWORKS if name in names}
    found |= {framework for name, framework in _DISTRIBUTIONS.items() if name in names}
    for path in files:
        if len(found) == len(FRAMEWORKS):
            break
        if path.endswith((".py", ".pyw")):
            found.update(_imported(path, read))
    return frozenset(found)


def django_hint(dependencies: Dependencies, files: Iterable[str], chosen: Iterable[str]) -> tuple[str, ...]:
    """What a Django project misses that does not run Django's own checks. `chosen`: the tools of the stage `test`."""
    sites = [path for path in files if path.rpartition("/")[2] == "manage.py"]
    if not sites or "django-check" in chosen or "django" not in frameworks_of(dependencies, (), lambda _path: None):
        return ()
    return (f"{sites[0]}: Django's checks for deployment do not run; add django-check to stages.test.tools",)


def _imported(path: str, read: Callable[[str], str | None]) -> Iterable[str]:
    try:
        text = read(path) or ""
    except (OSError, ValueError, PySecureCiError):
        return ()
    return _IMPORT.findall(text)
