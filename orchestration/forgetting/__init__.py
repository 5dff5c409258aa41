"""Forgetting a person: who was forgotten, what of ours loses them, and a search that proves it."""
