from py_secure_ci.adapting.module_names import import_roots, module_names, runs


def test_names_below_the_nearest_root() -> None:
    files = ("src/pkg/__init__.py", "src/pkg/mod.py", "tools/x.py", "one.py", "members/a/src/a/m.py", "p-stubs/q.pyi")
    assert import_roots(files) == ("members/a/src", "src")
    assert module_names(files) == {
        "src/pkg/__init__.py": "pkg",
        "src/pkg/mod.py": "pkg.mod",
        "tools/x.py": "tools.x",
        "one.py": "one",
        "members/a/src/a/m.py": "a.m",
        "p-stubs/q.pyi": "p.q",
    }


def test_a_folder_that_is_no_identifier_ends_the_name() -> None:
    assert module_names(["my-tools/sub/run-it.py"]) == {"my-tools/sub/run-it.py": "sub.run-it"}


def test_a_package_whose_name_is_no_identifier_is_refused() -> None:
    names = module_names(["my-pkg/__init__.py", "my-pkg/deep/x.py", "y.py"])
    assert names == {"my-pkg/__init__.py": "", "my-pkg/deep/x.py": "", "y.py": "y"}


def test_same_names_go_into_different_runs() -> None:
    assert runs(["a/conftest.py", "b/conftest.py"]) == (("a/conftest.py", "b/conftest.py"),)
    assert runs(["h-a/x.py", "h-b/x.py", "y.py"]) == (("h-a/x.py", "y.py"), ("h-b/x.py",))
    assert runs(["x.py", "x.pyi"]) == (("x.py",), ("x.pyi",))
    assert runs(["a.py", "a/__init__.py"]) == (("a.py",), ("a/__init__.py",))


def test_import_roots_with_a_common_name_stay_whole() -> None:
    files = ["m1/src/utils.py", "m1/src/a.py", "m2/src/utils.py", "m2/src/b.py"]
    assert runs(files) == (("m1/src/a.py", "m1/src/utils.py"), ("m2/src/b.py", "m2/src/utils.py"))


def test_nothing_is_lost_or_doubled() -> None:
    files = [f"{folder}/{name}.py" for folder in ("src", "a-b", "c-d", "e") for name in ("x", "y", "__init__")]
    assert sorted(file for run in runs(files) for file in run) == sorted(files)
    for run in runs(files):
        names = [name for name in module_names(run).values() if name]
        assert len(names) == len(set(names))
