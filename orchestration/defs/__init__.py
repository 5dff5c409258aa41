"""The assets, checks, job and schedule of the code location."""
