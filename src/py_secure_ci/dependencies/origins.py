"""Where a manifest says that packages come from: settings of uv, PDM and Poetry, and the sources of a Pipfile.

A setting is never obeyed here, nothing is fetched. It tells that a name may be another package than the public one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from py_secure_ci.dependencies.names import foreign_index, normalise, without_credentials
from py_secure_ci.dependencies.toml_text import strings, table
from py_secure_ci.reading import as_dict, as_list, optional

IN_WORKSPACE = "a project of this workspace: advisories name released versions only"
_ELSEWHERE = {
    "git": "installed from version control: advisories name released versions only",
    "url": "installed from a URL: advisories name released versions only",
    "path": "a local path: advisories name released versions only",
    "workspace": IN_WORKSPACE,
}


@dataclass(frozen=True, slots=True)
class Origins:
    """`index`: the first foreign index that any package may come from; empty: none, or nothing is said.

    `named`: package -> its own index (empty: the default one). `elsewhere`: package -> why it is in no index.
    `default`: the file names the default index, and no other.
    """

    index: str = ""
    named: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)  # package -> its folder, as written
    default: bool = False

    def of(self, name: str) -> str:
        """The foreign index that a package (PEP 503 name) may come from, else an empty string."""
        return self.named.get(name, self.index)


def of_pyproject(pyproject: dict[str, Any]) -> Origins:
    """What uv and PDM are told in a pyproject.toml. Raises `WrongShape`."""
    uv = table(pyproject, "tool", "uv")
    indexes = _tables(uv.get("index", []), "tool.uv.index")
    open_ = [one for one in indexes if one.get("explicit") is not True]
    urls = [*_urls(open_, "tool.uv.index"), *_plain(uv)]
    urls += _urls(_tables(table(pyproject, "tool", "pdm").get("source", []), "tool.pdm.source"), "tool.pdm.source")
    by_name = _by_name(indexes)
    named: dict[str, str] = {}
    elsewhere: dict[str, str] = {}
    paths: dict[str, str] = {}
    for name, said in table(uv, "sources").items():
        for one in said if isinstance(said, list) else [said]:
            details = as_dict(one, f"tool.uv.sources.{name}")
            if "index" in details:
                index = optional(details, "index", str, name) or ""
                named[normalise(name)] = by_name.get(index, index)
            for kind, reason in _ELSEWHERE.items():
                if isinstance(details.get(kind), str) and kind == "path":
                    paths[normalise(name)] = details[kind]
                if details.get(kind):
                    elsewhere[normalise(name)] = reason
    return replace(_origins(urls), named=named, elsewhere=elsewhere, paths=paths)


def of_poetry(poetry: dict[str, Any]) -> tuple[Origins, Mapping[str, str]]:
    """What Poetry is told, and its sources by name. A source with the priority `explicit` is asked by name only."""
    sources = _tables(poetry.get("source", []), "tool.poetry.source")
    open_ = [one for one in sources if one.get("priority") != "explicit" and "url" in one]
    return _origins(_urls(open_, "tool.poetry.source")), _by_name(sources)


def of_pipfile(pipfile: dict[str, Any]) -> tuple[Origins, Mapping[str, str]]:
    """What pipenv is told, and its sources by name. A package without `index` comes from the first."""
    sources = _tables(pipfile.get("source", []), "source")
    return _origins(_urls(sources, "source")[:1]), _by_name(sources)


def _origins(urls: list[str]) -> Origins:
    foreign = [found for url in urls if (found := foreign_index(url))]
    return Origins(foreign[0] if foreign else "", default=bool(urls) and not foreign)


def _tables(value: object, what: str) -> list[dict[str, Any]]:
    return [as_dict(one, what) for one in as_list(value, what)]


def _urls(sources: Iterable[dict[str, Any]], what: str) -> list[str]:
    return [url for one in sources if (url := optional(one, "url", str, what))]


def _plain(uv: dict[str, Any]) -> Iterator[str]:
    """Uv's older settings, and those of its pip interface."""
    for settings, what in ((uv, "tool.uv"), (table(uv, "pip"), "tool.uv.pip")):
        if url := optional(settings, "index-url", str, what):
            yield url
        for key in ("extra-index-url", "find-links"):
            yield from strings(settings.get(key, []), f"{what}.{key}")


def _by_name(sources: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Name -> foreign address, empty for the default index. Poetry's own PyPI source has a name and no address."""
    found: dict[str, str] = {}
    for one in sources:
        name, url = optional(one, "name", str, "a source"), optional(one, "url", str, "a source")
        if name:
            found[name] = foreign_index(url) if url else "" if name.lower() == "pypi" else without_credentials(name)
    return found
