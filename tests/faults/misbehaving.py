"""A program that stands in for a tool and misbehaves. Started by path, standard library only, isolated (-IS).

Beside it lies `<own name>.json`: {"fault": ..., "real": the honest program, "recordings": folder, "state": folder,
"only": words of which one must be in an argument for a call to count, "players": the tools that call it, ...}.
`--version` is answered as the real program did, once; every call that does not count goes to the real program. Without
a real program ("real" is empty) there are recordings only. Whatever it starts ends by itself within seconds.
"""

import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

Fault = Callable[["dict[str, Any]"], None]
Change = Callable[["dict[str, Any]", "dict[str, Any]"], Any]

ME = os.path.abspath(sys.argv[0])
WORDS = sys.argv[1:]
WITNESS = "X = 1\n"
UNSEEN = ("home", "tmp", "cache", "canary", "__pycache__", "coverage", "hooks", "planted")
PLENTY = 200 * 1024 * 1024  # bytes: three times what anybody reads
HARMLESS = {
    "": "Metadata-Version: 2.1\nName: canary\nVersion: 1\nLicense-Expression: Apache-2.0\n",  # METADATA
    ".py": "def test_canary() -> None:\n    pass\n",
    ".yml": "on: push\npermissions: {}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n",
    ".txt": "nothing\n",
    ".svg": "nothing\n",
    ".toml": '[project]\nname = "canary"\nversion = "1"\n',
}


def main() -> int:
    with open(f"{ME}.json", encoding="utf-8") as file:
        plan = json.load(file)
    callers = (one for one in plan["players"] if any(one["call"] in word for word in WORDS))
    plan.update(next(callers, plan["players"][-1]))
    if is_question(plan):
        if plan["fault"] in AT_QUESTION:
            AT_QUESTION[plan["fault"]](plan)
        answer(plan)
    FAULTS[plan["fault"]](plan)
    return 0


def is_question(plan: dict[str, Any]) -> bool:
    """What is asked before the work: a version, and whatever an interpreter is asked but our runs."""
    return WORDS == ["--version"] or (
        bool(plan["only"]) and not any(word in one for one in WORDS for word in plan["only"])
    )


def answer(plan: dict[str, Any]) -> None:
    """As the real program does; what its version is was asked before, since some think about that for a second."""
    if WORDS != ["--version"]:
        os.execv(plan["real"], [plan["real"], *WORDS])
    with open(os.path.join(plan["recordings"], f"{plan['tool']}.version"), "rb") as file:
        put(1, file.read())
    os._exit(0)


def vanish(plan: dict[str, Any]) -> None:
    os.unlink(ME)


def close(plan: dict[str, Any]) -> None:
    os.chmod(ME, 0o600)


def become_a_text(plan: dict[str, Any]) -> None:
    """The same file name, another inode: this very program may still be read."""
    os.unlink(ME)
    with open(ME, "w", encoding="utf-8") as file:
        file.write("not a program\n")
    os.chmod(ME, 0o755)


# -- recording and playing back -------------------------------------------------------------------------------------


def scratch() -> str:
    return os.path.dirname(os.environ["TMPDIR"])


def root() -> str:
    """The project's folder; not every tool is started there."""
    return f"{ME[: ME.index('/programs/')]}/project"


def way_down() -> str:
    """From where it was started to the scratch folder, for a tool that names files so; empty where that is no way."""
    way = os.path.relpath(scratch(), os.getcwd())
    return way if way.startswith("../") else ""


def bland(text: str) -> str:
    """What changes from run to run, taken out."""
    text = text.replace(way_down() or scratch(), "@WAY@" if way_down() else "@SCRATCH@")
    text = text.replace(scratch(), "@SCRATCH@").replace(root(), "@ROOT@")
    return re.sub(r"127\.0\.0\.1:\d+", "@SERVER@", text)


def vivid(text: str) -> str:
    text = text.replace("@WAY@", way_down() or scratch())
    return text.replace("@SCRATCH@", scratch()).replace("@ROOT@", root())


def key() -> str:
    words = [re.sub(r"^(--python(?:-executable|path|-interpreter-path)?)=.*", r"\1", bland(word)) for word in WORDS]
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).hexdigest()[:24]


def files_of(folder: str) -> dict[str, Any]:
    found = {}
    for where, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one not in UNSEEN and not one.endswith(".git")]
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read().decode("latin-1")
    return found


