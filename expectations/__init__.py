"""What must be true of the numbers before anybody sees them."""
