"""The sample company, drawn from one seed (generate_company.py writes it; docs/sample-company.md says what is planted).

Inside, time is an integer (days or seconds since 1970-01-01, UTC), a category is a code into one of the vocabularies,
an entity is its row number, and -1 means "none". They become text and timestamps once, when a table is made. Arrays are
one-dimensional unless a docstring gives a shape.
"""
