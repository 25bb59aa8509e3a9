"""Public lists of weaknesses, techniques and controls, and what of them a run exercised."""
