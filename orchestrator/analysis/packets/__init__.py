"""Frames, header by header."""