def run_real(plan: dict[str, Any], words: list[str], stdin: bytes) -> dict[str, Any]:
    before = files_of(scratch())
    done = subprocess.run([plan["real"], *words], input=stdin, capture_output=True, check=False)
    after = files_of(scratch())
    return {
        "status": done.returncode,
        "stdout": done.stdout.decode("latin-1"),
        "stderr": done.stderr.decode("latin-1"),
        "files": {name: text for name, text in after.items() if before.get(name) != text},
    }


def say(said: dict[str, Any]) -> None:
    for name, text in said["files"].items():
        with open(os.path.join(scratch(), name), "wb") as file:
            file.write(text.encode("latin-1"))
    put(2, said["stderr"].encode("latin-1"))
    put(1, said["stdout"].encode("latin-1"))
    os._exit(said["status"])


def put(stream: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(stream, view) :]


def record(plan: dict[str, Any]) -> None:
    said = run_real(plan, WORDS, sys.stdin.buffer.read())
    keep(plan, said)
    if plan["keep"]:
        keep(plan, seen_blind(plan), ".blind")
    say(said)


def keep(plan: dict[str, Any], said: dict[str, Any], suffix: str = "") -> None:
    kept = {**said, "files": {name: bland(text) for name, text in said["files"].items()}, "player": plan["player"]}
    kept["stdout"], kept["stderr"] = bland(said["stdout"]), bland(said["stderr"])
    with open(os.path.join(plan["recordings"], f"{key()}{suffix}.json"), "w", encoding="utf-8") as file:
        json.dump(kept, file)


def recorded(plan: dict[str, Any], suffix: str = "") -> dict[str, Any]:
    """What it says when it is honest: as it was told, as it was recorded, or (`live`) as it says just now."""
    if plan["live"]:
        return run_real(plan, WORDS, sys.stdin.buffer.read())
    told = next((one for word, one in plan["told"].items() if word in WORDS), None)
    if told is None:
        with open(os.path.join(plan["recordings"], f"{key()}{suffix}.json"), encoding="utf-8") as file:
            told = json.load(file)
    files = {name: vivid(text) for name, text in told["files"].items()}
    return {**told, "files": files, "stdout": vivid(told["stdout"]), "stderr": vivid(told["stderr"])}


# -- the faults -----------------------------------------------------------------------------------------------------


def die_by(number: int) -> Fault:
    def die(plan: dict[str, Any]) -> None:
        put(1, recorded(plan)["stdout"].encode("latin-1")[:200])
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), number)
        time.sleep(5)

    return die


def changed(**changes: Change) -> Fault:
    """What was recorded, but with a status, stdout, stderr or files of another making."""

    def play(plan: dict[str, Any]) -> None:
        said = recorded(plan)
        say({**said, **{name: make(said, plan) for name, make in changes.items()}})

    return play


def for_people(said: dict[str, Any]) -> bool:
    """Whether it answers by its exit status and lines for people alone."""
    return not said["stdout"] and not said["files"]


