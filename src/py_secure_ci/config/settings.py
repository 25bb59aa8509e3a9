"""What the YAML says, as frozen values; every default is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.model import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the YAML says for one tool. `settings` is the tool's own part, checked by the schema."""

    args: tuple[str, ...] = ()
    timeout: float = 600.0  # seconds, for each process
    config: str = ""  # the tool's own configuration file, project-relative, if the YAML names one
    source: str = "locked"  # locked | project | path
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSettings:
    """Where `type` looks imports up and `test` runs. `install`: `auto`, `none`, or a command's words."""

    python: str = "auto"
    install: str | tuple[str, ...] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisorySettings:
    """Where advisory data comes from. `source`: auto | live | snapshot. `on_stale`: incomplete | warn."""

    source: str = "auto"
    max_age_days: int = 30
    on_stale: str = "incomplete"
    public: tuple[str, ...] = ()  # names (PEP 503) that the project says to be on the public index


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSettings:
    """The tools of one stage and the stage's own options (`coverage: 80`)."""

    tools: tuple[str, ...]
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomTool:
    """A tool that the YAML describes (`run`), or a report made elsewhere (`path`, root-relative).

    `format`: sarif | junit | codeclimate; empty: by how the report begins.
    """

    name: str
    stage: Stage
    run: tuple[str, ...] = ()
    path: str = ""
    format: str = ""
    network: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything. `stages` holds only the stages that run, in stage order."""

    stages: Mapping[Stage, StageSettings]
    tools: Mapping[str, Options] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    environment: EnvironmentSettings = EnvironmentSettings()
    advisories: AdvisorySettings = AdvisorySettings()
    policy: PolicySettings = PolicySettings()
    file: str = ""  # project-relative; empty: no file, defaults
    custom: tuple[CustomTool, ...] = ()
    digest: str = ""  # sha256 of the file's bytes, or of nothing
    projects: tuple[ProjectEntry, ...] = ()

    def options(self, tool: str) -> Options:
        """The options of a tool, defaults where the YAML says nothing."""
        return self.tools.get(tool, Options())


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectEntry:
    """One entry of `projects`. `pattern`: a folder, or a pattern of folders; `config`: without a file of their own.

    `own`: whether anything is said for it; `place`: `file:line: key`.
    """

    pattern: str
    config: Config
    own: bool
    place: str
