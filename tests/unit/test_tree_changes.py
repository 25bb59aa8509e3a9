"""Where the tree cannot be made read-only, a tool that changed it makes the run INCOMPLETE."""

from py_secure_ci.commands.checking import with_changes
from py_secure_ci.model import Stage
from py_secure_ci.report import Context, Report
from py_secure_ci.running.tree_guard import changed_since, tree_state


def report_after(change, tmp_path, stages):
    (tmp_path / "a.py").write_text("x = 1\n")
    before = tree_state(tmp_path, ("a.py",))
    change(tmp_path)
    return with_changes(
        Report(version="0", context=Context(project="p"), outcomes=()), changed_since(before, tmp_path), stages
    )


def test_a_change_is_a_gap_that_names_the_file(tmp_path):
    report = report_after(lambda root: (root / "a.py").write_text("x = 2\n"), tmp_path, (Stage.LINT,))
    assert [(gap.subject, gap.reason) for gap in report.gaps] == [("tree", "changed while the tools ran: a.py")]


def test_a_new_file_is_noticed_by_its_folder(tmp_path):
    report = report_after(lambda root: (root / "new.py").write_text(""), tmp_path, (Stage.SAST,))
    assert report.gaps[0].reason == "changed while the tools ran: ."


def test_tests_may_write_where_they_like_but_it_is_told(tmp_path):
    report = report_after(lambda root: (root / "a.py").unlink(), tmp_path, (Stage.TEST,))
    assert report.gaps == ()
    assert "a.py" in report.notes[0]


def test_no_change_says_nothing(tmp_path):
    report = report_after(lambda root: (root / "a.py").read_text(), tmp_path, (Stage.LINT,))
    assert (report.gaps, report.notes) == ((), ())
