"""Run every tool that may see a defect of src/ and write what each says to recorded.json: `python record.py [FOLDER]`.

The tools are those of py-secure-ci itself, run by it; what is kept is what they said before anything was merged.
gitleaks takes part if it is on the PATH. Credentials in src/ are placeholders; fake ones are put in for the run only.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
ALONE = {"broken.py"}
PLACES = {name: f".github/workflows/{name}" for name in ("build.yml", "deploy.yml")}
CONFIG = """\
stages:
  lint: {tools: [ruff, flake8, pylint, vulture]}
  format: {tools: [ruff-format, black, isort]}
  type: {tools: [mypy, pyright, ty, pyrefly]}
  sast: {tools: [bandit, dlint, semgrep]}
  secrets: {tools: [detect-secrets, kingfisher%s]}
  sca: {tools: [pip-audit]}
  ci: {tools: [zizmor, check-jsonschema]}
  test: false
  sbom: false
tools:
  ruff: {args: ["--select=E,F,W,S,B,PL,ARG,I001,UP032,UP031", "--ignore=E501,S603,PLR2004,PLR6301"]}
policy: {accepted_gaps: [{subject: "**", reason: "a corpus of mistakes"}]}
"""


def fakes() -> dict[str, str]:
    """What stands for each placeholder: of the form that scanners know, and of no use to anybody."""
    chance = random.Random(7)  # noqa: S311

    def some(count: int, of: str) -> str:
        return "".join(chance.choice(of) for _ in range(count))

    small = LETTERS.lower() + "0123456789"
    return {
        "@@A@@": "-".join(["not", "a", "real", "one"]),
        "@@B@@": "-".join(["fake", "word", "for", "tests"]),
        "@@C@@": "-".join(["made", "up", "too"]),
        "@@HEX@@": some(40, "0123456789abcdef"),
        "@@HEX2@@": some(32, "0123456789abcdef"),
        "@@AWS@@": "AKIA" + some(16, LETTERS + "234567"),
        "@@AWSKEY@@": some(40, LETTERS + small),
        "@@GITHUB@@": "ghp_" + some(36, LETTERS + small),
        "@@STRIPE@@": "sk_" + "live_" + some(24, LETTERS + small),
        "@@SLACK@@": "xox" + "b-" + some(12, "123456789") + "-" + some(24, LETTERS + small),
        "@@JWT@@": ".".join(["eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "zdWIiOiJub2JvZHkifQ", some(43, LETTERS + small)]),
        "@@PEM@@": f"-----BEGIN RSA {'PRIVATE'} KEY-----\\n" + some(64, LETTERS + small) + "\\n-----END RSA KEY-----",
    }


def main() -> None:
    """Record. The file that cannot be parsed goes alone: type checkers look at nothing else beside one."""
    files = sorted((HERE / "src").glob("*.txt"))
    tools: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    for group in ([one for one in files if one.stem not in ALONE], [one for one in files if one.stem in ALONE]):
        if not group:
            continue
        report = recorded(group)
        done = [one["tool"] for one in report["outcomes"] if one["kind"] == "completed"]
        tools |= {one["name"]: one["version"] for one in done}
        rows += [row(one) for outcome in report["outcomes"] for one in outcome.get("findings", ())]
    rows.sort(key=lambda one: (one["path"], one.get("line", 0), one.get("column", 0), one["tool"], one["rule"]))
    lines = ",\n".join(json.dumps(one) for one in rows)
    text = f'{{"tools": {json.dumps(tools)},\n"findings": [\n{lines}\n]}}\n'
    (HERE / "recorded.json").write_text(text, encoding="utf-8")


def recorded(files: list[Path]) -> dict[str, Any]:
    """The report over some of the sources."""
    with tempfile.TemporaryDirectory() as name:
        root, out = Path(name) / "project", Path(name) / "out"
        for file in files:
            text = file.read_text(encoding="utf-8")
            for mark, value in fakes().items():
                text = text.replace(mark, value)
            path = root / PLACES.get(file.stem, file.stem)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        has = shutil.which("gitleaks") is not None
        (root / ".py-secure-ci.yml").write_text(CONFIG % (", gitleaks" if has else ""), encoding="utf-8")
        argv = [sys.executable, "-m", "py_secure_ci", "run", str(root), "--offline", "--install=none", "--exit-zero"]
        subprocess.run([*argv, "--output-dir", str(out), "--format", "json"], check=True)
        report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))["report"]
    for outcome in report["outcomes"]:
        if outcome["kind"] == "failed" and len(files) > 1:
            sys.exit(f"{outcome['tool']['name']}: {outcome['reason']} {outcome.get('detail')}")
    return report


def row(one: dict[str, Any]) -> dict[str, Any]:
    """What a label is given for."""
    kept: dict[str, Any] = {"tool": one["tool"], "rule": one["rule"], **(one.get("location") or {"path": ""})}
    if one.get("secret"):
        kept["secret"] = True
    else:
        kept |= {"code": one.get("code", ""), "message": one["message"].splitlines()[0][:100]}
    if one.get("advisory"):
        kept["advisory"] = {key: one["advisory"][key] for key in ("package", "version", "ids")}
    return kept


if __name__ == "__main__":
    main()
