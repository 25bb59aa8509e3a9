"""The command line: arguments, printing, exit status. Nothing is imported before it is needed."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from py_secure_ci.errors import PySecureCiError

PROGRAM = "py-secure-ci"
EXITS = (
    "exit status: 0 PASS, 1 FAIL (findings), 2 usage or configuration error, 3 INCOMPLETE (something was not checked)"
)


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand and return the exit status. No traceback reaches a user."""
    words = _our_words() if argv is None else argv
    if words in (["--version"], ["-V"]):
        return _version()
    try:
        arguments = _parser().parse_args(words)
        if arguments.command is None:
            _parser().print_help()
            return 2
        gc.set_threshold(200_000, 20, 50)  # nearly everything lives to the end: looking for garbage finds none
        module = import_module(f"py_secure_ci.commands.{arguments.module}")
        status: int = module.run(arguments, dict(os.environ))
        return status
    except PySecureCiError as error:
        return _tell(error)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - so that the interpreter's own flush stays quiet
        return 3
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return 130
    except Exception as error:  # the one broad except: a fault of ours is never a verdict
        if os.environ.get("PY_SECURE_CI_DEBUG"):
            raise
        print(f"{PROGRAM}: internal error: {type(error).__name__}: {error}", file=sys.stderr)
        print("  This is a fault of py-secure-ci. Set PY_SECURE_CI_DEBUG=1 to see where.", file=sys.stderr)
        return 3


def _our_words() -> list[str]:
    """What the program itself was started with; its variables are then hidden from whoever looks from outside."""
    if sys.platform == "linux":
        from py_secure_ci.running.forgetting import forget_variables

        forget_variables()
    return sys.argv[1:]


def _tell(error: PySecureCiError) -> int:
    from py_secure_ci.formats.escaping import one_line

    for line in error.message.split("\n"):
        print(one_line(f"{PROGRAM}: {line}"), file=sys.stderr)
    if error.hint:
        print(one_line(f"  {error.hint}"), file=sys.stderr)
    return error.exit_status


def _version() -> int:
    from py_secure_ci.version import VERSION

    print(f"{PROGRAM} {VERSION}")
    return 0


class _Command:
    """A subcommand's parser, made when it is chosen: making all of them would cost every start."""

    def __init__(self, *, fill: Callable[[argparse.ArgumentParser], None], module: str, **words: Any) -> None:
        """`fill` adds the arguments; `words` are those of an ArgumentParser."""
        self._fill, self._module, self._words = fill, module, words

    def made(self) -> argparse.ArgumentParser:
        """The parser itself."""
        parser = argparse.ArgumentParser(**self._words)
        parser.set_defaults(module=self._module)
        self._fill(parser)
        return parser

    def parse_known_args(self, *given: Any) -> tuple[argparse.Namespace, list[str]]:
        """What argparse asks of the parser of a chosen subcommand."""
        return self.made().parse_known_args(*given)


def _shape(prog: str) -> argparse.HelpFormatter:
    """How help is set; told the width, argparse does not load half of `shutil`'s world to ask for it."""
    said = os.environ.get("COLUMNS", "")
    try:
        columns = int(said) if said.isdecimal() else os.get_terminal_size(1).columns
    except (OSError, ValueError):  # not a terminal, or a number that is none
        columns = 0
    return argparse.HelpFormatter(prog, width=(columns or 80) - 2)


def _parser() -> argparse.ArgumentParser:
    shared: dict[str, Any] = {"epilog": EXITS, "allow_abbrev": False, "formatter_class": _shape}
    parser = argparse.ArgumentParser(prog=PROGRAM, description="One secure CI gate for Python repositories.", **shared)
    parser.add_argument("-V", "--version", action="store_true", help="show the version and exit")
    lazy: Any = _Command  # argparse asks no more of a parser than to make it, and to parse if it is chosen
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=lazy)
    for name, (about, fill) in _COMMANDS.items():
        words: dict[str, Any] = {"fill": fill, "module": "check" if name == "run" else name, **shared}
        commands.add_parser(name, help=about, description=about, **words)
    return parser


def _project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="the project's folder (default: this one)")
    parser.add_argument("--config", metavar="FILE", help="the YAML file (default: .py-secure-ci.yml in PATH)")


