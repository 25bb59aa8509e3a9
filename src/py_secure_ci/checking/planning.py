"""Which tool is due to look at what: config and tree in, plans out; nothing runs here."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from py_secure_ci.adapting.file_kinds import BINARY, packed
from py_secure_ci.checking.accounting import Tally
from py_secure_ci.checking.patience import within
from py_secure_ci.config.settings import Config, StageSettings
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Gap, Stage
from py_secure_ci.path_globs import fits
from py_secure_ci.pins import Dependencies, Pin
from py_secure_ci.report import Failed, Skipped, ToolInfo
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import Tree
from py_secure_ci.tool import Selection, Tool

# A command line may hold about 2 MB on Linux, 1 MB on macOS and 32 kB on Windows; every tool may be called twice.
MAX_ARGUMENT_BYTES = 100_000
PATIENCE = 30.0  # seconds for one tool: a regular expression of the project can be made to take for ever
NO_TEXT = "binary: it holds no text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One tool's work. `share`: those of the files that this machine answers for; None: all."""

    tool: Tool
    stage: StageSettings
    files: tuple[str, ...]
    pins: tuple[Pin, ...]
    tally: Tally
    settings: Mapping[str, str]
    share: tuple[str, ...] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)  # what a tool of ours looks at


def plan(
    config: Config,
    tools: Mapping[str, Tool],
    stages: Iterable[Stage],
    tree: Tree,
    sources: Sources,
    dependencies: Dependencies,
) -> tuple[Plan | Skipped | Failed, ...]:
    """A plan for each tool of each stage, in stage order.

    Skipped where there is nothing to look at; Failed where a tool cannot tell from the project's own configuration what
    it is due to look at.
    """
    chosen = [(stage, name) for stage in stages for name in config.stages[stage].tools]
    return tuple(
        _tried(tools[name], config.stages[stage], config, tree, sources, dependencies) for stage, name in chosen
    )


def _tried(
    tool: Tool, stage: StageSettings, config: Config, tree: Tree, sources: Sources, dependencies: Dependencies
) -> Plan | Skipped | Failed:
    try:
        return _plan_one(tool, stage, config, tree, sources, dependencies)
    except WrongShape as error:
        info = ToolInfo(name=tool.name, stage=tool.stage, uri=tool.uri)
        return Failed(
            tool=info, reason=error.message, hint=error.hint or "Mend the tool's configuration in the project."
        )


def _plan_one(
    tool: Tool, stage: StageSettings, config: Config, tree: Tree, sources: Sources, dependencies: Dependencies
) -> Plan | Skipped | Failed:
    settings = _settings(tool, config, sources)
    info = ToolInfo(name=tool.name, stage=tool.stage, uri=tool.uri)
    if tool.needs_pins:
        pins = dependencies.pins
        if not dependencies.declarations:
            return Skipped(tool=info, reason="no file that declares dependencies was found")
        tally = Tally(
            root=tree.root,
            elsewhere=tree.elsewhere,
            due=tuple(dict.fromkeys(f"{pin.name}=={pin.version}" for pin in pins)),
        )
        return Plan(tool=tool, stage=stage, files=(), pins=pins, tally=tally, settings=settings)
    if not tool.scoped:
        left_out = tuple(one for one in tree.excluded if one.by == (config.file or "py-secure-ci"))
        tally = Tally(root=tree.root, elsewhere=tree.elsewhere, due=(), excluded=left_out)
        return Plan(tool=tool, stage=stage, files=tree.files, pins=(), tally=tally, settings={})
    selection = _selected(tool, tree, settings, sources)
    text = tuple(path for path in selection.files if path not in tree.binary)
    binary = tuple(path for path in selection.files if path in tree.binary) if tool.text_only else ()
    unread = tuple(path for path in text if not sources.is_utf8(path)) if tool.text_only else ()
    text = tuple(path for path in text if path not in unread) if unread else text
    gaps = tuple(Gap(path, "not UTF-8 text, which is all that the tool reads") for path in unread)
    odd = tuple(path for path in text if not path.isascii() and any("\udc80" <= sign <= "\udcff" for sign in path))
    if odd:  # most tools end as a whole over such a name
        text = tuple(path for path in text if path not in odd)
        gaps += tuple(Gap(path, "its name is not UTF-8 text, which tools do not take") for path in odd)
    if not text and not gaps:
        by = sorted({one.by for one in selection.excluded if any(name in one.by for name in settings)})
        if by:
            reason = f"the project's own configuration leaves out every file that was due: {', '.join(by)}"
            return Failed(tool=info, reason=reason, hint="Narrow it, or switch the tool off in our YAML.")
        return Skipped(tool=info, reason=_nothing(tool), excluded=selection.excluded)
    if not text:  # without a file most tools would look at everything
        shown = "; ".join(f"{gap.subject}: {gap.reason}" for gap in gaps[:3])
        return Failed(tool=info, reason=f"nothing that was due can be looked at: {shown}")
    ours = tuple(one for one in tree.excluded if one.by == (config.file or "py-secure-ci"))
    tally = Tally(
        root=tree.root,
        elsewhere=tree.elsewhere,
        due=text,
        excluded=(
            *selection.excluded,
            *_of_interest(tool, ours),
            *(Excluded(path, NO_TEXT) for path in binary),
        ),
        gaps=(*gaps, *_blinded(tool, text, sources)),
    )
    read = {path: said for path in text if fits(path, tool.texts) and (said := sources.text(path)) is not None}
    return Plan(tool=tool, stage=stage, files=text, pins=dependencies.pins, tally=tally, settings=settings, texts=read)


