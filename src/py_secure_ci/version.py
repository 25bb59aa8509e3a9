"""The version, without importing anything: `--version` should cost no more than Python itself."""

VERSION = "0.1.0"
