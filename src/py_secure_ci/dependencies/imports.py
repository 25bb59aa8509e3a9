"""Reach: which modules the project's own files import, and which distribution they come from; read as text only.

`read_imports(files, read)` scans the Python files; `reach_of(modules)` answers for a distribution: `imported` with the
places, `not-imported` where its module names are known for certain, else `unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from py_secure_ci.dependencies.module_names import MODULES
from py_secure_ci.errors import PySecureCiError

Modules = Mapping[str, tuple[str, ...]]
_STATEMENT = (
    r"^[ \t]*(?:from[ \t]+(?P<source>[A-Za-z_][\w.]*)[ \t]+import\b(?P<names>[^\n#]*)"
    r"|import[ \t]+(?P<plain>[A-Za-z_][^\n#;]*)"
)
_CALL = r"|.*?\b(?:import_module|__import__)\([ \t]*[\"'](?P<called>[A-Za-z_][\w.]*)[\"'])"
_LINE = re.compile(_STATEMENT + _CALL, re.MULTILINE)
_PLAIN_LINE = re.compile(
    _STATEMENT + r"|(?!)(?P<called>))", re.MULTILINE
)  # for texts without such a call: much quicker


def read_imports(files: Iterable[str], read: Callable[[str], str]) -> Modules:
    """Dotted module -> places (`path:line`), parents of the module included; unreadable files are left out."""
    found: dict[str, list[str]] = {}
    for path in sorted(one for one in files if one.endswith((".py", ".pyi", ".pyw"))):
        try:
            text = read(path)
        except (OSError, ValueError, PySecureCiError):
            continue  # the stages that check source files report it
        for module, line in imports_of(text):
            parts = module.split(".")
            for length in range(1, len(parts) + 1):
                places = found.setdefault(".".join(parts[:length]).lower(), [])
                if (place := f"{path}:{line}") not in places[-1:]:
                    places.append(place)
    return {module: tuple(places) for module, places in found.items()}


def imports_of(text: str) -> Iterable[tuple[str, int]]:
    """(module, line) of every import statement, and of dynamic imports by a literal name."""
    line, position = 1, 0
    calls = "import_module(" in text or "__import__(" in text
    for found in (_LINE if calls else _PLAIN_LINE).finditer(text):
        line, position = line + text.count("\n", position, found.start()), found.start()
        if found["plain"]:
            for part in found["plain"].split(","):
                name = part.split(" as ")[0].strip()
                if re.fullmatch(r"[A-Za-z_][\w.]*", name):
                    yield name, line
        elif found["source"]:
            yield found["source"], line
            # `from google import protobuf`: the name may be a module of a namespace package.
            for part in found["names"].strip(" ()").split(","):
                name = part.split(" as ")[0].strip()
                if re.fullmatch(r"[A-Za-z_]\w*", name):
                    yield f"{found['source']}.{name}", line
        else:
            yield found["called"], line


def reach_of(modules: Modules | None) -> Callable[[str], tuple[str, tuple[str, ...]]]:
    """The answer for a distribution by its normalised name. `None`: the files were not scanned."""

    def reach(name: str) -> tuple[str, tuple[str, ...]]:
        if modules is None:
            return "unknown", ()
        certain = MODULES.get(name)
        for module in certain or candidates(name):
            if places := modules.get(module.lower()):
                return "imported", places
        return ("not-imported" if certain else "unknown"), ()

    return reach


def candidates(name: str) -> tuple[str, ...]:
    """Likely module names: `python-a-b` may be `python_a_b`, `python.a.b` or `a_b`."""
    bare = re.sub(r"^(python|py)-|-(python|py)$", "", name)
    forms = [name.replace("-", "_"), name.replace("-", "."), bare.replace("-", "_"), name.replace("-", "")]
    return tuple(dict.fromkeys(forms))
