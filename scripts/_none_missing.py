"""Pytest plugin: a skip whose reason starts with "missing:" fails the run. What CI can install, CI must test."""

from __future__ import annotations

import pytest

WORD = "missing:"
# Reasons that may stand, each with why it cannot be installed.
ALLOWED: dict[str, str] = {
    "missing: playwright-core and axe-core (npm install; NODE_MODULES names the folder)": "a browser is no part of CI",
    "missing: chromium": "a browser is no part of CI",
}


class NoneMissing:
    """Collects the reasons while tests run, and judges at the end."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at each phase of each test."""
        self._look(report.nodeid, report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Look at modules that were skipped whole."""
        self._look(report.nodeid, report)

    def _look(self, where: str, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
            return
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if reason.startswith(WORD) and reason not in ALLOWED:
            self.found.append(f"{where}: {reason}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn success into failure."""
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name each."""
        if self.found:
            terminalreporter.section("skipped for want of something that could have been installed: the run fails")
            for line in self.found:
                terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    """Join the run."""
    config.pluginmanager.register(NoneMissing(), "none-missing")
