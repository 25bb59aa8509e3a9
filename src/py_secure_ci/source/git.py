"""What git knows of the tree. Every call is made so that a hostile repository's configuration runs nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from py_secure_ci.errors import SourceError
from py_secure_ci.running.request import Ended, Request
from py_secure_ci.source.repository import Entry, Place, Repository, Survey

TIMEOUT = 120.0
_PORTION = 32 * 1024 * 1024  # bytes of blobs that are asked for at once
# A repository's own configuration can name commands (fsmonitor, hooks, diff drivers); these settings win over it.
# `safe.directory`: a container's user seldom owns the checkout; we only read, and run nothing that it names.
_SAFE = (
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.quotePath=false"),
    *("-c", "safe.directory=*"),
    *("-c", "safe.bareRepository=explicit"),  # files of the project can look like one, with an index of their own
    *("-c", "protocol.allow=never"),
    *("-c", "diff.external="),
)

# Tree against tree: comparing with the work tree would run the clean filters that a repository's configuration names.
_DIFF = ("diff-tree", "-r", "--find-renames", "--no-ext-diff", "--no-textconv", "--relative")


_HEX = frozenset("0123456789abcdef")
_SKIPPED = "S"  # the tag of `git ls-files -t` for skip-worktree


class Git:
    """Read-only questions to git, all answered for one folder."""

    def __init__(self, root: Path, run: Callable[[Request], Ended], environment: Mapping[str, str]) -> None:
        """`environment` is a child's allow-listed environment; `GIT_*` of the caller never gets through."""
        self._root = root
        self._run = run
        self._environment = {
            **{key: value for key, value in environment.items() if not key.startswith("GIT_")},
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
        }
        self._trees: dict[str, tuple[Entry, ...]] = {}
        self._program = shutil.which("git", path=environment.get("PATH"))

    def survey(self) -> Survey | None:
        """The repository that holds the folder, and what is below it there; asked side by side.

        None if no repository holds it (or git itself is missing). Raises SourceError.
        """
        place = self.place()
        if place is None:
            return None
        with ThreadPoolExecutor(4) as pool:
            commit, branch = pool.submit(self._line, "rev-parse", "HEAD"), pool.submit(self._branch)
            tracked, untracked = pool.submit(self.tracked), pool.submit(self.untracked)
        repository = Repository(place.top, place.prefix, commit.result(), branch.result(), place.folders)
        # Without an index what was committed is due no less.
        index = tracked.result() or (self.tree(repository.commit) if repository.commit else ())
        return Survey(repository, index, untracked.result())

    def place(self) -> Place | None:
        """Where the folder lies in its repository; None as for `survey`. Raises SourceError."""
        if self._program is None:
            return None
        answer = self._ask("rev-parse", "--show-toplevel", "--show-prefix", "--git-dir", "--git-common-dir")
        if answer.status != 0 or answer.problem:
            self._refuse_broken(answer)
            return None
        top, prefix, *kept = (os.fsdecode(line) for line in (*answer.stdout.split(b"\n"), b"", b"")[:4])
        if not top or _real(self._root) not in (_real(top), *_below(top, prefix)):
            raise SourceError(
                f"git says that the work tree of {self._root} is {top or 'nowhere'}",
                hint="The repository's own configuration (core.worktree) leads elsewhere; check it out anew.",
            )
        folders = tuple(dict.fromkeys(_real(self._root / one) for one in kept if one))
        if any(_real(self._root).is_relative_to(folder) for folder in folders):  # a git that knows no such setting
            raise SourceError(
                f"{self._root}: its own files look like a git repository, and would say which files there are",
                hint="Check the folder that holds `.git`, or remove HEAD, objects and refs from this one.",
            )
        return Place(_real(top), prefix.rstrip("/"), folders)

    def _refuse_broken(self, answer: Ended) -> None:
        said = answer.stderr.decode("utf-8", "replace")
        if "not a git repository" in said and not os.path.lexists(self._root / ".git"):
            return
        raise SourceError(
            f"git cannot read the repository at {self._root}: {answer.problem or said.strip() or answer.status}",
            hint="Check it out anew, or remove the broken `.git`.",
        )

    def tracked(self) -> tuple[Entry, ...]:
        """The index below the folder, in path order; unmerged paths once."""
        entries = {}
        for record in self._records("ls-files", "--cached", "--stage", "-t", "-z"):
            head, _, path = record.partition(b"\t")
            tag, mode, blob, _ = head.decode("ascii").split(" ")
            entries[path] = Entry(mode, blob, os.fsdecode(path), tag == _SKIPPED)
        return tuple(entries[path] for path in sorted(entries))

    def untracked(self) -> tuple[str, ...]:
        """Files below the folder that are neither tracked nor ignored."""
        records = self._records("ls-files", "--others", "--exclude-standard", "-z")
        return tuple(os.fsdecode(record) for record in sorted(records))

    def resolve(self, ref: str) -> str:
        """The commit that a ref names, or an empty string."""
        if ref.startswith("-"):
            return ""
        return self._line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")

    def merge_base(self, ref: str) -> str:
        """The merge base of HEAD and a commit, or an empty string if there is none (a shallow clone, say)."""
        return self._line("merge-base", "HEAD", ref)

    def is_shallow(self) -> bool:
        """Whether history is cut off."""
        return self._line("rev-parse", "--is-shallow-repository") == "true"

    def adding(self, base: str) -> int:
        """How many commits since `base` add a line below the folder; a merge by what it adds to its first parent."""
        words = ("--diff-merges=first-parent", "--no-ext-diff", "--no-textconv", "--no-show-signature", "--text")
        answer = self._ask("log", *words, "--relative", "--numstat", "--format=%x00", f"{base}..HEAD", "--", ".")
        if answer.status != 0 or answer.problem:
            raise SourceError(f"git cannot list the commits since {base}: {answer.problem or answer.status}")
        commits = answer.stdout.split(b"\0")[1:]
        return sum(any(line[:1] not in (b"", b"0") for line in one.split(b"\n")) for one in commits)

    def commit_time(self) -> str:
        """Committer time of HEAD in UTC, `YYYY-MM-DDTHH:MM:SS`, or an empty string without a commit."""
        return self._line("log", "-1", "--no-show-signature", "--date=format-local:%Y-%m-%dT%H:%M:%S", "--format=%cd")

    def tree(self, commit: str) -> tuple[Entry, ...]:
        """Every file below the folder in a commit; asked once, as its objects may be forged later on."""
        if commit in self._trees:
            return self._trees[commit]
        entries = []
        for record in self._records("ls-tree", "-r", "-z", commit):
            head, _, path = record.partition(b"\t")
            mode, _, blob = head.decode("ascii").split(" ")
            entries.append(Entry(mode, blob, os.fsdecode(path)))
        if set(commit) <= _HEX:  # what a name stands for may change
            self._trees[commit] = tuple(entries)
        return tuple(entries)

    def blob(self, blob: str) -> bytes:
        """The bytes of a blob as they are stored: no filter of the repository's is run."""
        answer = self._ask("cat-file", "blob", blob)
        if answer.status != 0 or answer.problem:
            raise SourceError(f"git cannot read the object {blob}: {answer.problem or answer.status}")
        return _genuine(blob, answer.stdout)

    def blobs(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Many blobs, each with its bytes, in portions that fit the runner's limit. Raises SourceError."""
        wanted = [*dict.fromkeys(blobs)]
        portion: list[str] = []
        taken = 0
        for blob, size in self._sizes(wanted):
            if portion and taken + size > _PORTION:
                yield from self._batch(portion)
                portion, taken = [], 0
            portion.append(blob)
            taken += size
        if portion:
            yield from self._batch(portion)

    def _sizes(self, blobs: Sequence[str]) -> Iterator[tuple[str, int]]:
        answer = self._ask("cat-file", "--batch-check", stdin="".join(f"{one}\n" for one in blobs))
        rows = [line.split(b" ") for line in answer.stdout.splitlines()]
        if answer.status != 0 or answer.problem or len(rows) != len(blobs):
            raise SourceError(f"git cannot read {len(blobs)} objects: {answer.problem or answer.status}")
        for blob, row in zip(blobs, rows, strict=True):
            if len(row) != 3 or row[:2] != [blob.encode(), b"blob"]:
                raise SourceError(f"git cannot read the object {blob}: {b' '.join(row[1:]).decode('ascii', 'replace')}")
            yield blob, int(row[2])

    def _batch(self, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        answer = self._ask("cat-file", "--batch", stdin="".join(f"{one}\n" for one in blobs))
        if answer.status != 0 or answer.problem:
            raise SourceError(f"git cannot read {len(blobs)} objects: {answer.problem or answer.status}")
        at = 0
        for blob in blobs:
            head, _, _ = answer.stdout[at : at + 200].partition(b"\n")
            name, _, size = head.decode("ascii", "replace").partition(" blob ")
            if name != blob or not size.isdecimal():
                raise SourceError(f"git cannot read the object {blob}: it said {head.decode('ascii', 'replace')!r}")
            at += len(head) + 1
            yield blob, _genuine(blob, answer.stdout[at : at + int(size)])
            at += int(size) + 1

    def renames(self, commit: str) -> Mapping[str, str]:
        """Path in HEAD -> path in `commit`, for files that git takes for renamed between them."""
        names = [
            os.fsdecode(name)
            for name in self._records(*_DIFF, "-z", "--name-status", "--diff-filter=R", commit, "HEAD")
        ]
        return {names[at + 2]: names[at + 1] for at in range(0, len(names) - 2, 3)}

    def changed_lines(self, commit: str) -> bytes | None:
        """A patch without context from a commit to HEAD, for telling changed lines; None if there is no whole one.

        Of every file: that an attribute of the repository calls one binary must not hide what changed in it.
        """
        words = ("--patch", "--text", "--unified=0", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
        answer = self._ask(*_DIFF, *words, commit, "HEAD")
        # Half a patch would say of changed lines that they are not.
        return answer.stdout if answer.status == 0 and not answer.problem else None

    def _branch(self) -> str:
        return self._line("symbolic-ref", "--quiet", "--short", "HEAD")

    def _line(self, *words: str) -> str:
        answer = self._ask(*words)
        return "" if answer.status != 0 or answer.problem else os.fsdecode(answer.stdout).strip()

    def _records(self, *words: str) -> list[bytes]:
        answer = self._ask(*words)
        if answer.status != 0 or answer.problem:
            said = answer.problem or answer.stderr.decode("utf-8", "replace").strip()
            raise SourceError(f"`git {words[0]}` failed in {self._root}: {said}")
        return [record for record in answer.stdout.split(b"\0") if record]

    def _ask(self, *words: str, stdin: str = "") -> Ended:
        argv = (self._program or "git", "--no-optional-locks", "-C", str(self._root), *_SAFE, *words)
        return self._run(
            Request(argv=argv, cwd=self._root, env=self._environment, timeout=TIMEOUT, stdin=stdin.encode())
        )


def _genuine(blob: str, data: bytes) -> bytes:
    """The bytes, if they are those that the object is named after: git itself does not look, and tests can write there.

    Raises SourceError.
    """
    kind = hashlib.sha256 if len(blob) == hashlib.sha256().digest_size * 2 else hashlib.sha1
    if kind(b"blob %d\0" % len(data) + data).hexdigest() != blob:
        raise SourceError(
            f"the object {blob} of the repository does not hold what its name says", hint="Check it out anew."
        )
    return data


def _below(top: str, prefix: str) -> tuple[Path, ...]:
    return (_real(Path(top, prefix)),) if prefix else ()


def _real(path: str | Path) -> Path:
    return Path(os.path.realpath(path))
