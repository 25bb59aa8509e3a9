"""Which modules the project imports, and what that says of a distribution."""

from __future__ import annotations

from py_secure_ci.dependencies.imports import imports_of, reach_of, read_imports

FILES = {
    "app/a.py": "import os, yaml as y\nfrom PIL import Image\n\ndef f():\n    import jwt\n",
    "app/b.py": 'from google.cloud import storage\nx = importlib.import_module("redis.client")\n# import flask\n',
    "README.md": "import django\n",
}


def test_imports_of_a_file() -> None:
    assert list(imports_of(FILES["app/a.py"])) == [("os", 1), ("yaml", 1), ("PIL", 2), ("PIL.Image", 2), ("jwt", 5)]


def test_reach() -> None:
    reach = reach_of(read_imports(tuple(FILES), FILES.__getitem__))
    assert reach("pyyaml") == ("imported", ("app/a.py:1",))
    assert reach("pillow") == ("imported", ("app/a.py:2",))
    assert reach("pyjwt") == ("imported", ("app/a.py:5",))
    assert reach("google-cloud-storage") == ("imported", ("app/b.py:1",))
    assert reach("redis") == ("imported", ("app/b.py:2",))
    assert reach("django") == ("not-imported", ())
    assert reach("flask") == ("not-imported", ())
    assert reach("some-unheard-of-name") == ("unknown", ())
    assert reach_of(None)("pyyaml") == ("unknown", ())
