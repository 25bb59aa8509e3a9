"""Sets coverage up under the project's own settings, in the test process and, where asked for, in its children.

Written into the scratch folder and imported inside the project's interpreter: standard library and coverage only.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from typing import Any

CHILDREN = "PY_SECURE_CI_COVERAGE"  # names the settings file; set for children only
SITE = """import os, runpy
try:
    runpy.run_path(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "measuring.py"))["child"]()
except Exception:  # a child of another Python, without coverage, or in another world: its business, not ours
    pass
"""


def make(settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A Coverage object, and the settings with the project's own choice of sources and omissions made absolute."""
    coverage: Any = importlib.import_module("coverage")
    cover = coverage.Coverage(data_file=settings["data"], config_file=settings.get("config", True))
    sources = settings.get("source") or _absolute(cover.get_option("run:source"))
    omit = list(cover.get_option("run:omit") or ())
    if not settings.get("child") and not sources and not _has_scope(cover):
        sources = [settings["root"]]
        omit += [one for one in settings["omit"] if one not in omit]
    elif settings.get("child"):
        omit = settings["omit"]
    if omit:
        cover.set_option("run:omit", omit)
    if sources:
        cover.set_option("run:source", sources)
    wants_children = bool(cover.get_option("run:parallel")) or _asks_for_children(cover)
    cover.set_option("run:parallel", bool(settings.get("child")))
    resolved = dict(
        settings, source=sources, omit=omit, config=cover.config.config_file or False, children=wants_children
    )
    return cover, resolved


def _has_scope(cover: Any) -> bool:
    names = ("run:include", "run:source_pkgs", "run:source_dirs")
    return any(_option(cover, name) for name in names)


def _asks_for_children(cover: Any) -> bool:
    words = list(_option(cover, "run:concurrency") or ()) + list(_option(cover, "run:patch") or ())
    return bool({"multiprocessing", "subprocess", "fork"} & set(words))


def _option(cover: Any, name: str) -> Any:
    try:
        return cover.get_option(name)
    except Exception:  # an older coverage does not know the option
        return None


def _absolute(sources: Any) -> list[str]:
    return [os.path.abspath(one) if os.path.isdir(one) else one for one in sources or ()]


def follow_children(settings: dict[str, Any], scratch: str) -> None:
    """Have Python children measured too, where the project's settings ask for it or pytest-xdist may start workers."""
    xdist = importlib.util.find_spec("xdist") is not None
    if not (settings["children"] or xdist):
        return
    site = os.path.join(scratch, "children")
    os.mkdir(site)
    with open(os.path.join(site, "sitecustomize.py"), "w", encoding="utf-8") as stream:
        stream.write(SITE)
    told = os.path.join(scratch, "children.json")
    with open(told, "w", encoding="utf-8") as stream:
        json.dump(dict(settings, child=True, path=list(sys.path)), stream)
    os.environ[CHILDREN] = told
    os.environ["PYTHONPATH"] = os.pathsep.join([site] + [one for one in [os.environ.get("PYTHONPATH", "")] if one])


def child() -> None:
    """Called by `sitecustomize` in a child: measure it if it is the same Python."""
    with open(os.environ[CHILDREN], encoding="utf-8") as stream:
        settings = json.load(stream)
    if settings["python"] != sys.version:
        return
    known = list(sys.path)
    sys.path.extend(one for one in settings["path"] if one not in known)
    try:
        cover, _ = make(settings)
        cover._auto_save = True  # saves at exit, as coverage's own `process_startup` has it
        cover.start()
    finally:
        sys.path[:] = known
