"""Kinds of inputs, a module each."""
