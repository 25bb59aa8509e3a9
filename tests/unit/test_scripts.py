"""Python programs that do not say so by their names are due all the same, or it is told that nobody looked."""

import json
import shutil

import pytest

from py_secure_ci.checking.planning import Plan, plan
from py_secure_ci.config.settings import Config, StageSettings
from py_secure_ci.model import Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.running.environment import child_environment
from py_secure_ci.running.request import Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.source.git import Git
from py_secure_ci.source.scripts import is_script, is_template
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import read_tree, without
from py_secure_ci.tools import bandit, dlint


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("deploy", b"#!/usr/bin/env python3\n"),
        ("deploy", b"#!/usr/bin/python\r\n"),
        ("deploy", b"#! /opt/x/bin/python3.12 -u\n"),
        ("cgi-bin/a.cgi", b"#!/usr/local/bin/pypy3\n"),
        ("deploy", b"#!/usr/bin/env -S A=b python3 -I\n"),
        ("deploy", b"#!/usr/bin/env -S uv run --script\n"),
        ("deploy", b"#!/bin/sh\n'''exec' /x/python3 \"$0\" \"$@\"\n' '''\n"),
        ("deploy.sh", b"#!/usr/bin/env python3\n"),
        ("a.wsgi", b"import app\n"),
        ("SConstruct", b"Program('x')\n"),
    ],
)
def test_a_program_is_known_by_what_starts_it(path, head):
    assert is_script(path, head)


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("a.py", b"#!/usr/bin/env python3\n"),
        ("n.ipynb", b"{}"),
        ("run", b"#!/bin/sh\npython3 x.py\n"),
        ("run", b"#!/opt/python3/bin/node\n"),
        ("run", b"#!/usr/bin/env uv\n"),
        ("run", b"#!"),
        ("notes", b"python3\n"),
        ("x.py.j2", b"#!/usr/bin/env python3\n{{ x }}\n"),
    ],
)
def test_what_is_no_program_of_python_is_left_alone(path, head):
    assert not is_script(path, head)


def test_a_template_is_told_apart():
    assert is_template("x.py.j2", b"#!/usr/bin/env python3\n")
    assert not is_template("x.j2", b"#!/bin/sh\n")


@pytest.fixture
def tree(tmp_path, tmp_path_factory):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "deploy").write_text("#!/usr/bin/env python3\nx = 1\n")
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": []}))
    (tmp_path / "x.in").write_text("#!/usr/bin/env python3\n@x@\n")
    scratch = tmp_path_factory.mktemp("scratch")
    with Runner() as runner:
        git = Git(tmp_path, runner.run, child_environment({}, home=scratch, tmp=scratch, network=False))
        return read_tree(tmp_path, git, (), "", None)


def planned(tool, tree):
    config = Config(stages={Stage.SAST: StageSettings(tools=(tool.name,))})
    (one,) = plan(config, {tool.name: tool}, (Stage.SAST,), tree, Sources(tree.root, tree.files), Dependencies())
    assert isinstance(one, Plan)
    return one.tally.due, {each.subject: each.by for each in one.tally.excluded}


def test_it_is_due_for_a_scanner_that_takes_it(tree):
    due, excluded = planned(bandit.TOOL, tree)
    assert due == ("a.py", "bin/deploy")
    assert excluded == {"n.ipynb": "a notebook, which bandit does not read"}


def test_it_is_told_by_name_of_a_scanner_that_does_not(tree):
    due, excluded = planned(dlint.TOOL, tree)
    assert due == ("a.py",)
    assert set(excluded) == {"bin/deploy", "n.ipynb"}


def test_a_template_is_told(tree):
    assert any("x.in" in note for note in tree.notes)


def test_one_of_another_project_is_not_due_here(tree):
    assert without(tree, ("bin",)).scripts == frozenset()


def test_no_bit_of_the_index_takes_a_file_out_of_sight(tree, tmp_path, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    with Runner() as runner:
        environment = child_environment({}, home=scratch, tmp=scratch, network=False)
        git = Git(tmp_path, runner.run, environment)

        def ask(*words):
            argv = (shutil.which("git"), *words)
            ended = runner.run(Request(argv=argv, cwd=tmp_path, env=environment, timeout=20))
            assert ended.status == 0, ended.stderr

        ask("init", "-q")
        (tmp_path / ".gitattributes").write_text("* export-ignore -text -diff linguist-vendored\n")
        ask("add", "-A")
        ask("update-index", "--skip-worktree", "a.py")
        ask("update-index", "--assume-unchanged", "bin/deploy")
        assert set(read_tree(tmp_path, git, (), "", None).files) >= {"a.py", "bin/deploy"}
