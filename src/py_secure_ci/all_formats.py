"""Every format, one line each."""

from __future__ import annotations

from py_secure_ci.formats import (
    console,
    controls,
    cyclonedx,
    github_annotations,
    gitlab_codequality,
    gitlab_security,
    html,
    junit,
    oscal,
    report_json,
    sarif,
    spdx,
    summary,
)
from py_secure_ci.formats.format import Format

ALL_FORMATS: tuple[Format, ...] = (
    Format("json", "report.json", report_json.render),
    Format("sarif", "py-secure-ci.sarif", sarif.render_upload),
    Format("audit-sarif", "audit.sarif", sarif.render_audit),
    Format("summary", "summary.md", summary.render),
    Format("html", "report.html", html.render),
    Format("controls", "controls.md", controls.render),
    Format("oscal", "assessment-results.oscal.json", oscal.render),
    Format("console", "", console.render),
    Format("annotations", "", github_annotations.render),
    Format("cyclonedx", "sbom.cdx.json", cyclonedx.render),
    Format("spdx", "sbom.spdx.json", spdx.render),
    Format("junit", "junit-findings.xml", junit.render),
    Format("gl-codequality", "gl-code-quality-report.json", gitlab_codequality.render),
    Format("gl-sast", "gl-sast-report.json", gitlab_security.render_sast),
    Format("gl-secret-detection", "gl-secret-detection-report.json", gitlab_security.render_secret_detection),
    Format("gl-dependency-scanning", "gl-dependency-scanning-report.json", gitlab_security.render_dependency_scanning),
)
