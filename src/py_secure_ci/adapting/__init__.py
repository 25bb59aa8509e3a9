"""What adapters share with one another's families: pure helpers, no tool's own words."""
