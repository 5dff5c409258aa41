"""The raw tables: where their files lie, whether each is whole, what was read of it before, and their landing."""
