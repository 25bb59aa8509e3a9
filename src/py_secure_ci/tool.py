"""What an adapter is: a tool's command lines and how its words are read. Pure: nothing here runs anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from py_secure_ci.config.settings import Options
from py_secure_ci.model import Excluded, Finding, Gap, Rule, Stage
from py_secure_ci.pins import Component, Pin


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One process to start.

    `argv[0]` is a program of the tool's environment (`bandit`) or an absolute path (the project's python). The child
    starts in the project's root with an allow-listed environment plus `env`. `inputs` are files to write into the
    scratch folder first; `outputs` are files of the scratch folder to read afterwards (both by relative name; a
    missing output is left out of `Execution.files`). `clean` and `found` are the exit statuses that mean "I looked":
    `clean` without findings, `found` with; a status in both says nothing about findings. Any other is a failure.
    """

    argv: tuple[str, ...]
    name: str = "main"
    clean: frozenset[int] = frozenset({0})
    found: frozenset[int] = frozenset({1})
    statuses: Mapping[int, str] = field(default_factory=dict)  # what further exit statuses mean, for the reason
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    stdin: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    network: bool = False
    in_scratch: bool = False  # starts in the scratch folder: for what would run modules of the folder that it starts in
    writes_tree: bool = False  # the project's own tests may write where they like; no other command may


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What came of a command that ended by itself with a status that its command allows."""

    status: int
    stdout: str  # UTF-8; a stream that is not UTF-8 never gets here
    stderr: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The commits since the base of the run. `problem`: why they are not, or not all, there; empty if they are."""

    base: str = ""  # a commit; empty where there is none to start from
    commits: int = 0  # those since then that add a line, merges by what they add to their first parent
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One piece of work for one tool: everything that `commands` and `parse` may know."""

    root: Path  # the project's root, absolute; children start here
    scratch: Path  # an empty folder of this task's own; the only place to write
    files: tuple[str, ...] = ()  # due, root-relative POSIX, sorted
    pins: tuple[Pin, ...] = ()  # due
    share: tuple[str, ...] | None = None  # those of `files` that this machine answers for (see `Tool.join`); None: all
    canaries: tuple[str, ...] = ()  # absolute paths of the planted files, in the order of `Canary.files`
    canary_pin: Pin | None = None
    texts: Mapping[str, str] = field(default_factory=dict)  # text of the `Tool.texts` files
    settings: Mapping[str, str] = field(default_factory=dict)  # text of the `Tool.settings` files that exist
    nested: Mapping[str, str] = field(default_factory=dict)  # with `Tool.nested_settings`: text by path
    options: Options = Options()
    stage_options: Mapping[str, object] = field(default_factory=dict)  # the stage's part of the YAML (coverage, …)
    python: Path | None = None  # the project's interpreter
    elsewhere: tuple[str, ...] = ()  # folders below the root that belong to other projects
    overlay: Path | None = None  # site-packages of the tool's own environment, for tools that run in the project's
    cache: Path | None = None  # a folder that the tool may keep its own cache in
    expected: float = 0.0  # seconds that it will take by what is remembered: the longest goes first
    budget: float | None = None  # seconds for each process instead of the timeout; a gap if it is not enough
    advisory_url: str = ""  # OSV endpoint to ask
    offline: bool = False
    history: History | None = None  # for tools with `Tool.history`, in a run that has a base
    frameworks: frozenset[str] = frozenset()  # web frameworks in use, for a tool that wants to know


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a tool said, read strictly.

    `looked_at`: root-relative paths (or `name==version` for packages) that the tool itself says it looked at; None
    when it cannot say, in which case the adapter must have made sure in another way and explain how in its docstring.
    """

    findings: tuple[Finding, ...] = ()
    rules: tuple[Rule, ...] = ()
    looked_at: frozenset[str] | None = None
    gaps: tuple[Gap, ...] = ()
    told_as_gaps: int = 0  # how many of the gaps stand for what the tool itself reported as findings
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    artifacts: Mapping[str, str] = field(default_factory=dict)  # output name -> text (junit.xml, sbom.cdx.json, …)
    metrics: Mapping[str, float] = field(default_factory=dict)
    components: tuple[Component, ...] = ()  # what an SBOM tool saw beyond the declarations; for `Report.components`
    passed_over: Mapping[str, int] = field(default_factory=dict)  # path -> lines that its comments ask to pass over
    durations: Mapping[str, float] = field(default_factory=dict)  # path -> seconds; for planning, never for a report


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Known-bad input that the tool must flag under the configuration of the run.

    `files`: relative name -> text, planted under the scratch folder (`Task.canaries` gives their absolute paths).
    `expect`: rule ids that must be reported at a planted path; with `any_rule` one finding of any rule is enough.
    A finding whose path is a planted one never reaches the report.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    expect: frozenset[str] = frozenset()
    any_rule: bool = False
    pins: tuple[tuple[str, str], ...] = ()  # candidates (name, version); the first whose name is not due is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixer:
    """How a tool mends what it finds, by changes that do not alter what the code does.

    `commands` are run in a copy of the tree (`Task.root`) and rewrite `Task.files` there; `Task.settings` then holds
    every settings file of the tree, nested ones too. They raise WrongShape where the project's own settings would
    widen what counts as safe and the command line cannot take that back. Only a status in `Command.clean` means that
    the fixer did its work. `turn`: fixers run in this order.
    """

    turn: int
    commands: Callable[[Task], tuple[Command, ...]]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the tree's files a tool is due to look at, and which it is not by whose word."""

    files: tuple[str, ...]
    excluded: tuple[Excluded, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One adapter. See docs/add-a-tool.md."""

    name: str
    stage: Stage
    about: str  # one line for people
    uri: str
    commands: Callable[[Task], tuple[Command, ...]]
    parse: Callable[[Task, Mapping[str, Execution]], Reading]  # by Command.name
    select: Callable[[tuple[str, ...], Mapping[str, str]], Selection]  # (all files of the tree, settings texts)
    canary: Canary | None = None
    fixer: Fixer | None = None
    settings: tuple[str, ...] = ()  # the project's files that steer this tool, root-relative
    nested_settings: bool = False  # files of those names steer it in the folders below, too
    texts: tuple[str, ...] = ()  # globs of the files whose text it is handed (`Task.texts`), for tools of ours
    # path (on PATH only), project (its own copy only), ours (nothing to install), custom, import; else as the YAML says
    source: str = ""
    lock: str = ""  # name of the lock file of its environment (default: the tool's name)
    program: str = ""  # the executable's name (default: the tool's name)
    distribution: str = ""  # distribution that gives its version (default: the tool's name)
    unit: str = "files"
    scripts: bool = False  # due as well: Python programs whose names do not end in `.py`
    nothing: str = ""  # what there is none of where nothing is due, if that is not what its stage says
    scoped: bool = True  # False: what it looks at is not known to us, so that nothing is due
    # What is said of a file depends on its path and bytes alone (and `notes` on no file): may be sharded, and kept.
    per_file: bool = False
    # With `per_file`: a file of at least so many bytes may cost out of all proportion. It runs alone and on a time
    # budget, and is a coverage gap if it does not end within it. 0: no such files.
    alone: int = 0
    own_cache: bool = False  # keeps a cache of its own in `Task.cache`
    split: Callable[[Task], tuple[Task, ...]] | None = None  # pieces that must be run apart
    # The answer over all files from those over shares of them (`Task.share`), where it is not simply their sum. The
    # last argument says whether every share is there. Raises WrongShape. None: not shared, unless `per_file`.
    join: Callable[[Task, tuple[Reading, ...], bool], Reading] | None = None
    needs_pins: bool = False  # due: the project's pins instead of files
    pins_each: int = 0  # with `needs_pins`: so many pins take as long as starting the tool once more; 0: never shared
    needs_environment: bool = False  # runs in, or reads, the project's environment
    wants_frameworks: bool = False  # has `Task.frameworks` filled in
    of_python: bool = False  # part of Python itself: its version is that of the project's interpreter
    default: bool = False  # on when the YAML says nothing
    options: Mapping[str, Any] = field(default_factory=dict)  # JSON Schema of each key of `tools.NAME.settings`
    blinders: Mapping[str, str] = field(default_factory=dict)  # settings file -> regular expression of what blinds it
    # Reads UTF-8 text only. The pipeline hands nothing else over: binary files (a zero byte among the first 8000, and
    # no byte order mark) are not due, others that are not UTF-8 are gaps.
    text_only: bool = False
    blind_directive: str = ""  # regular expression (MULTILINE) of what blinds it inside a due file: that is a gap
    passed_over_by: str = ""  # what `Reading.passed_over` counts: `# nosec` comments
    # Endings of all files of the project that the answer can depend on besides the settings (and, with
    # `needs_environment`, the environment): the answer as a whole may be kept by their content. None: never kept.
    depends_on: tuple[str, ...] | None = None
    # Regular expression over the base names of those among them whose text does not matter: only their names do. (One
    # that is not text may be a program, and counts whole. With arguments of the user's all count: they may open more.)
    never_opens: str = ""
    # Regular expression (MULTILINE) over settings files, wherever in the tree, that lead out of the tree: then nothing
    # of this tool is kept.
    leads_out: str = ""
    history: bool = False  # it looks at the commits since the base too
    timeout: float = 0.0  # seconds for each process where the YAML does not say; 0: as for every tool
    # Variables of the user's environment that it is handed and cannot do without: a key. What they hold goes to its
    # processes alone, and is cut out of what these say.
    variables: tuple[str, ...] = ()
    own_advisories: bool = False  # it brings its own advisory data instead of asking `Task.advisory_url`
    # Regular expression that fits the reason of a gap, from its start, if that gap follows from the content alone: the
    # same bytes will give it again, so it may be kept with the answer. Never one of time, memory or permissions.
    lasting_gaps: str = ""
    byte_columns: bool = False  # its columns count UTF-8 bytes: the pipeline turns them into code points
