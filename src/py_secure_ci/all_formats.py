"""Every format, one line each. Its module is imported when it is rendered first: most runs need few of them."""

from __future__ import annotations

from importlib import import_module

from py_secure_ci.formats.format import Format, Render
from py_secure_ci.report import Report, Verdict

# Name, file, module and the function in it.
_FORMATS = (
    ("json", "report.json", "report_json", "render"),
    ("sarif", "py-secure-ci.sarif", "sarif", "render_upload"),
    ("audit-sarif", "audit.sarif", "sarif", "render_audit"),
    ("summary", "summary.md", "summary", "render"),
    ("html", "report.html", "html", "render"),
    ("controls", "controls.md", "controls", "render"),
    ("oscal", "assessment-results.oscal.json", "oscal", "render"),
    ("console", "", "console", "render"),
    ("annotations", "", "github_annotations", "render"),
    ("cyclonedx", "sbom.cdx.json", "cyclonedx", "render"),
    ("spdx", "sbom.spdx.json", "spdx", "render"),
    ("junit", "junit-findings.xml", "junit", "render"),
    ("gl-codequality", "gl-code-quality-report.json", "gitlab_codequality", "render"),
    ("gl-sast", "gl-sast-report.json", "gitlab_security", "render_sast"),
    ("gl-secret-detection", "gl-secret-detection-report.json", "gitlab_security", "render_secret_detection"),
    ("gl-dependency-scanning", "gl-dependency-scanning-report.json", "gitlab_security", "render_dependency_scanning"),
)
SBOMS = frozenset({"cyclonedx", "spdx"})
# What nearly every run imports at its end.
MODULES = tuple(
    dict.fromkeys(f"{__package__}.formats.{module}" for name, file, module, _ in _FORMATS if file and name not in SBOMS)
)


def _of(module: str, name: str) -> Render:
    def render(report: Report, verdict: Verdict) -> str:
        text: str = getattr(import_module(f"{__package__}.formats.{module}"), name)(report, verdict)
        return text

    return render


ALL_FORMATS: tuple[Format, ...] = tuple(
    Format(name, file, _of(module, function)) for name, file, module, function in _FORMATS
)
