"""Figures beside each other: with the textbook, with other visits."""
