"""What tools export, read as raw tables of the contract: one folder per tool, and what they all share."""
