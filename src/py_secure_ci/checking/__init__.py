"""From plans to outcomes: plan, run side by side, read, account for scope."""
