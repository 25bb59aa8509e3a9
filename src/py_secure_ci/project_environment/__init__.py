"""The environment that a project's tests run in and its types are looked up in: found, or made from its lock."""
