"""One tool's outcome from the shares of it that arrived. What did not arrive is a gap, or no verdict at all."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from py_secure_ci.checking.answers import Answer
from py_secure_ci.checking.execution import FAULTS, conclude, failed
from py_secure_ci.checking.failure import ToolFailure
from py_secure_ci.checking.planning import Plan
from py_secure_ci.config.settings import Options
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Advisory, Finding, Gap, State, Suppression
from py_secure_ci.parts.model import Share
from py_secure_ci.report import Failed, Outcome, ToolInfo
from py_secure_ci.tool import Reading, Task

ARTIFACTS = frozenset({"junit.xml", "coverage.xml", "tests.json", "profile.txt", "benchmarks.json", "syft.cdx.json"})
_HINT = "Run the missing part again, then `merge`."


@dataclass(frozen=True, slots=True)
class Delivered:
    """A share, and what came of it: an answer, or the reason why there is none."""

    share: Share
    answer: Answer | None
    problem: str = ""


def concluded(one: Plan, delivered: Sequence[Delivered], tuning: str, options: Options) -> tuple[Outcome, Reading]:
    """The outcome, as the one machine would have it, and what was said in all (for artifacts and components)."""
    bare = ToolInfo(name=one.tool.name, stage=one.tool.stage, uri=one.tool.uri)
    there = [(each.share, each.answer) for each in delivered if each.answer is not None]
    lost = [each for each in delivered if each.answer is None]
    broken = [answer.said for _, answer in there if isinstance(answer.said, Failed)]
    if broken:
        said = broken[0].tool
        ours = (said.name, said.stage, said.uri) == (bare.name, bare.stage, bare.uri)
        return replace(broken[0], tool=said if ours else bare), Reading()
    if not there or any(each.share.files is None for each in lost):
        reasons = "; ".join(dict.fromkeys(each.problem for each in lost)) or "it is in no part"
        return failed(bare, f"its part of the run did not arrive: {reasons}", hint=_HINT), Reading()
    try:
        info = _agreed([answer for _, answer in there], bare, tuning)
        readings = [_believed(one, share, answer) for share, answer in there]
        if one.tool.join is not None and there[0][0].files is not None:
            readings = [_joined(one, readings, lost, options)]
        gaps = dict.fromkeys(gap for _, answer in there for gap in answer.gaps)
        missing = [Gap(path, each.problem, final=True) for each in lost for path in each.share.files or ()]
        return conclude(one.tool, readings, info, replace(one.tally, gaps=(*one.tally.gaps, *gaps, *missing)))
    except WrongShape as error:
        return failed(bare, f"its parts cannot be put together: {error.message}", hint=error.hint), Reading()
    except ToolFailure as failure:
        return failed(bare, failure.message, failure.detail, failure.hint), Reading()
    except FAULTS as error:
        return failed(bare, f"its parts cannot be put together ({type(error).__name__}: {error})"), Reading()


def _agreed(answers: Sequence[Answer], bare: ToolInfo, tuning: str) -> ToolInfo:
    """The one tool that all shares were done with. Raises WrongShape where there were several."""
    infos = {answer.info for answer in answers}
    if len(infos) > 1:
        told = sorted({f"{info.version or '?'} ({info.source}, {info.lock[:12] or 'no lock'})" for info in infos})
        raise WrongShape(f"they were made with different tools or settings: {', '.join(told)}")
    info = next(iter(infos))
    uri = bare.uri if info.uri else ""  # a tool of the user's own, or of ours, has none
    if replace(info, version="", source="", lock="") != replace(bare, config=tuning, uri=uri):
        raise WrongShape("they were made with other settings than are here")
    return info


def _believed(one: Plan, share: Share, answer: Answer) -> Reading:
    """The reading, if it speaks of nothing but what it was asked for. Raises WrongShape."""
    reading = answer.said
    if isinstance(reading, Failed):
        raise WrongShape("a failure is no reading")
    if any(finding.tool != one.tool.name for finding in reading.findings):
        raise WrongShape("a part tells findings of another tool")
    pinned = {(pin.name, pin.version) for pin in one.pins}
    if any(each.advisory and not _possible(each.advisory, pinned) for each in reading.findings):
        raise WrongShape("a part tells an advisory of what is not pinned here, or one without a name")
    if any(each != _as_said(each) for each in reading.findings):
        raise WrongShape("a part tells what only the verdict over all of them can say of a finding")
    asked = frozenset(one.files if share.files is None else share.files)
    if one.tool.per_file and reading.looked_at is not None and not reading.looked_at <= asked:
        raise WrongShape("a part says that it looked at files which it was not to look at")
    if one.tool.per_file and any(each.location and each.location.path not in asked for each in reading.findings):
        raise WrongShape("a part tells findings in files which it was not to look at")
    joined = one.tool.join is not None and share.files is not None  # what it hands over then is no file of the report
    if not joined and not reading.artifacts.keys() <= (frozenset() if one.tool.per_file else ARTIFACTS):
        raise WrongShape("a part brings a file that no tool makes")
    return reading


def _possible(said: Advisory, pinned: Container[tuple[str, str]]) -> bool:
    return bool(said.ids) and (said.package, said.version) in pinned


def _as_said(finding: Finding) -> Finding:
    """The finding as a tool tells it: what is found out by comparing, merging and judging is not there yet."""
    known: Suppression | None = finding.suppression
    known = known if known is not None and known.source == "tool" else None  # a list of known findings of its own
    return replace(finding, state=State.UNJUDGED, upgrade=False, suppression=known, also=(), fingerprint="", project="")


def _joined(one: Plan, readings: list[Reading], lost: Sequence[Delivered], options: Options) -> Reading:
    away = {path for each in lost for path in each.share.files or ()}
    task = Task(
        root=one.tally.root,
        scratch=one.tally.root,
        files=tuple(path for path in one.files if path not in away),
        settings=one.settings,
        options=options,
        stage_options=one.stage.options,
    )
    if one.tool.join is None:
        raise WrongShape("its work cannot be shared")
    return one.tool.join(task, tuple(readings), not lost)
