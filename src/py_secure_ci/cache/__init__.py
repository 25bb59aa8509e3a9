"""What earlier runs found out, kept by content: asked before a tool is run, never trusted further than its key."""
