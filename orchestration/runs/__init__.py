"""Runs of the job: Dagster's instance under NPS_HOME, the history of its runs, and what a build writes of itself."""
