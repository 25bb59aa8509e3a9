"""Every format, one line each. Its module is imported when it is rendered first: most runs need few of them."""

from __future__ import annotations

from importlib import import_module

from py_secure_ci.formats.format import Format, Render
from py_secure_ci.report import Report, Verdict


def _of(module: str, name: str = "render") -> Render:
    def render(report: Report, verdict: Verdict) -> str:
        text: str = getattr(import_module(f"py_secure_ci.formats.{module}"), name)(report, verdict)
        return text

    return render


ALL_FORMATS: tuple[Format, ...] = (
    Format("json", "report.json", _of("report_json")),
    Format("sarif", "py-secure-ci.sarif", _of("sarif", "render_upload")),
    Format("audit-sarif", "audit.sarif", _of("sarif", "render_audit")),
    Format("summary", "summary.md", _of("summary")),
    Format("html", "report.html", _of("html")),
    Format("controls", "controls.md", _of("controls")),
    Format("oscal", "assessment-results.oscal.json", _of("oscal")),
    Format("console", "", _of("console")),
    Format("annotations", "", _of("github_annotations")),
    Format("cyclonedx", "sbom.cdx.json", _of("cyclonedx")),
    Format("spdx", "sbom.spdx.json", _of("spdx")),
    Format("junit", "junit-findings.xml", _of("junit")),
    Format("gl-codequality", "gl-code-quality-report.json", _of("gitlab_codequality")),
    Format("gl-sast", "gl-sast-report.json", _of("gitlab_security", "render_sast")),
    Format("gl-secret-detection", "gl-secret-detection-report.json", _of("gitlab_security", "render_secret_detection")),
    Format(
        "gl-dependency-scanning",
        "gl-dependency-scanning-report.json",
        _of("gitlab_security", "render_dependency_scanning"),
    ),
)
