"""What a rule means, why it matters, how to fix it and how to suppress it, as text for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from textwrap import indent

from py_secure_ci.errors import UsageError, WrongShape
from py_secure_ci.model import Rule
from py_secure_ci.reading import as_dict, field, load_json, optional
from py_secure_ci.report import Completed, Report
from py_secure_ci.tables import matches_any, table

_HEADINGS = {"What it does": "what", "Why is this bad?": "why", "Example": "examples"}
_BLOCK = re.compile(r"```(?:\w+)?\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything there is to say of one rule; what is not known is empty."""

    name: str  # `tool/rule`
    title: str = ""
    what: str = ""
    why: str = ""
    bad: str = ""
    good: str = ""
    fix: str = ""
    uri: str = ""
    cwe: tuple[int, ...] = ()
    same: tuple[str, ...] = ()  # rules of other tools that report the same defect


def explain(rule: str, report: Report | None, *, from_ruff: Explanation | None = None) -> str:
    """The explanation as text.

    `rule` is `tool/rule`, or a rule id alone where only one tool has it. `report` adds what the tools themselves said
    of their rules; `from_ruff` is `ruff_explanation` over `ruff rule`. Raises UsageError for a rule nobody knows.
    """
    name = resolve(rule, report)
    ours, theirs = _ours(name), _reported(name, report)
    ruff = from_ruff or Explanation(name)
    said = theirs or Rule(name.partition("/")[2])
    return _text(
        Explanation(
            name=name,
            title=said.name.replace("_", " ") or ruff.title,
            what=ours.what or ruff.what or said.summary or said.help,
            why=ours.why or ruff.why,
            bad=ours.bad or ruff.bad,
            good=ours.good or ruff.good,
            fix=ours.fix or ruff.fix,
            uri=said.uri or ruff.uri,
            cwe=ours.cwe or said.cwe,
            same=_same(name),
        )
    )


def resolve(rule: str, report: Report | None) -> str:
    """The full name of a rule, whatever its case. Raises UsageError with the nearest known names."""
    known = {f"{tool}/{one}" for tool, names in table("rules").items() for one in names}
    known |= set(table("explanations"))
    if report is not None:
        known |= {name for finding in report.findings for name in (finding.name, *finding.also)}
        known |= {
            f"{one.tool.name}/{each.id}" for one in report.outcomes if isinstance(one, Completed) for each in one.rules
        }
    folded = {name.lower(): name for name in known}
    if rule.lower() in folded:
        return folded[rule.lower()]
    short = sorted(name for name in known if name.partition("/")[2].lower() == rule.lower())
    if len(short) == 1:
        return short[0]
    if short:
        raise UsageError(f"{rule!r} is a rule of several tools", hint=f"write one of {', '.join(short)}")
    names = {**{name.partition("/")[2].lower(): name for name in sorted(known)}, **folded}
    close = [names[one] for one in get_close_matches(rule.lower(), names, n=3, cutoff=0.6)]
    hint = f"did you mean {' or '.join(dict.fromkeys(close))}?" if close else "write `tool/rule`, such as bandit/B602"
    raise UsageError(f"no rule {rule!r} is known", hint=hint)


def ruff_explanation(text: str) -> Explanation:
    """Read what `ruff rule CODE --output-format json` writes. Raises WrongShape for anything else."""
    what = "ruff's rule"
    data = as_dict(load_json(text, what), what)
    code = optional(data, "code", str, what) or field(data, "name", str, what)
    parts: dict[str, str] = {}
    for section in re.split(r"^## ", optional(data, "explanation", str, what) or "", flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        if heading.strip() in _HEADINGS:
            parts[_HEADINGS[heading.strip()]] = body.strip()
    blocks = [block.rstrip() for block in _BLOCK.findall(parts.get("examples", ""))]
    return Explanation(
        name=f"ruff/{code}",
        title=field(data, "name", str, what).replace("-", " "),
        what=parts.get("what") or field(data, "summary", str, what),
        why=parts.get("why", ""),
        bad=blocks[0] if blocks else "",
        good=blocks[1] if len(blocks) > 1 else "",
        uri=f"https://docs.astral.sh/ruff/rules/{field(data, 'name', str, what)}/",
    )


def _ours(name: str) -> Explanation:
    rows: Mapping[str, Mapping[str, object]] = table("explanations")
    row = rows.get(name) or next((each for each in rows.values() if name in _names(each)), None)
    if row is None:
        return Explanation(name)
    what, why, bad, good, fix = (str(row[key]) for key in ("what", "why", "bad", "good", "fix"))
    cwe = row["cwe"]
    if not isinstance(cwe, list):
        raise WrongShape(f"explanations.json: {name}: cwe should be a list")
    return Explanation(name, what=what, why=why, bad=bad, good=good, fix=fix, cwe=tuple(cwe))


def _names(row: Mapping[str, object]) -> list[str]:
    same = row.get("same", [])
    return same if isinstance(same, list) else []


def _reported(name: str, report: Report | None) -> Rule | None:
    for one in report.outcomes if report is not None else ():
        if isinstance(one, Completed):
            for rule in one.rules:
                if f"{one.tool.name}/{rule.id}" == name:
                    return rule
    return None


def _same(name: str) -> tuple[str, ...]:
    """The rules that the table of duplicates puts beside this one."""
    found: dict[str, None] = {}
    for row in table("duplicates")["same"]:
        left, right = row["rules"], row.get("with")
        for own, others in ((left, right), (right, left)) if right is not None else ((left, left),):
            if matches_any(name, own):
                found |= dict.fromkeys(one for one in others if not matches_any(name, (one,)))
    return tuple(found)


def _text(one: Explanation) -> str:
    comment = f"# py-secure-ci: ignore[{one.name}] why this is no problem here"
    entry = f'suppressions:\n  - {{rule: {one.name}, paths: ["src/x.py"], reason: "why", expires: 2027-06-30}}'
    parts = [
        one.name + (f" ({one.title})" if one.title else ""),
        one.what or "This rule has no description here; see the tool's own documentation.",
        one.why and f"Why it matters\n{indent(one.why, '  ')}",
        one.bad and f"Instead of\n{indent(one.bad, '    ')}",
        one.good and f"Write\n{indent(one.good, '    ')}",
        one.fix and f"How to fix it\n{indent(one.fix, '  ')}",
        one.cwe
        and "CWE\n" + "\n".join(f"  https://cwe.mitre.org/data/definitions/{number}.html" for number in one.cwe),
        one.same and f"Also reported as\n  {', '.join(one.same)}",
        one.uri and f"More\n  {one.uri}",
        f"How to suppress it, on the line or alone on the line above\n    {comment}",
        f"or in the policy of the YAML\n{indent(entry, '    ')}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
