"""CWE, MITRE ATT&CK, NIST CSF 2.0, NIST SSDF and OWASP Top 10 as data: `data/controls.json` and `data/owasp.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Stage
from py_secure_ci.tables import table


class Basis(Enum):
    """Who says that a check bears on a control: the control's own publisher, or we."""

    PUBLISHED = "published"
    OURS = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """One public list. `key` is our short word for it, `version` may be empty."""

    key: str
    name: str
    title: str
    organization: str
    uri: str
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A stage that bears on a control, and in what way."""

    stage: Stage
    basis: Basis
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One entry of a taxonomy. Without checks, `note` says why nothing here can show it."""

    id: str
    taxonomy: str
    name: str
    uri: str
    checks: tuple[Check, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One category of an OWASP Top 10 with the CWEs that OWASP itself lists under it."""

    id: str  # such as A03:2021
    name: str
    uri: str
    cwe: frozenset[int]


@cache
def taxonomies() -> Mapping[str, Taxonomy]:
    """Every taxonomy by its key. Raises WrongShape if our own data is damaged, as all of these do."""
    return {key: Taxonomy(key=key, **_texts(row)) for key, row in table("controls")["taxonomies"].items()}


@cache
def controls() -> tuple[Control, ...]:
    """Every control that we report on, in the order of the reports."""
    found = tuple(_control(row) for row in table("controls")["controls"])
    if len({one.id for one in found}) != len(found):
        raise WrongShape("data/controls.json: a control is listed twice")
    return found


@cache
def categories() -> tuple[Category, ...]:
    """Every OWASP category, older edition first."""
    return tuple(
        Category(id=row["id"], name=row["name"], uri=row["uri"], cwe=frozenset(row["cwe"]))
        for edition in table("owasp")["editions"].values()
        for row in edition
    )


@cache
def categories_of(weakness: int) -> tuple[Category, ...]:
    """The OWASP categories that list a CWE; most list none, and then nothing is said."""
    return tuple(one for one in categories() if weakness in one.cwe)


def weakness_name(weakness: int) -> str:
    """The name of a CWE as OWASP's lists give it, or an empty string."""
    name: str = table("owasp")["cwe_names"].get(str(weakness), "")
    return name


def weakness_uri(weakness: int) -> str:
    """Where MITRE describes a CWE."""
    return f"https://cwe.mitre.org/data/definitions/{weakness}.html"


def _control(row: Mapping[str, object]) -> Control:
    values = {**row}
    checks = values.pop("checks")
    texts = _texts(values)
    if not isinstance(checks, list) or texts["taxonomy"] not in taxonomies() or not (checks or texts.get("note")):
        raise WrongShape(f"data/controls.json: {texts['id']} needs a known taxonomy, and checks or a note")
    return Control(
        checks=tuple(Check(stage=Stage(one["stage"]), basis=Basis(one["basis"]), why=one["why"]) for one in checks),
        **texts,
    )


def _texts(row: Mapping[str, object]) -> dict[str, str]:
    if wrong := [key for key, value in row.items() if not isinstance(value, str) or not value]:
        raise WrongShape(f"data/controls.json: {wrong[0]} should be text")
    return {key: str(value) for key, value in row.items()}
