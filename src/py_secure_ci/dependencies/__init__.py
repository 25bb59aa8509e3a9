"""One file per declaration kind: text in, pins out, pure."""
