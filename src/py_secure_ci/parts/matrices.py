"""A plan in the words of the platforms: a matrix of GitHub's, `parallel: matrix` of GitLab's, or as it is.

https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
https://docs.gitlab.com/ci/yaml/#parallelmatrix
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from py_secure_ci.parts.codec import to_text
from py_secure_ci.parts.model import Part, SharedPlan

JOB = "py-secure-ci:part"  # the job of GitLab's that runs a part


def github_matrix(plan: SharedPlan) -> str:
    """One line of JSON for `strategy: matrix: ${{ fromJSON(…) }}`. A part without work is left out."""
    parts = [{"part": one.id, "about": _about(one)} for one in _with_work(plan)]
    return json.dumps({"include": parts}, separators=(",", ":"))


def gitlab_matrix(plan: SharedPlan) -> str:
    """YAML for a child pipeline (JSON, which is YAML too); the job itself is included beside it."""
    parts = [one.id for one in _with_work(plan)]
    variables = {"PY_SECURE_CI_PART": parts, "PY_SECURE_CI_PLAN": [plan.id]}
    return json.dumps({JOB: {"parallel": {"matrix": [variables]}}}, indent=2)


def _with_work(plan: SharedPlan) -> list[Part]:
    """A matrix must not be empty: where nothing is due, the first part stands for it."""
    return [one for one in plan.parts if one.shares] or list(plan.parts[:1])


def _about(part: Part) -> str:
    """`bandit, ruff`: what a person reads in the list of jobs."""
    tools = sorted({share.tool for share in part.shares})
    return ", ".join(tools) if len(tools) <= 4 else f"{', '.join(tools[:3])} and {len(tools) - 3} more"


MATRICES: Mapping[str, Callable[[SharedPlan], str]] = {
    "github": lambda plan: github_matrix(plan) + "\n",
    "gitlab": lambda plan: gitlab_matrix(plan) + "\n",
    "json": to_text,
}
