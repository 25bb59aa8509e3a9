"""The project's own environment, found or made by the one runner."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from py_secure_ci.checking.execution import open_to_tests
from py_secure_ci.checking.services import Interpreter
from py_secure_ci.commands.project import Project, beside, ours, within_reach
from py_secure_ci.commands.session import Session
from py_secure_ci.errors import ProjectEnvironmentError
from py_secure_ci.pins import Dependencies
from py_secure_ci.project_environment.finding import find_or_make
from py_secure_ci.running.request import Request
from py_secure_ci.toolchain.index import installer_environment, pip_config_files, pip_settings

# What is made for projects, uv's own cache of it included: tools are linked with files of another one, so that no build
# of a project can reach them.
PROJECTS = "projects"


@dataclass(frozen=True, slots=True)
class _Said:
    status: int | None
    stdout: str
    stderr: str
    problem: str


def find_interpreter(project: Project, dependencies: Dependencies, session: Session, build: bool) -> Interpreter:
    """Raises ProjectEnvironmentError. With `build` the project itself is installed too, which runs its build system.

    `--offline` does not reach here: it means that no service is asked about the project.
    """
    from uv import find_uv_bin

    try:
        uv = Path(find_uv_bin())
    except FileNotFoundError as error:
        raise ProjectEnvironmentError(f"uv is not part of this installation: {error}") from None

    folder = session.open_folder()
    environment = {
        **session.environment(folder, True),
        "UV_CACHE_DIR": str(session.cache / PROJECTS / "uv"),
        **installer_environment(session.environ, pip_settings(session.environ, pip_config_files(session.environ))),
    }
    made = (session.cache / PROJECTS, Path(environment["UV_CACHE_DIR"]))
    for one in made:
        with suppress(OSError):  # where it cannot be made, uv says so
            one.mkdir(parents=True, exist_ok=True)
    # What is built runs code of the project, and of packages. Only the command that the YAML itself names may write
    # into the tree, and wherever else it likes, but not to what is ours.
    named = isinstance(project.config.environment.install, tuple)
    others = () if named else (Path("/"), project.root, *beside(project), *within_reach(project, session))
    closed = (*others, *ours(project, session))

    def run(argv: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], timeout: float) -> _Said:
        ended = session.run(
            Request(
                argv=argv,
                cwd=cwd,
                env=env,
                timeout=timeout,
                network=True,
                readonly=closed,
                writable=(*(() if named else open_to_tests()), folder, *made),
            )
        )
        out, err = (stream.decode("utf-8", "replace") for stream in (ended.stdout, ended.stderr))
        return _Said(ended.status, out, err, ended.problem)

    found = find_or_make(
        project.root,
        project.tree.files,
        project.config.environment,
        environ=session.environ,
        installer_environ=environment,
        cache=session.cache / PROJECTS,
        uv=uv,
        run=run,
        offline=False,
        pins=dependencies.pins,
        build_project=build,
    )
    return Interpreter(found.python, found.version, found.how)
