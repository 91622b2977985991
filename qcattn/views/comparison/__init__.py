"""Counts from anywhere against probabilities, and the shots that takes, as words and tables."""
