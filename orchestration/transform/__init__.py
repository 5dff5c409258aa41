"""How dbt is called, what a build was made from, what dbt is told of its sources, and the history of accounts."""
