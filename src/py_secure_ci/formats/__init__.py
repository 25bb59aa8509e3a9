"""One file per format: report and verdict in, text out, pure."""
