"""What the load event waited for."""
