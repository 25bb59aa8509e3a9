"""Which rule a SARIF result is of: by id or index, in the driver or an extension."""

from __future__ import annotations

import re
from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Rule
from py_secure_ci.reading import as_dict, as_list, field, optional


class Rules:
    """The rule descriptors of one run."""

    def __init__(self, run: dict[str, Any]) -> None:
        """Raises WrongShape if the run names no tool."""
        tool = field(run, "tool", dict, "a run of the SARIF")
        driver = field(tool, "driver", dict, "the tool of a run")
        field(driver, "name", str, "the driver of a run")
        extensions = [as_dict(one, "an extension") for one in as_list(tool.get("extensions") or [], "extensions")]
        self._components = [driver, *extensions]

    def of(self, result: dict[str, Any]) -> tuple[Rule, dict[str, Any]]:
        """The rule of a result and its descriptor, which is empty where the run has none."""
        reference = as_dict(result.get("rule") or {}, "a result's rule")
        component = as_dict(reference.get("toolComponent") or {}, "a toolComponent").get("index")
        rules = self._list(component + 1 if isinstance(component, int) else 0)
        index = result.get("ruleIndex", reference.get("index"))
        said = optional(result, "ruleId", str, "a result") or optional(reference, "id", str, "a result's rule")
        descriptor: dict[str, Any] = {}
        if isinstance(index, int) and 0 <= index < len(rules):
            descriptor = rules[index]
        elif said is not None:
            descriptor = self._by_id(said)
        name = said or optional(descriptor, "id", str, "a rule")
        if not name:
            raise WrongShape("a result names no rule")
        return _rule(re.sub(r"[\x00-\x20\x7f]+", "-", name)[:200], descriptor), descriptor

    def _list(self, component: int) -> list[dict[str, Any]]:
        if not 0 <= component < len(self._components):
            return []
        return [as_dict(one, "a rule") for one in as_list(self._components[component].get("rules") or [], "rules")]

    def _by_id(self, said: str) -> dict[str, Any]:
        for at in range(len(self._components)):
            for one in self._list(at):
                if one.get("id") == said or said.startswith(f"{one.get('id')}/"):
                    return one
        return {}


def _rule(name: str, descriptor: dict[str, Any]) -> Rule:
    def text(key: str) -> str:
        said = as_dict(descriptor.get(key) or {}, key)
        return (optional(said, "text", str, key) or "").strip()

    properties = as_dict(descriptor.get("properties") or {}, "properties")
    tags = tuple(str(one) for one in as_list(properties.get("tags") or [], "tags"))
    uri = optional(descriptor, "helpUri", str, "a rule") or ""
    return Rule(
        name,
        name=optional(descriptor, "name", str, "a rule") or "",
        summary=text("shortDescription") or text("fullDescription"),
        help=text("help") or text("fullDescription"),
        uri=uri if uri.startswith(("https://", "http://")) else "",
        cwe=tuple(sorted({int(number) for tag in tags for number in re.findall(r"(?i)cwe-0*(\d{1,5})", tag)})),
        tags=tags,
    )
