"""Scenarios made into studies: checked against a lab's plan, run trial by trial, told."""
