"""One file per tool: its command lines and its words, pure."""
