"""The tree: every file is due, excluded by name, or a gap; nothing is silently left out."""

import hashlib
import os
import subprocess

import pytest

from py_secure_ci.errors import SourceError
from py_secure_ci.running.environment import child_environment
from py_secure_ci.running.runner import Runner
from py_secure_ci.source.git import Git
from py_secure_ci.source.globs import matches
from py_secure_ci.source.tree import read_tree
from py_secure_ci.source.wide_text import looks_like_utf16


@pytest.fixture(scope="module")
def runner():
    with Runner() as one:
        yield one


@pytest.fixture
def tree_of(runner, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")

    def read(root, exclude=(), output=None):
        git = Git(root, runner.run, child_environment(dict(os.environ), home=home, tmp=home))
        return read_tree(root, git, tuple(exclude), ".py-secure-ci.yml", output)

    return read


def git(root, *words):
    words = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main", *words)
    subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q")
    return root


def write(root, name, data=b"x = 1\n"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def commit(root):
    git(root, "add", "-A")
    git(root, "commit", "-qm", "c")


def test_tracked_and_untracked_files_are_due_and_ignored_ones_are_not(repository, tree_of):
    write(repository, "a.py")
    write(repository, ".gitignore", b"*.log\n")
    write(repository, "tracked.log")
    git(repository, "add", "-f", "a.py", ".gitignore", "tracked.log")
    git(repository, "commit", "-qm", "c")
    write(repository, "new.py")
    write(repository, "other.log")
    tree = tree_of(repository)
    assert tree.files == (".gitignore", "a.py", "new.py", "tracked.log")
    assert set(tree.blobs) == {".gitignore", "a.py", "tracked.log"}
    assert tree.repository.prefix == ""
    assert len(tree.repository.commit) == 40


def test_a_project_below_the_repository_has_a_prefix_and_only_its_own_files(repository, tree_of):
    write(repository, "a.py")
    write(repository, "svc/one/b.py")
    commit(repository)
    tree = tree_of(repository / "svc" / "one")
    assert tree.files == ("b.py",)
    assert tree.repository.prefix == "svc/one"


def test_an_empty_repository_has_no_files_and_no_commit(repository, tree_of):
    tree = tree_of(repository)
    assert tree.files == ()
    assert tree.repository.commit == ""


def test_without_git_every_file_counts_and_environments_are_named(tmp_path, tree_of):
    write(tmp_path, "a.py")
    write(tmp_path, "env/pyvenv.cfg")
    write(tmp_path, "env/lib/x.py")
    tree = tree_of(tmp_path)
    assert tree.files == ("a.py",)
    assert [one.subject for one in tree.excluded] == ["env"]
    assert tree.repository is None
    assert "not a git repository" in tree.notes[0]


NAMES = ["with space.py", "quo'te.py", 'dou"ble.py', "new\nline.py", "per%cent.py", "ümläut.py", "-rf.py", "a\tb.py"]


def test_any_name_comes_through(repository, tree_of):
    for name in NAMES:
        write(repository, name)
    undecodable = os.fsdecode(b"caf\xe9.py")
    write(repository, undecodable)
    commit(repository)
    assert set(tree_of(repository).files) == {*NAMES, undecodable}


def test_links_submodules_and_strange_files_are_told(repository, tree_of):
    write(repository, "a.py")
    (repository / "inside").symlink_to("a.py")
    (repository / "outside").symlink_to("/etc/hostname")
    (repository / "loop").symlink_to("loop")
    (repository / "dangling").symlink_to("nowhere")
    commit(repository)
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    tree = tree_of(repository)
    assert tree.files == ("a.py",)
    told = {one.subject: one.by for one in tree.excluded}
    assert set(told) == {"inside", "outside", "loop", "dangling"}
    assert "out of the tree" in told["outside"]
    assert [gap.subject for gap in tree.gaps] == ["sub"]
    assert "submodule" in tree.gaps[0].reason


def test_a_fifo_is_a_gap_and_is_not_opened(tmp_path, tree_of):
    os.mkfifo(tmp_path / "pipe.py")
    assert [gap.subject for gap in tree_of(tmp_path).gaps] == ["pipe.py"]


def test_large_and_utf16_files_are_gaps_and_binaries_are_known(repository, tree_of):
    write(repository, "big.py", b"#" * (21 * 1024 * 1024))
    write(repository, "wide.txt", "password = 1".encode("utf-16"))
    write(repository, "wide-without-mark.bin", "password = 'x'".encode("utf-16-le"))
    write(repository, "nul.py", b"x = 1\0\n")
    write(repository, "logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    commit(repository)
    tree = tree_of(repository)
    assert [gap.subject for gap in tree.gaps] == ["big.py", "nul.py", "wide-without-mark.bin", "wide.txt"]
    assert tree.files == ("logo.png",)
    assert tree.binary == {"logo.png"}


def test_excluded_files_are_listed_with_whose_word_it_was(repository, tree_of):
    write(repository, "docs/conf.py")
    write(repository, "a.py")
    commit(repository)
    tree = tree_of(repository, exclude=["docs/**"])
    assert tree.files == ("a.py",)
    assert [(one.subject, one.by) for one in tree.excluded] == [("docs/conf.py", ".py-secure-ci.yml")]


def test_a_file_deleted_in_the_work_tree_is_not_due(repository, tree_of):
    write(repository, "a.py")
    write(repository, "b.py")
    commit(repository)
    (repository / "b.py").unlink()
    tree = tree_of(repository)
    assert tree.files == ("a.py",)
    assert tree.gaps == ()
    assert tree.notes == ("git tracks what is not in the work tree, so nobody looked at it: b.py",)


def test_a_file_that_git_takes_for_unchanged_is_told_when_it_is_gone(repository, tree_of):
    write(repository, "a.py")
    write(repository, "b.py")
    commit(repository)
    git(repository, "update-index", "--assume-unchanged", "b.py")
    (repository / "b.py").unlink()
    assert "b.py" in tree_of(repository).notes[0]


def test_without_an_index_what_was_committed_is_due_ignored_or_not(repository, tree_of):
    write(repository, "a.py")
    write(repository, "ignored.py")
    commit(repository)
    write(repository, ".gitignore", b"ignored.py\nother.py\n")
    write(repository, "other.py")
    (repository / ".git" / "index").unlink()
    tree = tree_of(repository)
    assert tree.files == (".gitignore", "a.py", "ignored.py")
    assert tree.notes == ()


def test_our_own_report_is_not_due_but_a_tracked_file_in_its_folder_is(repository, tree_of):
    write(repository, "out/report.json")
    write(repository, "out/evil.py")
    git(repository, "add", "out/evil.py")
    git(repository, "commit", "-qm", "c")
    assert tree_of(repository, output=repository / "out").files == ("out/evil.py",)


def test_a_work_tree_that_leads_elsewhere_is_refused(repository, tree_of, tmp_path):
    write(repository, "a.py")
    commit(repository)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    git(repository, "config", "core.worktree", str(elsewhere))
    with pytest.raises(SourceError):
        tree_of(repository)


def test_a_broken_repository_is_an_error_and_not_an_empty_tree(repository, tree_of):
    write(repository, "a.py")
    commit(repository)
    (repository / ".git" / "HEAD").unlink()
    with pytest.raises(SourceError):
        tree_of(repository)


def test_a_broken_index_is_an_error(repository, tree_of):
    write(repository, "a.py")
    commit(repository)
    (repository / ".git" / "index").write_bytes(b"garbage")
    with pytest.raises(SourceError):
        tree_of(repository)


def test_nothing_that_the_repository_configures_is_run(repository, tree_of, tmp_path):
    marker = tmp_path / "marker"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    script.chmod(0o755)
    write(repository, "a.py")
    write(repository, ".gitattributes", b"* filter=evil diff=evil\n")
    commit(repository)
    for key in (
        "core.fsmonitor",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.command",
    ):
        git(repository, "config", key, str(script))
    git(repository, "config", "diff.evil.textconv", str(script))
    git(repository, "config", "core.pager", str(script))
    for hook in ("post-checkout", "post-index-change", "pre-commit"):
        path = repository / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(script.read_text())
        path.chmod(0o755)
    (repository / "a.py").write_text("x = 2\n")
    marker.unlink(missing_ok=True)
    tree = tree_of(repository)
    assert tree.files == (".gitattributes", "a.py")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("path", "glob", "fits"),
    [
        ("docs/a/b.py", "docs/**", True),
        ("docs/a.md", "docs", True),
        ("a/docs/x", "docs", True),
        ("x/build/y", "build/", True),
        ("s/a.md", "*.md", True),
        ("src/a.md", "src/*.md", True),
        ("src/x/a.md", "src/*.md", False),
        ("src/x/a.md", "src/**/*.md", True),
        ("src/a.md", "src/**/*.md", True),
        ("q/vendor/a", "**/vendor/**", True),
        ("docsx/a", "docs/**", False),
        ("tests/test_a.py", "tests/test_[ab].py", True),
        ("new\nline.py", "*.py", True),
    ],
)
def test_globs(path, glob, fits):
    assert matches(path, [glob]) is fits


def test_utf16_is_told_from_binary():
    assert looks_like_utf16("hello world".encode("utf-16-le"))
    assert looks_like_utf16("hello world".encode("utf-32-be"))
    assert not looks_like_utf16(bytes(range(256)) * 4)
    assert not looks_like_utf16(b"\xde\x12\x04\x95" + b"".join(n.to_bytes(4, "little") for n in range(28, 600, 8)))


def test_what_a_sparse_checkout_left_out_is_a_gap_and_what_is_excluded_is_not(repository, tree_of):
    for name in ("here.py", "gone.py", "folder/a.py", "folder/b.py", "half/a.py", "half/b.py", "docs/c.py"):
        write(repository, name)
    commit(repository)
    git(repository, "sparse-checkout", "set", "--no-cone", "/here.py", "/half/a.py")
    tree = tree_of(repository, exclude=["docs/**"])
    assert tree.files == ("half/a.py", "here.py")
    assert [gap.subject for gap in tree.gaps] == ["folder", "gone.py", "half/b.py"]
    assert all("sparse" in gap.reason for gap in tree.gaps)


def test_an_index_made_by_hand_leads_nowhere_else(repository, tree_of, tmp_path):
    write(tmp_path, "outside/secret.py", b"KEY = 1\n")
    write(repository, "a/secret.py")
    write(repository, "b.py")
    commit(repository)
    (repository / "a" / "secret.py").unlink()
    (repository / "a").rmdir()
    (repository / "a").symlink_to(tmp_path / "outside")
    index = repository / ".git" / "index"
    raw = index.read_bytes()[:-20].replace(b"b.py\0", b"../x\0")  # as long, and the sum over it made anew
    index.write_bytes(raw + hashlib.sha1(raw).digest())  # noqa: S324 - as git does
    write(tmp_path, "x")
    tree = tree_of(repository)
    assert "a/secret.py" not in tree.files
    assert not any(".." in path for path in tree.files)
    assert {"a/secret.py", "../x"} <= {gap.subject for gap in tree.gaps}
