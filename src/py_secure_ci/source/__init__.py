"""The project's own files: what git knows of them, their texts, lines and changes."""
