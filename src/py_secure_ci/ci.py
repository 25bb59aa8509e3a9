"""The only module that reads CI variables: the environment in, a frozen CiContext out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_JOB_FILES = (
    "GITHUB_ENV",
    "GITHUB_EVENT_PATH",
    "GITHUB_OUTPUT",
    "GITHUB_PATH",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CiContext:
    """Where we run. `base`: the ref that a pull or merge request wants to go to, empty outside one."""

    host: str = "local"  # github | gitlab | local
    base: str = ""
    branch: str = ""
    repository_uri: str = ""
    summary_file: str = ""  # GITHUB_STEP_SUMMARY
    output_file: str = ""  # GITHUB_OUTPUT
    job_files: tuple[str, ...] = ()  # what the platform reads when the step has ended, and told it at its start
    fork: bool = False


def read_ci(environ: Mapping[str, str]) -> CiContext:
    """Read the variables of GitHub Actions or GitLab CI.

    GitLab is told by `CI_SERVER_NAME` too, because local runners of its files leave `GITLAB_CI` false.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        return _github(environ)
    if environ.get("GITLAB_CI") == "true" or "GitLab" in environ.get("CI_SERVER_NAME", ""):
        return _gitlab(environ)
    return CiContext()


def _github(environ: Mapping[str, str]) -> CiContext:
    base = environ.get("GITHUB_BASE_REF", "")
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    return CiContext(
        host="github",
        base=f"origin/{base}" if base else "",
        branch=environ.get("GITHUB_HEAD_REF") or environ.get("GITHUB_REF_NAME", ""),
        repository_uri=f"{server}/{repository}" if server and repository else "",
        summary_file=environ.get("GITHUB_STEP_SUMMARY", ""),
        output_file=environ.get("GITHUB_OUTPUT", ""),
        job_files=tuple(environ[name] for name in _JOB_FILES if environ.get(name)),
        fork=_from_fork(environ.get("GITHUB_EVENT_PATH", "")),
    )


def _from_fork(event_path: str) -> bool:
    if not event_path:
        return False
    try:
        event = json.loads(Path(event_path).read_text(encoding="utf-8"))
        return bool(event["pull_request"]["head"]["repo"]["fork"])
    except (OSError, ValueError, KeyError, TypeError):
        return False  # not a pull request, or an event without a head repository


def _gitlab(environ: Mapping[str, str]) -> CiContext:
    target = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
    return CiContext(
        host="gitlab",
        base=environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA") or (f"origin/{target}" if target else ""),
        branch=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or environ.get("CI_COMMIT_REF_NAME", ""),
        repository_uri=environ.get("CI_PROJECT_URL", ""),
    )
