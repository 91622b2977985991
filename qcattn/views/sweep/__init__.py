"""A sweep, as tables and pictures."""