def _comparison(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--base", metavar="REF", help="judge only what is new since the merge base with REF")
    parser.add_argument(
        "--base-report", metavar="REPORT", help="the merge base's report.json, which spares checking the merge base"
    )


def _run(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("--part", metavar="K-of-N", help="do only this part of a plan, and give no verdict")
    parser.add_argument("--plan", metavar="FILE", help="the plan.json of that part (default: in the report's folder)")
    parser.add_argument("--output-dir", metavar="DIR", help="where the report goes (default: py-secure-ci-report)")
    parser.add_argument("--stage", nargs="+", action="extend", metavar="STAGE", help="run only these stages")
    parser.add_argument("--format", nargs="+", action="extend", metavar="FORMAT", help="write only these formats")
    _comparison(parser)
    parser.add_argument("--history", metavar="DIR", help="earlier reports, for the trend in report.html")
    parser.add_argument("--fail-on", metavar="LIST", help="thresholds, such as security=high,quality=none")
    parser.add_argument("--install", metavar="COMMAND", help="how to prepare the project: auto, none, or a command")
    parser.add_argument("--exit-zero", action="store_true", help="end with 0 even on FAIL and INCOMPLETE")
    parser.add_argument("--offline", action="store_true", help="ask no live service; use the advisory snapshot")
    parser.add_argument("--no-cache", action="store_true", help="use and keep no results of earlier runs")
    parser.add_argument(
        "--timings", action="store_true", help="show what each tool cost, and write trace.json for a trace viewer"
    )
    parser.add_argument("--fix", action="store_true", help="first let the tools fix what they safely can")
    parser.add_argument("--allow-dirty", action="store_true", help="with --fix: files that are not committed, too")
    parser.add_argument("--jobs", type=int, metavar="N", help="how many processes at once (default: the cores)")


def _plan(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("--jobs", type=int, required=True, metavar="N", help="how many parts")
    parser.add_argument("--format", choices=("github", "gitlab", "json"), default="json", help="what to print")
    parser.add_argument("--output-dir", metavar="DIR", help="where plan.json goes (default: py-secure-ci-report)")
    parser.add_argument("--stage", nargs="+", action="extend", metavar="STAGE", help="run only these stages")
    parser.add_argument("--install", metavar="COMMAND", help="how to prepare the project: auto, none, or a command")
    parser.add_argument("--offline", action="store_true", help="ask no live service; use the advisory snapshot")
    parser.add_argument("--no-cache", action="store_true", help="balance by size, not by what earlier runs cost")
    parser.set_defaults(fail_on=None)


def _merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("parts", nargs="+", metavar="PART", help="part files, or folders that hold them")
    parser.add_argument("--path", default=".", metavar="PATH", help="the project's folder (default: this one)")
    parser.add_argument("--config", metavar="FILE", help="the YAML file (default: .py-secure-ci.yml in PATH)")
    parser.add_argument("--plan", metavar="FILE", help="the plan.json of the parts (default: among them)")
    parser.add_argument("--output-dir", metavar="DIR", help="where the report goes (default: py-secure-ci-report)")
    parser.add_argument("--format", nargs="+", action="extend", metavar="FORMAT", help="write only these formats")
    _comparison(parser)
    parser.add_argument("--history", metavar="DIR", help="earlier reports, for the trend in report.html")
    parser.add_argument("--fail-on", metavar="LIST", help="thresholds, such as security=high,quality=none")
    parser.add_argument("--exit-zero", action="store_true", help="end with 0 even on FAIL and INCOMPLETE")
    parser.add_argument("--no-cache", action="store_true", help="use and keep no results of earlier runs")
    parser.add_argument("--timings", action="store_true", help="show what each tool cost")
    parser.set_defaults(stage=None, offline=False, install=None, jobs=None)


def _gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", metavar="REPORT")
    _project(parser)
    parser.add_argument("--fail-on", metavar="LIST", help="thresholds, as `run` had them")
    parser.add_argument("--exit-zero", action="store_true", help="end with 0 even on FAIL and INCOMPLETE")


def _render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", metavar="REPORT")
    parser.add_argument("--format", required=True, metavar="FORMAT")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (default: standard output)")
    parser.add_argument("--history", metavar="DIR", help="earlier reports, for the trend that html shows")


def _baseline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("write", "show"))
    _project(parser)
    parser.add_argument("--report", metavar="REPORT", help="the report.json to take findings from")


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", default=".", metavar="PATH")
    parser.add_argument("--ci", choices=("github", "gitlab", "none"), help="which CI file (default: by what is there)")


def _doctor(parser: argparse.ArgumentParser) -> None:
    _project(parser)
    parser.add_argument("--install", action="store_true", help="install every tool that is not there yet")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", metavar="RULE", help="such as bandit/B602 or CVE-2024-1234")
    parser.add_argument("--report", metavar="REPORT", help="a report.json that may know the rule")


def _advisories(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("status", "update"))
    parser.add_argument("--from", dest="source", metavar="ZIP", help="an OSV export (all.zip) to take")


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("evidence", metavar="EVIDENCE", help="the evidence.intoto.json in a report's folder")
    parser.add_argument("--project", metavar="PATH", help="also compare the files of this project")


def _schema(_: argparse.ArgumentParser) -> None:
    """It takes no arguments."""


def _cache(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("stats", "prune"))
    parser.add_argument("--megabytes", type=int, metavar="N", help="keep at most so much (default: 512; 0: nothing)")


_COMMANDS = {
    "run": ("check a project and judge it", _run),
    "plan": ("cut a run into parts for several machines", _plan),
    "merge": ("join the parts of a run, and judge it", _merge),
    "gate": ("judge a report.json again", _gate),
    "render": ("write a report.json in another format", _render),
    "baseline": ("keep today's findings as known, or show those that are kept", _baseline),
    "init": ("write a starter configuration and the CI file", _init),
    "doctor": ("show what would run, with which versions, and what is missing", _doctor),
    "explain": ("say what a rule means, and how to fix or suppress it", _explain),
    "advisories": ("show or update the snapshot of known vulnerabilities", _advisories),
    "schema": ("print the JSON Schema of the YAML file", _schema),
    "verify": ("check that the files of a run are those that its evidence speaks of", _verify),
    "cache": ("show what earlier runs left behind, or throw it away", _cache),
}
