"""Advisory data: the snapshot, matching, and the loopback server that pip-audit asks."""