def half(text: str) -> str:
    return text[: len(text.rstrip()) // 2]


def halves(files: dict[str, Any]) -> dict[str, Any]:
    return {name: half(text) for name, text in files.items()}


def first_words(said: dict[str, Any], plan: dict[str, Any]) -> str:
    """Of lines for people the reason may stand at their very beginning: of them there is less left than half."""
    return said["stderr"][:12] if for_people(said) else said["stderr"]


def of_a_shape(said: dict[str, Any], plan: dict[str, Any]) -> None:
    stream, other = ("stderr", "stdout") if for_people(said) else ("stdout", "stderr")
    say({"status": said["status"], stream: plan["argument"], other: said[other], "files": {}})


def other_word(said: dict[str, Any], plan: dict[str, Any]) -> str:
    return re.sub(plan["words"], r"\g<1>APOCALYPTIC", said["stdout"])


def other_word_files(said: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    return {name: re.sub(plan["words"], r"\g<1>APOCALYPTIC", text) for name, text in said["files"].items()}


def blind(plan: dict[str, Any]) -> None:
    """As if there was nothing: what it says of what was planted for it most of all."""
    if plan["blindfold"] in LOOKS_AWAY:
        say(LOOKS_AWAY[plan["blindfold"]](recorded(plan), plan))
    say(seen_blind(plan) if plan["real"] else recorded(plan, ".blind"))


def seen_blind(plan: dict[str, Any]) -> dict[str, Any]:
    """What the honest tool says with its eyes shut: what was planted for it is not what it gets to see."""
    folder = os.path.join(scratch(), "canary")
    planted = {os.path.join(where, name): b"" for where, _, names in os.walk(folder) for name in names}
    for path in planted:
        with open(path, "r+b") as file:
            planted[path] = file.read()
            file.seek(0)
            file.truncate()
            file.write(HARMLESS[os.path.splitext(path)[1]].encode())
    stdin = sys.stdin.buffer.read()
    said = run_real(plan, WORDS, WITNESS.encode() if stdin and not plan["live"] else stdin)
    for path, data in planted.items():
        with open(path, "wb") as file:
            file.write(data)
    return said


def no_vulnerability(said: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    files = {name: without_vulnerabilities(text) for name, text in said["files"].items()}
    return {**said, "status": 0, "stdout": without_vulnerabilities(said["stdout"]), "files": files}


def without_vulnerabilities(text: str) -> str:
    """Every list of them is empty, whatever the tool calls it, and so is their number."""
    return json.dumps(emptied(json.loads(text))) if text.strip() else text


def emptied(value: Any) -> Any:
    if isinstance(value, list):
        return [emptied(one) for one in value]
    if not isinstance(value, dict):
        return value
    empty = {list: [], int: 0}
    return {
        key: empty[type(one)] if key.lower() in ("vulnerabilities", "vulns", "groups") else emptied(one)
        for key, one in value.items()
    }


LOOKS_AWAY: dict[str, Change] = {
    "no vulnerability": no_vulnerability,
    "fits": lambda said, plan: plan["fits"],  # what it says of a lock that is as it should be
    "passes": lambda said, plan: {**said, "status": 0, "stdout": said["stdout"].replace("Failed", "Passed")},
}


def endless(plan: dict[str, Any]) -> None:
    block = b"x" * 1_000_000
    for _ in range(500):
        put(1, block)


def many(count: int) -> Fault:
    """The largest entry, or the last line, again and again: written piece by piece, never held."""

    def play(plan: dict[str, Any]) -> None:
        said = recorded(plan)
        answers = {name: text for name, text in said["files"].items() if name.endswith("l") or not said["stdout"]}
        for name, text in answers.items():
            with open(os.path.join(scratch(), name), "wb") as file:
                pour(file.fileno(), text, count)
        if for_people(said):
            pour(2, said["stderr"], count)
        else:
            put(2, said["stderr"].encode("latin-1"))
        pour(1, said["stdout"], count, plan["whole"])
        os._exit(said["status"])

    return play


def pour(stream: int, text: str, count: int, whole: bool = False) -> None:
    head, entry, tail = (one.encode("latin-1") for one in (("", text, "") if whole else cut_open(text)))
    put(stream, head)
    left = min(count, PLENTY // max(len(entry), 1)) if entry else 0
    for size in [1000] * (left // 1000) + [left % 1000]:
        put(stream, entry * size)
    put(stream, tail)


def cut_open(text: str) -> tuple[str, str, str]:
    """Head, the entry to repeat, tail."""
    try:
        document = json.loads(text)
    except ValueError:
        lines = text.rstrip("\n").split("\n")
        return "\n".join(lines) + "\n", f"{lines[-1]}\n", ""
    found: list[Any] = []
    seek(document, found)
    if not found:
        return text, "", ""
    chosen = max(found, key=lambda one: len(json.dumps(one[0])))
    entry = json.dumps(chosen[0])
    chosen.insert(0, "@HERE@")
    head, tail = json.dumps(document).split('"@HERE@", ')
    return head, f"{entry}, ", tail


def seek(value: object, found: list[Any]) -> None:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        found.append(value)
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        seek(one, found)


def hang(plan: dict[str, Any]) -> None:
    time.sleep(30)


def hang_deaf(plan: dict[str, Any]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        time.sleep(1)


def leave_grandchild(plan: dict[str, Any]) -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for stream in (0, 1, 2):
                os.close(stream)
            time.sleep(20)
        os._exit(0)
    say(recorded(plan))


def write_elsewhere(plan: dict[str, Any]) -> None:
    """Into the user's tree, and wherever a careless or a hostile tool would."""
    for path in ("app/orders.py", "new.py", ".git/config", ".git/hooks/pre-commit", "py-secure-ci-report/report.json"):
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(path, "a", encoding="utf-8") as file:
                file.write("# changed\n")
        except OSError:
            continue
    for act in (lambda: os.unlink("app/orders.py"), lambda: os.rename("app", "gone"), lambda: os.chmod("app", 0o777)):
        try:
            act()
        except OSError:
            continue
    say(recorded(plan))


def disk_full(plan: dict[str, Any]) -> None:
    put(1, recorded(plan)["stdout"].encode("latin-1")[:100])
    with open("/dev/full", "w", encoding="utf-8") as file:
        file.write("x" * 10_000)
    raise SystemExit(0)


def kill_the_keeper(plan: dict[str, Any]) -> None:
    parent = os.getppid()
    if parent > 1:  # in a namespace of its own there is nobody to kill
        os.kill(parent, signal.SIGKILL)
        time.sleep(1)
    say(recorded(plan))


def link_outputs(plan: dict[str, Any]) -> None:
    """Its output files are links to something of ours, and its output is what that something holds."""
    said = recorded(plan)
    for name in said["files"]:
        path = os.path.join(scratch(), name)
        if os.path.exists(path):
            os.unlink(path)
        os.symlink("/etc/passwd", path)
    say({**said, "files": {}, "stdout": "" if said["files"] else "/etc/passwd"})


def dump(plan: dict[str, Any]) -> None:
    """Everything that a curious tool can find out, into the place that the test reads."""
    pieces = [repr(dict(os.environ))]
    for pid in [one for one in os.listdir("/proc") if one.isdigit()]:
        for name in ("environ", "cmdline", "maps"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    pieces.append(f"{pid}/{name}: {file.read()!r}")
            except OSError as error:
                pieces.append(f"{pid}/{name}: {error.strerror}")
    text = "\n".join(pieces)
    with open(os.path.join(plan["state"], f"dump-{time.time_ns()}.txt"), "w", encoding="utf-8") as file:
        file.write(text)
    put(2, text.encode("utf-8", "replace")[:100_000])
    os._exit(77)


def speak_to_the_runner(plan: dict[str, Any]) -> None:
    lines = (
        "::stop-commands::x\n  ::error::no\n##[add-matcher]/tmp/x\n\x1b[2J\r::set-output name=a::b\n\u2028::debug::x\n"
    )
    put(2, lines.encode() * 5)
    put(1, lines.encode())
    os._exit(99)


def says_before(plan: dict[str, Any]) -> None:
    put(2, b"noise\n" * 35_000)
    say(recorded(plan))


FAULTS = {
    "honest": lambda plan: say(recorded(plan)),
    "record": record,
    "missing": lambda plan: os._exit(127),  # as an interpreter does whose modules are gone
    "vanishes": hang,
    "closes": hang,
    "turns-into-a-text": hang,
    "version-crashes": hang,
    "version-says-nothing": hang,
    "version-hangs": hang,
    "crash-SEGV": die_by(signal.SIGSEGV),
    "crash-KILL": die_by(signal.SIGKILL),
    "crash-ABRT": die_by(signal.SIGABRT),
    "exit": lambda plan: say({**recorded(plan), "status": int(plan["argument"])}),
    "silent": lambda plan: say({**recorded(plan), "stdout": "", "stderr": "", "files": {}}),
    "silent-0": lambda plan: say({"status": 0, "stdout": "", "stderr": "", "files": {}}),
    "cut": changed(
        stdout=lambda said, plan: half(said["stdout"]),
        stderr=first_words,
        files=lambda said, plan: halves(said["files"]),
    ),
    "shape": lambda plan: of_a_shape(recorded(plan), plan),
    "shape-0": lambda plan: of_a_shape({**recorded(plan), "status": 0, "stderr": ""}, plan),
    "word": changed(stdout=other_word, files=other_word_files),
    "blind": blind,
    "noise": says_before,
    "endless": endless,
    "hang": hang,
    "hang-deaf": hang_deaf,
    "grandchild": leave_grandchild,
    "writes": write_elsewhere,
    "not-utf-8": changed(
        stdout=lambda said, plan: said["stdout"] and "\xff\xfe" + said["stdout"],
        stderr=lambda said, plan: ("\xff\xfe" if for_people(said) else "") + said["stderr"],
        files=lambda said, plan: {name: text + "\xff\xfe" for name, text in said["files"].items()},
    ),
    "many": many(1_000_000),
    "too-many": many(10_000),
    "disk-full": disk_full,
    "keeper": kill_the_keeper,
    "links": link_outputs,
    "dump": dump,
    "commands": speak_to_the_runner,
}

AT_QUESTION = {
    "vanishes": vanish,
    "closes": close,
    "turns-into-a-text": become_a_text,
    "version-crashes": lambda plan: os.kill(os.getpid(), signal.SIGKILL),
    "version-says-nothing": lambda plan: os._exit(0),
    "version-hangs": hang,
}

if __name__ == "__main__":
    sys.exit(main())
