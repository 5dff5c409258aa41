"""What keeps the private out of what is published: where each column comes from, and what its values look like."""