def _selected(tool: Tool, tree: Tree, settings: Mapping[str, str], sources: Sources) -> Selection:
    """What the tool selects, and of what else holds Python or text what it takes; what it does not take is told."""
    with within(PATIENCE, "to tell which files the project's own configuration leaves out"):
        by_name = tool.select(tree.files, settings)
    if tool.stage is Stage.SECRETS:
        return _with_text(by_name, tree, sources)
    if tool.stage is not Stage.SAST:
        return by_name
    chosen = {*by_name.files, *(one.subject for one in by_name.excluded)}
    scripts = sorted(tree.scripts - chosen)
    notebooks = [path for path in tree.files if path.endswith(".ipynb") and path not in chosen]
    told = [Excluded(path, f"a notebook, which {tool.name} does not read") for path in notebooks]
    told += packed(tree.files)
    if tool.scripts:
        return Selection(tuple(sorted((*by_name.files, *scripts))), (*by_name.excluded, *told))
    told += [Excluded(path, f"Python by its first line only, which {tool.name} does not go by") for path in scripts]
    return Selection(by_name.files, (*by_name.excluded, *told))


def _with_text(by_name: Selection, tree: Tree, sources: Sources) -> Selection:
    """A name that promises no text hides none; what holds none is told, if only by what kind of file it is."""
    named = {path for path in tree.files if posixpath.splitext(path)[1].lower() in BINARY}
    text = {path for path in named - tree.binary if sources.is_utf8(path)}
    said = {one.subject for one in by_name.excluded}
    told = [Excluded(path, NO_TEXT) for path in sorted(named - text - said)]
    kept = [one for one in by_name.excluded if one.subject not in text]
    return Selection(tuple(sorted({*by_name.files, *text})), (*kept, *told))


def _settings(tool: Tool, config: Config, sources: Sources) -> Mapping[str, str]:
    names = [*tool.settings, *([config.options(tool.name).config] if config.options(tool.name).config else [])]
    return {name: text for name in names if (text := sources.text(name)) is not None}


def _nothing(tool: Tool) -> str:
    if tool.nothing:
        return f"there is no {tool.nothing} to look at"
    words = {
        Stage.CI: "no workflow files",
        Stage.TEST: "no test files",
        Stage.SECRETS: "no text files",
        Stage.SCA: "no files of its kind",
        Stage.SBOM: "no files",
    }
    return f"there are {words.get(tool.stage, 'no Python files')} to look at"


def _of_interest(tool: Tool, excluded: tuple[Excluded, ...]) -> tuple[Excluded, ...]:
    """Those of the files that our YAML excludes which the tool would have been due to look at."""
    wanted = set(tool.select(tuple(one.subject for one in excluded), {}).files)
    return tuple(one for one in excluded if one.subject in wanted)


def _blinded(tool: Tool, files: tuple[str, ...], sources: Sources) -> tuple[Gap, ...]:
    """Files whose own text tells the tool to look away."""
    if not tool.blind_directive:
        return ()
    pattern = re.compile(tool.blind_directive, re.MULTILINE)
    gaps = []
    for path in files:
        text = sources.text(path) or ""
        match = pattern.search(text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            gaps.append(Gap(path, f"`{match.group(0).strip()[:60]}` tells {tool.name} to look away", line))
    return tuple(gaps)


def chunks(files: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Files in as few pieces as fit on command lines."""
    pieces: list[list[str]] = [[]]
    size = 0
    for path in files:
        length = len(path.encode("utf-8", "surrogateescape")) + 3
        if size + length > MAX_ARGUMENT_BYTES and pieces[-1]:
            pieces.append([])
            size = 0
        pieces[-1].append(path)
        size += length
    return tuple(tuple(piece) for piece in pieces)


def tuning(config: Config, one: Plan) -> str:
    """A digest of everything that people wrote to tune the tool, so that a change of it is told from new code."""
    parts = [repr(config.options(one.tool.name)), repr(sorted(one.stage.options.items()))]
    parts += [f"{name}\0{text}" for name, text in sorted(one.settings.items())]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
