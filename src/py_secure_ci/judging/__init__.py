"""From a report to a verdict: fingerprints, duplicates, suppressions, baseline, thresholds; pure."""
