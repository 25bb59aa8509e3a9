"""One secure CI gate for Python repositories."""
