"""What people see at the end: files, annotations, the job summary, the console, the exit status."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from py_secure_ci.all_formats import ALL_FORMATS
from py_secure_ci.commands.checking import Judged
from py_secure_ci.commands.project import Project
from py_secure_ci.commands.session import Session
from py_secure_ci.formats import console, github_annotations, summary
from py_secure_ci.output import write_all
from py_secure_ci.pipeline import Run
from py_secure_ci.report import Report, Verdict
from py_secure_ci.timings import table, trace

TIMINGS, TRACE = "timings.json", "trace.json"
CANONICAL = "json"


def finish(judged: Judged, project: Project, arguments: argparse.Namespace, session: Session) -> int:
    """Write every file, tell the platform, print the console page; the exit status is the verdict's."""
    texts = dict(judged.artifacts)
    wanted = arguments.format
    for one in ALL_FORMATS:
        if one.filename and (not wanted or one.name in (*wanted, CANONICAL)):
            texts[one.filename] = one.render(judged.report, judged.verdict)
    texts[TIMINGS] = timings(judged.run)
    if arguments.timings:
        texts[TRACE] = trace(judged.run)
    write_all(project.output, texts)
    tell_platform(judged.report, judged.verdict, session)
    print_console(judged.report, judged.verdict)
    if arguments.timings:
        own = time.process_time()
        print(table(judged.run, time.perf_counter() - session.began, own), end="", file=sys.stderr)
    print(f"report: {shown_folder(project.output)}", flush=True)
    return exit_status(judged.verdict, arguments.exit_zero)


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
    if session.ci.summary_file:
        with Path(session.ci.summary_file).open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(summary.render(report, verdict) + "\n")
    print(github_annotations.render(report, verdict), flush=True)


def print_console(report: Report, verdict: Verdict) -> None:
    """The console page on standard output, in colour on a terminal."""
    colour = sys.stdout.isatty()
    text = console.render_color(report, verdict) if colour else console.render(report, verdict)
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def timings(run: Run) -> str:
    """What everything cost, apart from the report so that the report stays the same from run to run."""
    data = {
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
