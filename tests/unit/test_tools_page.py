"""docs/tools.md names every tool, and in bold those that are on by default."""

from __future__ import annotations

from pathlib import Path

from py_secure_ci.adapting.rules import rule_ids
from py_secure_ci.all_tools import TOOLS

PAGE = (Path(__file__).parents[2] / "docs" / "tools.md").read_text(encoding="utf-8")


def test_every_tool_has_its_row() -> None:
    rows = [line.split(" | ")[:2] for line in PAGE.splitlines() if line.startswith("| ")][1:]
    said = [(name.strip("| "), stage) for name, stage in rows]
    assert said == [(f"**{tool.name}**" if tool.default else tool.name, tool.stage.value) for tool in TOOLS]


def test_where_a_tool_comes_from_is_said_where_we_do_not_install_it() -> None:
    paragraph = next(part for part in PAGE.split("\n\n") if "not installed by us" in part)
    told = set(
        paragraph.partition(" not installed by us")[0]
        .removesuffix(" are")
        .removesuffix(" is")
        .replace(" and ", ", ")
        .split(", ")
    )
    assert told == {tool.name for tool in TOOLS if tool.source == "path"}


def test_every_rule_of_ours_is_named() -> None:
    assert [rule for rule in sorted(rule_ids()) if f"`{rule}`" not in PAGE] == []


def test_the_readme_names_what_runs_by_default() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## What runs by default")[2].partition("\n## ")[0]
    rows = {
        line.split("|")[1].strip(): line.replace("ruff format", "ruff-format")
        for line in table.splitlines()
        if "|" in line
    }
    said = {(tool.name, tool.stage.value) for tool in TOOLS if tool.default and tool.name in rows[tool.stage.value]}
    assert said == {(tool.name, tool.stage.value) for tool in TOOLS if tool.default}
    others = {tool.name for tool in TOOLS if not tool.default}
    assert {name for row in rows.values() for name in others if f" {name} " in row} == set()
