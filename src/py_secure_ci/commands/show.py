"""What people see at the end: files, annotations, the job summary, the console, the exit status."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

from py_secure_ci.all_formats import ALL_FORMATS, SBOMS
from py_secure_ci.checking.services import Run
from py_secure_ci.checking.timings import table, trace
from py_secure_ci.commands.checking import Judged
from py_secure_ci.commands.history import read_history
from py_secure_ci.commands.session import Session
from py_secure_ci.errors import OutputError
from py_secure_ci.evidence import NAME as EVIDENCE
from py_secure_ci.evidence import digest, evidence_text
from py_secure_ci.formats import console
from py_secure_ci.formats.format import Format
from py_secure_ci.model import Stage
from py_secure_ci.output import PROJECTS, ROOT_PROJECT, remove_all, write_all
from py_secure_ci.report import Completed, Report, Verdict
from py_secure_ci.step_outputs import output_file_text, step_outputs

TIMINGS, TRACE = "timings.json", "trace.json"
CANONICAL = "json"
PAGE = "report.html"
ARTIFACTS = ("junit.xml", "coverage.xml", "tests.json", "profile.txt", "benchmarks.json")  # of the tools themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What the formats made of one report, by file name."""

    texts: Mapping[str, str]


def finish(judged: Judged, output: Path, arguments: argparse.Namespace, session: Session) -> int:
    """Write every file, tell the platform, print the console page; the exit status is the verdict's."""
    texts = write_report(judged, output, arguments)
    tell_platform(judged.report, judged.verdict, session)
    write_step_outputs(judged.verdict, output, texts, session)
    print_console(judged.report, judged.verdict, see_more(output, texts))
    if arguments.timings:
        own = time.process_time()
        print(table(judged.run, time.perf_counter() - session.began, own), end="", file=sys.stderr)
    return exit_status(judged.verdict, arguments.exit_zero)


def write_report(judged: Judged, output: Path, arguments: argparse.Namespace) -> Collection[str]:
    """Write every file of a report; their names."""
    texts = dict(judged.artifacts)
    wanted = arguments.format
    texts.update(_files(judged, wanted))
    if PAGE in texts and (history := read_history(arguments.history)):
        from py_secure_ci.formats import html

        texts[PAGE] = html.render(judged.report, judged.verdict, history)
    texts[TIMINGS] = timings(judged.run)
    if arguments.timings:
        texts[TRACE] = trace(judged.run)
    if not wanted:
        digests = {name: digest(text.encode("utf-8", "surrogatepass")) for name, text in texts.items()}
        texts[EVIDENCE] = evidence_text(judged.report, judged.verdict, digests)
    write_all(output, texts)
    return tuple(texts)


def _files(judged: Judged, wanted: list[str] | None) -> Mapping[str, str]:
    """The formats by file name. They depend on report and verdict alone, and the canonical text holds both whole."""
    due = [one for one in ALL_FORMATS if one.filename and _due(one.name, judged.report)]
    due = [one for one in due if not wanted or one.name in (*wanted, CANONICAL)]
    (report,) = [one.render(judged.report, judged.verdict) for one in due if one.name == CANONICAL]
    given = digest(report.encode())

    def kept(name: str, make: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
        if judged.memory is None:
            return make()
        # A shelf for each: all of them at once would be in memory several times over.
        return judged.memory.one(f"rendered-{name}", Files, given, lambda: Files(texts=make()), last=0).texts

    texts: dict[str, str] = {}
    for one in due:
        if one.name == CANONICAL:
            texts[one.filename] = report
        else:
            texts.update(kept(one.name, partial(_rendered, one, judged)))
    if not wanted and _due("cyclonedx", judged.report):
        texts.update(kept("gitlab-sboms", partial(_sboms, judged)))
    return texts


def _rendered(one: Format, judged: Judged) -> Mapping[str, str]:
    return {one.filename: one.render(judged.report, judged.verdict)}


def _sboms(judged: Judged) -> Mapping[str, str]:
    from py_secure_ci.formats import cyclonedx

    return cyclonedx.gitlab_sboms(judged.report)


def clear(folder: Path) -> None:
    """Remove what an earlier run left: its PASS, or its test results, must never be taken for those of this run."""
    names = [one.filename for one in ALL_FORMATS if one.filename]
    for one in (folder, folder / ROOT_PROJECT, *_of_projects(folder)):
        if one != folder and one.is_symlink():
            raise OutputError(f"{one}: this is a symbolic link; no report is written through it", hint="Remove it.")
        remove_all(
            one,
            (*names, TIMINGS, PAGE, *ARTIFACTS),
            ("gl-sbom-*.cdx.json", ".*.part", *(f"*-{name}" for name in ARTIFACTS)),
        )


def _of_projects(folder: Path) -> list[Path]:
    """The folders in which an earlier run may have left reports of single projects."""
    below = [Path(at, name) for at, names, _ in os.walk(folder / PROJECTS) for name in names]
    return [folder / PROJECTS, *below]


def _due(name: str, report: Report) -> bool:
    """Whether a file can be vouched for: an SBOM is written only when the stage that answers for it completed."""
    if name not in SBOMS:
        return True
    return any(isinstance(one, Completed) and one.tool.stage is Stage.SBOM for one in report.outcomes)


def exit_status(verdict: Verdict, exit_zero: bool) -> int:
    """0 PASS, 1 FAIL, 3 INCOMPLETE; 0 for all of them with `--exit-zero`."""
    return 0 if exit_zero else verdict.exit_status


def shown_folder(folder: Path) -> str:
    """A folder as short as it can be typed from here."""
    try:
        return folder.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(folder)


def tell_platform(report: Report, verdict: Verdict, session: Session) -> None:
    """Annotations and job summary, where we run on GitHub."""
    if session.ci.host != "github":
        return
    from py_secure_ci.formats import github_annotations, summary

    if session.ci.summary_file:
        with Path(session.ci.summary_file).open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(summary.render(report, verdict) + "\n")
    print(github_annotations.render(report, verdict), flush=True)


def write_step_outputs(verdict: Verdict, folder: Path, written: Collection[str], session: Session) -> None:
    """What later steps may read, where we are a step."""
    if session.ci.output_file:
        text = output_file_text(step_outputs(verdict, shown_folder(folder), written), f"end-{uuid4()}")
        with Path(session.ci.output_file).open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(text)


def see_more(folder: Path, names: Container[str]) -> str:
    """What to open, or else to type, to see everything."""
    shown = shown_folder(folder)
    return f"{shown}/{PAGE}" if PAGE in names else f"py-secure-ci render {shown}/report.json --format html -o {PAGE}"


def print_console(report: Report, verdict: Verdict, more: str) -> None:
    """The console page on standard output, in colour on a terminal."""
    render = console.render_color if sys.stdout.isatty() else console.render
    text = render(report, verdict, see_more=more)
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def _own_peak() -> int:
    """The most memory that our own process had, in bytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def timings(run: Run) -> str:
    """What everything cost, apart from the report so that the report stays the same from run to run."""
    data = {
        "own": {"cpu": round(time.process_time(), 3), "peak_memory": _own_peak()},
        "tools": {name: round(seconds, 3) for name, seconds in sorted(run.seconds.items())},
        "processes": [
            {
                "tool": one.tool,
                "command": one.name,
                "start": round(one.start, 3),
                "wall": round(one.wall, 3),
                "cpu": round(one.cpu, 3),
                "peak_memory": one.memory,
            }
            for one in sorted(run.processes, key=lambda one: one.start)
        ],
    }
    return json.dumps(data, indent=1) + "\n"
