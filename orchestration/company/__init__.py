"""A company of one's own: a folder outside this repository, what it may hold, and the dbt project that it makes."""
